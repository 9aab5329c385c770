/** Server-sent events as an async iterator: at the reader's pace, bounded in size, silence and time. */
import type { Readable } from 'node:stream';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { JsonLimitError, parseJson } from '../model/json/parseJson.ts';
import { eventSilenceTimeoutMs, eventTimeoutMs, maxEventBytes } from './limits.ts';
import { BodyError, readBody, tooLarge } from './readBody.ts';

export interface StreamEvent<Name extends string> {
  name: Name;
  /** The parsed JSON of the event. */
  data: unknown;
  /** The event's text, for a log. */
  text: string;
}

export interface EventStreamOptions<Name extends string> {
  /** The names of the events to yield; others are skipped. */
  names: readonly Name[];
  /** Default {@link eventSilenceTimeoutMs}. */
  silenceTimeoutMs?: number | undefined;
  /** Ends the request. */
  abort(): void;
}

/** At each carriage return the parser searches the rest of the text for a line feed, so a text with many of them must be short. */
const maxCarriageReturnChars = 1024;

/**
 * Yields events until the server ends the stream. Nothing is read while the consumer is busy. Leaving the loop closes the connection.
 *
 * @throws BodyError when the stream breaks, falls silent, is not an event stream, or an event is too large or is not JSON
 */
export async function* readEvents<Name extends string>(
  body: Readable,
  options: EventStreamOptions<Name>,
): AsyncGenerator<StreamEvent<Name>, void, undefined> {
  const { names, silenceTimeoutMs = eventSilenceTimeoutMs, abort } = options;
  let received: EventSourceMessage[] = [];
  let problem: BodyError | undefined;
  /** When the last event or comment came, and the bytes since the last known event. */
  let heard = performance.now();
  let bytesSinceEvent = 0;
  const parser = createParser({
    onEvent: (event) => received.push(event),
    onComment: () => {
      heard = performance.now();
    },
    onError: (error) => {
      // Unknown fields and comments are allowed; lines that are not fields are an error.
      if (error.type === 'unknown-field' && /^\s*[<{[]/.test(error.line ?? '')) problem ??= notEvents(error.line);
      if (error.type === 'max-buffer-size-exceeded') problem ??= tooLarge(maxEventBytes);
    },
    maxBufferSize: maxEventBytes,
  });
  const decoder = new TextDecoder();
  for await (const chunk of readBody(body, { maxBytes: Number.POSITIVE_INFINITY, silenceTimeoutMs, abort })) {
    const text = decoder.decode(chunk, { stream: true });
    bytesSinceEvent += chunk.length;
    // Our servers send none.
    const step = text.includes('\r') ? maxCarriageReturnChars : text.length;
    for (let at = 0; at < text.length; at += step) {
      parser.feed(text.slice(at, at + step));
      if (problem) throw problem;
    }
    const events = received;
    received = [];
    if (events.length > 0) heard = performance.now();
    for (const { event, data } of events) {
      const name = names.find((known) => known === event);
      if (name === undefined) continue;
      bytesSinceEvent = 0;
      yield { name, data: parseData(data), text: data };
      // The consumer's time does not count against the server.
      heard = performance.now();
    }
    if (bytesSinceEvent > maxEventBytes) throw tooLarge(maxEventBytes);
    if (performance.now() - heard > eventTimeoutMs) {
      const seconds = eventTimeoutMs / 1000;
      throw new BodyError('slow', `did not finish an event within ${seconds} s.`, { seconds });
    }
  }
}

function notEvents(line: string | undefined): BodyError {
  return new BodyError('garbled', 'sent something that is no event stream.', { excerpt: line ?? '' });
}

function parseData(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const why = error instanceof JsonLimitError ? ` ${error.message}` : '';
    throw new BodyError('garbled', `sent an event that makes no sense.${why}`, { excerpt: text });
  }
}
