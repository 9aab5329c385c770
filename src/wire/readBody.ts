/** The body of an answer, chunk by chunk, bounded in size, silence and time. Knows no HTTP client. */
import type { Readable } from 'node:stream';

/** `garbled`: what came is not what was asked for. `broken`: the connection ended too early. */
export type BodyFault = 'silent' | 'slow' | 'large' | 'garbled' | 'broken';

/** A body that can't be read to its end. The message ends a sentence about the server: "sent more than 64 MB, …". */
export class BodyError extends Error {
  readonly fault: BodyFault;
  /** The beginning of what came, for a log. */
  readonly excerpt: string;
  /** How long the reader waited, where that is the fault. */
  readonly seconds: number;

  constructor(fault: BodyFault, explanation: string, { excerpt = '', seconds = 0 } = {}) {
    super(explanation);
    this.name = 'BodyError';
    this.fault = fault;
    this.excerpt = excerpt.slice(0, 200);
    this.seconds = seconds;
  }
}

export interface BodyLimits {
  maxBytes: number;
  /** The reader gives the body up after this time without a byte. The consumer's time does not count. */
  silenceTimeoutMs: number;
  /** The reader gives the body up after this time, even while bytes come; never, when undefined. */
  timeoutMs?: number | undefined;
  /** Ends the request. Destroying the body alone would wait for the bytes that do not come. */
  abort(): void;
}

/**
 * Yields the chunks of a body until it ends. Nothing is read while the consumer is busy, so TCP holds back a fast server and memory stays
 * small. Leaving the loop ends the request.
 *
 * @throws BodyError when it breaks, falls silent or exceeds a limit
 */
export async function* readBody(body: Readable, limits: BodyLimits): AsyncGenerator<Uint8Array, void, undefined> {
  let late: BodyError | undefined;
  const giveUp = (fault: BodyFault, timeoutMs: number) => () => {
    const seconds = timeoutMs / 1000;
    late ??= new BodyError(fault, `did not answer within ${seconds} s.`, { seconds });
    limits.abort();
  };
  const { timeoutMs, maxBytes } = limits;
  const watchSilence = () => setTimeout(giveUp('silent', limits.silenceTimeoutMs), limits.silenceTimeoutMs);
  const deadline = timeoutMs === undefined ? undefined : setTimeout(giveUp('slow', timeoutMs), timeoutMs);
  let silence = watchSilence();
  let bytes = 0;
  try {
    for await (const chunk of body) {
      clearTimeout(silence);
      const data: Uint8Array = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
      bytes += data.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      yield data;
      if (late) break;
      silence = watchSilence();
    }
  } catch (error) {
    if (error instanceof BodyError) throw error;
    throw late ?? new BodyError('broken', 'broke off in the middle of its answer.');
  } finally {
    clearTimeout(silence);
    clearTimeout(deadline);
    limits.abort();
    body.destroy();
  }
  if (late) throw late;
}

/** A body as text. @throws as {@link readBody} */
export async function readText(body: Readable, limits: BodyLimits): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBody(body, limits)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** @param maxBytes the limit that was exceeded */
export function tooLarge(maxBytes: number): BodyError {
  const size = maxBytes >= 1024 * 1024 ? `${maxBytes / 1024 / 1024} MB` : `${maxBytes / 1024} kB`;
  return new BodyError('large', `sent more than ${size}, which is too much. It is broken, or another program.`);
}
