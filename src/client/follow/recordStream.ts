/** Long lists of records, taken in as they arrive: tens of megabytes must not hold up the process that reads them. */
import { setImmediate as turn } from 'node:timers/promises';
import { BadAnswerError, TimeoutError, UnreachableError } from '../errors.ts';
import type { Http } from '../http.ts';

/** Milliseconds of work after which others get a turn. */
const budget = 8;
/** Bytes that are parsed between two looks at the clock. */
const slice = 16 * 1024;
/** Milliseconds without a byte after which an answer is given up. */
const longestSilence = 20_000;

export interface RecordStreamOptions {
  task: string;
  signal: AbortSignal;
  /** Milliseconds. */
  silence?: number;
}

/**
 * Reads a JSON list record by record.
 *
 * @throws a ClientError when it breaks off, falls silent or is no list of that kind; the signal's reason when aborted. Records that
 * came before have been given out.
 */
export async function readRecords(
  http: Http,
  path: string,
  options: RecordStreamOptions,
  take: (record: unknown) => void,
): Promise<void> {
  const { signal, task, silence = longestSilence } = options;
  const context = { task, server: http.server };
  const leave = new AbortController();
  // Not loaded before somebody follows a real NNI.
  const { JSONParser } = await import('@streamparser/json');
  const body = await http.stream(path, { task, signal: AbortSignal.any([signal, leave.signal]) });
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    leave.abort();
  }, silence);
  const parser = new JSONParser({ paths: ['$.*'], keepStack: false });
  let records: unknown[] = [];
  parser.onValue = ({ value }) => records.push(value);
  let first: string | undefined;
  try {
    for await (const chunk of body) {
      timer.refresh();
      const bytes = chunk as Uint8Array;
      let sliceBegun = performance.now();
      if (first === undefined) {
        first = Buffer.from(bytes.subarray(0, 200)).toString();
        if (!/^\s*\[/.test(first)) throw new BadAnswerError(context, notAList(first), first);
      }
      for (let at = 0; at < bytes.length; at += slice) {
        try {
          parser.write(bytes.subarray(at, at + slice));
        } catch {
          throw new BadAnswerError(context, 'answered text that is no valid JSON; it may have been cut off.', first);
        }
        // Not inside the parser, which would take what goes wrong there for a fault of the text.
        for (const record of records) take(record);
        records = [];
        if (performance.now() - sliceBegun < budget) continue;
        await turn();
        signal.throwIfAborted();
        sliceBegun = performance.now();
      }
    }
    if (silent) throw new TimeoutError(context, silence / 1000);
    if (first === undefined) throw new BadAnswerError(context, 'answered with nothing.');
    if (!parser.isEnded) throw new BadAnswerError(context, 'broke off in the middle of its answer.');
  } catch (error) {
    signal.throwIfAborted();
    if (silent) throw new TimeoutError(context, silence / 1000);
    if (error instanceof BadAnswerError) throw error;
    if (error instanceof Error && 'code' in error) throw new UnreachableError(context, 'ECONNRESET');
    throw error;
  } finally {
    clearTimeout(timer);
    leave.abort();
    body.destroy();
  }
}

function notAList(text: string): string {
  if (/^\s*</.test(text)) return 'answered with a web page instead of data, so it does not have this.';
  return 'answered with something of another form than agreed on.';
}
