/** The ends of files that a server gives out: by our `tail`, by `Range`, or cut off here. */
import { RejectedError } from './errors.ts';
import type { Http } from './http.ts';

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

/** @param name of the file, by which NNI says that it is empty */
export async function readFileEnd(http: Http, path: string, name: string, options: FileEndOptions): Promise<FileText> {
  const { maxBytes, signal, task } = options;
  const ask = { task, signal, query: { tail: maxBytes }, lastBytes: maxBytes };
  const answer = await http.text('GET', path, ask).catch((error: unknown) => {
    if (!(error instanceof RejectedError) || error.status !== 416) throw error;
    // NNI gives no end that is longer than the file, which is then short enough to be read whole.
    return http.text('GET', path, { ...ask, lastBytes: undefined });
  });
  // A real NNI knows only `Range`, and that only for its own logs; it says in words that a file is empty.
  if (answer.text === `${name} is empty.`) return { text: '', truncated: false };
  const start = Number(answer.header('x-trialdeck-start') ?? 0);
  const partial = /^bytes (?!0-)/.test(answer.header('content-range') ?? '');
  if (start > 0 || partial) return { text: answer.text.replace(/^\uFFFD+/, ''), truncated: true };
  if (maxBytes === undefined || answer.text.length <= maxBytes) return { text: answer.text, truncated: false };
  return { text: answer.text.slice(-maxBytes), truncated: true };
}
