/** Server-sent events as an async iterator: at the reader's pace, bounded in size and in silence. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { BadAnswerError, TimeoutError, UnreachableError } from '../errors.ts';
import type { Http } from '../http.ts';

/** Servers send a comment every 15 s; after this much silence, in milliseconds, the connection is dead. */
const longestSilence = 40_000;
/** One event that is longer than this is garbage. */
const longestEvent = 64 * 1024 * 1024;

export interface EventStreamOptions {
  task: string;
  query?: Record<string, string | number | undefined>;
  signal: AbortSignal;
  /** Milliseconds. */
  silence?: number;
  /** The server has begun to answer. */
  onOpen?(): void;
}

/**
 * Yields events until the server ends the stream. Nothing is read while the consumer is busy, so a slow one is held back by TCP and not
 * by memory. Leaving the loop closes the connection.
 *
 * @throws a ClientError when the stream breaks, falls silent or is none; the signal's reason when aborted
 */
export async function* readEvents(
  http: Http,
  path: string,
  options: EventStreamOptions,
): AsyncGenerator<EventSourceMessage> {
  const { signal, task } = options;
  const context = { task, server: http.server };
  const silence = options.silence ?? longestSilence;
  const leave = new AbortController();
  const body = await http.stream(path, {
    task,
    signal: AbortSignal.any([signal, leave.signal]),
    ...(options.query ? { query: options.query } : {}),
  });
  options.onOpen?.();
  let silent = false;
  const watch = () =>
    setTimeout(() => {
      silent = true;
      // Not by destroying the body: that would wait for the very bytes that do not come.
      leave.abort();
    }, silence);
  let timer = watch();
  let received: EventSourceMessage[] = [];
  let problem: string | undefined;
  const parser = createParser({
    onEvent: (event) => received.push(event),
    onError: (error) => {
      // Fields and comments we do not know are allowed; lines that are no fields are not.
      if (error.type === 'unknown-field' && /^\s*[<{[]/.test(error.line ?? '')) problem = error.line;
      if (error.type === 'max-buffer-size-exceeded') problem = 'an event without an end';
    },
    maxBufferSize: longestEvent,
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      timer.refresh();
      parser.feed(typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true }));
      if (problem !== undefined) throw new BadAnswerError(context, 'sent something that is no event stream.', problem);
      const events = received;
      received = [];
      // The consumer's time is not the server's silence.
      clearTimeout(timer);
      for (const event of events) yield event;
      timer = watch();
    }
    if (silent) throw new TimeoutError(context, silence / 1000);
  } catch (error) {
    signal.throwIfAborted();
    if (silent) throw new TimeoutError(context, silence / 1000);
    if (error instanceof BadAnswerError) throw error;
    if (isStreamError(error)) throw new UnreachableError(context, 'ECONNRESET');
    throw error;
  } finally {
    clearTimeout(timer);
    leave.abort();
    body.destroy();
  }
  signal.throwIfAborted();
}

/** Errors of the socket, as opposed to those the consumer threw into the loop. */
function isStreamError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
