/** The ends of files that a server gives out: by our `tail`, by `Range`, or cut off here. */
import { maxListBytes, maxTextBytes } from '../wire/limits.ts';
import { RejectedError } from './errors.ts';
import type { Http, StreamedAnswer } from './http.ts';

export interface FileText {
  text: string;
  /** The file is longer; `text` is its end. */
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
 * @param name of the file, by which NNI says that it is empty
 */
export async function readFileEnd(http: Http, path: string, name: string, options: FileEndOptions): Promise<FileText> {
  const { maxBytes, signal, task } = options;
  const ask = { task, signal, query: { tail: maxBytes }, lastBytes: maxBytes };
  const limits = { maxBytes: maxBytes === undefined ? maxTextBytes : maxListBytes };
  const use = (answer: StreamedAnswer) => fileEndOf(answer, name, maxBytes);
  try {
    return await http.read(path, ask, limits, use);
  } catch (error) {
    if (!(error instanceof RejectedError) || error.status !== 416) throw error;
    // NNI gives no end that is longer than the file, which is then short enough to be read whole.
    return http.read(path, { ...ask, lastBytes: undefined }, limits, use);
  }
}

async function fileEndOf(answer: StreamedAnswer, name: string, maxBytes: number | undefined): Promise<FileText> {
  const { text, cut } = await endOf(answer.chunks, maxBytes ?? Number.POSITIVE_INFINITY);
  // A real NNI knows only `Range`, and that only for its own logs; it says in words that a file is empty.
  if (text === `${name} is empty.`) return { text: '', truncated: false };
  const start = Number(answer.header('x-trialdeck-start') ?? 0);
  const partial = /^bytes (?!0-)/.test(answer.header('content-range') ?? '');
  const truncated = cut || start > 0 || partial;
  // The end may begin with half a character.
  return { text: truncated ? text.replace(/^\uFFFD+/, '') : text, truncated };
}

/** The last bytes as text. */
async function endOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<{ text: string; cut: boolean }> {
  const kept: Uint8Array[] = [];
  let bytes = 0;
  let cut = false;
  for await (const chunk of chunks) {
    kept.push(chunk);
    bytes += chunk.length;
    for (let first = kept[0]; first && bytes - first.length >= maxBytes; first = kept[0]) {
      kept.shift();
      bytes -= first.length;
      cut = true;
    }
  }
  const whole = Buffer.concat(kept);
  const end = whole.subarray(Math.max(0, whole.length - maxBytes));
  return { text: end.toString('utf8'), cut: cut || end.length < whole.length };
}
