/** What the links have in common: listeners that end with their link, and following one experiment over its event stream. */
import type { ExperimentApi } from '../client/api.ts';
import type { Disposable } from './emitter.ts';
import type { ExperimentListener } from './link.ts';

export type Client = typeof import('../client/index.ts');

/**
 * Quick tries at the same address before a server counts as gone: a new manager listens elsewhere, and only its lock file knows where.
 */
export const retries = 1;

/** A signal for one listener, which also ends with the link. */
export function listening(end: AbortSignal): { signal: AbortSignal; dispose(): void } {
  const own = new AbortController();
  return { signal: AbortSignal.any([own.signal, end]), dispose: () => own.abort() };
}

export function followEvents(
  client: Client,
  experiment: ExperimentApi,
  listener: ExperimentListener,
  end: AbortSignal,
): Disposable {
  const { signal, dispose } = listening(end);
  let read = false;
  const follower = {
    onSnapshot: (snapshot: Parameters<ExperimentListener['snapshot']>[0]) => {
      read = true;
      listener.snapshot(snapshot);
    },
    onChange: listener.change.bind(listener),
    onState: (state: { state: string; reason?: string }) => {
      // Once it was read, the list's stream says what there is to say about the connection.
      if (state.state === 'lost' && !read && !signal.aborted) listener.failed(new Error(state.reason));
    },
  };
  client.followExperiment(experiment, follower, signal).catch((error: unknown) => {
    if (!signal.aborted) listener.failed(asError(error));
  });
  return { dispose };
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
