/** Reads event streams of a server, with the errors of this client. */

import { readEvents as readEventBody, type StreamEvent } from '../../wire/eventStream.ts';
import { BodyError } from '../../wire/readBody.ts';
import { bodyFailure, type Http } from '../http.ts';

export interface EventStreamOptions<Name extends string> {
  task: string;
  /** Events of other names are skipped. */
  names: readonly Name[];
  query?: Record<string, string | number | undefined>;
  signal: AbortSignal;
  silenceTimeoutMs?: number | undefined;
  /** Called when the server begins to answer. */
  onOpen?(): void;
}

/**
 * Yields events until the server ends the stream; see `wire/eventStream.ts`. Leaving the loop closes the connection.
 *
 * @throws a ClientError when the stream breaks, falls silent or is not an event stream; the signal's reason when it aborts
 */
export async function* readEvents<Name extends string>(
  http: Http,
  path: string,
  options: EventStreamOptions<Name>,
): AsyncGenerator<StreamEvent<Name>, void, undefined> {
  const { signal, task, names, silenceTimeoutMs } = options;
  const leave = new AbortController();
  const body = await http.stream(path, {
    task,
    signal: AbortSignal.any([signal, leave.signal]),
    ...(options.query ? { query: options.query } : {}),
  });
  options.onOpen?.();
  try {
    yield* readEventBody(body, { names, silenceTimeoutMs, abort: () => leave.abort() });
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BodyError ? bodyFailure(error, { task, server: http.server }) : error;
  } finally {
    leave.abort();
    body.destroy();
  }
  signal.throwIfAborted();
}
