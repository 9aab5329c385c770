/** Follows one experiment over its event stream, and what every server connection needs to follow. */
import type { ExperimentApi } from '../client/api.ts';
import type { ExperimentSnapshot } from '../model/experiment/experiment.ts';
import type { Disposable } from './emitter.ts';
import type { ExperimentListener } from './serverConnection.ts';

export type Client = typeof import('../client/index.ts');

/**
 * Tries at the same address after a failure, before the server counts as gone. Few, because a restarted manager listens at another
 * port, which only its lock file names.
 */
export const maxRetries = 1;

/** @returns a signal that aborts when `dispose` is called, and when `end` does */
export function createFollowSignal(end: AbortSignal): { signal: AbortSignal; dispose(): void } {
  const own = new AbortController();
  return { signal: AbortSignal.any([own.signal, end]), dispose: () => own.abort() };
}

/**
 * Follows an experiment until the result is disposed or `end` aborts. Errors reach `listener.failed`.
 *
 * @param end aborts when the server connection is disposed
 */
export function followEvents(
  client: Client,
  experiment: ExperimentApi,
  listener: ExperimentListener,
  end: AbortSignal,
): Disposable {
  const { signal, dispose } = createFollowSignal(end);
  let isRead = false;
  const follower = {
    onSnapshot: (snapshot: ExperimentSnapshot) => {
      isRead = true;
      listener.snapshot(snapshot);
    },
    onChange: listener.change.bind(listener),
    onState: (state: { state: string; reason?: string }) => {
      // After the first snapshot, the stream of the list reports a lost server.
      if (state.state === 'lost' && !isRead && !signal.aborted) listener.failed(new Error(state.reason));
    },
  };
  client.followExperiment(experiment, follower, signal).catch((error: unknown) => {
    if (!signal.aborted) listener.failed(toError(error));
  });
  return { dispose };
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
