/** Reads a text of many lines, one line at a time. */
import { setImmediate as turn } from 'node:timers/promises';
import { maxLineBytes } from './limits.ts';
import { tooLarge } from './readBody.ts';

const newline = 0x0a;

/**
 * Yields each line without its end, and lets the event loop turn after each.
 *
 * @throws BodyError when a line is too long, and what `chunks` throws
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      yield Buffer.concat([...pending, chunk.subarray(from, end)]).toString('utf8');
      await turn();
      pending = [];
      pendingBytes = 0;
      from = end + 1;
    }
    pendingBytes += chunk.length - from;
    if (pendingBytes > maxLineBytes) throw tooLarge(maxLineBytes);
    if (from < chunk.length) pending.push(chunk.subarray(from));
  }
  if (pending.length > 0) yield Buffer.concat(pending).toString('utf8');
}
