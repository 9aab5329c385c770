/** Reads the end of a server's file: by our `tail`, by `Range`, or by cutting off here. */
import { maxListBytes, maxTextBytes } from '../wire/limits.ts';
import { RejectedError } from './errors.ts';
import type { Http, StreamedAnswer } from './http.ts';

export interface FileText {
  text: string;
  /** True when the file is longer and `text` is only its end. */
  truncated: boolean;
}

export interface FileEndOptions {
  task: string;
  maxBytes?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Reads the end of a file with little memory, however much of it the server sends.
 *
 * @param name of the file; NNI's text for an empty file repeats it
 */
export async function readFileEnd(http: Http, path: string, name: string, options: FileEndOptions): Promise<FileText> {
  const { maxBytes, signal, task } = options;
  const ask = { task, signal, query: { tail: maxBytes }, lastBytes: maxBytes };
  const limits = { maxBytes: maxBytes === undefined ? maxTextBytes : maxListBytes };
  const readAnswer = (answer: StreamedAnswer) => toFileText(answer, name, maxBytes);
  try {
    return await http.read(path, ask, limits, readAnswer);
  } catch (error) {
    if (!(error instanceof RejectedError) || error.status !== 416) throw error;
    // NNI refuses a range longer than the file (416). Such a file is short, so read all of it.
    return http.read(path, { ...ask, lastBytes: undefined }, limits, readAnswer);
  }
}

async function toFileText(answer: StreamedAnswer, name: string, maxBytes: number | undefined): Promise<FileText> {
  const { text, cut } = await takeEnd(answer.chunks, maxBytes ?? Number.POSITIVE_INFINITY);
  // NNI answers an empty file with this sentence.
  if (text === `${name} is empty.`) return { text: '', truncated: false };
  const start = Number(answer.header('x-trialdeck-start') ?? 0);
  const partial = /^bytes (?!0-)/.test(answer.header('content-range') ?? '');
  const truncated = cut || start > 0 || partial;
  // A cut within a character leaves U+FFFD at the start.
  return { text: truncated ? text.replace(/^\uFFFD+/, '') : text, truncated };
}

/** Reads all chunks and keeps the last bytes. `cut`: bytes before them were dropped. */
async function takeEnd(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<{ text: string; cut: boolean }> {
  const tail: Uint8Array[] = [];
  let bytes = 0;
  let cut = false;
  for await (const chunk of chunks) {
    tail.push(chunk);
    bytes += chunk.length;
    for (let first = tail[0]; first && bytes - first.length >= maxBytes; first = tail[0]) {
      tail.shift();
      bytes -= first.length;
      cut = true;
    }
  }
  const whole = Buffer.concat(tail);
  const end = whole.subarray(Math.max(0, whole.length - maxBytes));
  return { text: end.toString('utf8'), cut: cut || end.length < whole.length };
}
