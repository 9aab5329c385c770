/** Reads long JSON lists record by record as they arrive: tens of megabytes must not hold up the process. */
import { setImmediate as turn } from 'node:timers/promises';
import { JsonLimitError, maxJsonDepth, parseJson } from '../model/json/parseJson.ts';
import { maxListRecords, maxRecordBytes, sliceBudgetMs } from './limits.ts';
import { BodyError, tooLarge } from './readBody.ts';

/** Bytes scanned between two looks at the clock. */
const sliceBytes = 16 * 1024;
/** Records that are taken between two looks at the clock. */
const sliceRecords = 16;

/**
 * Reads a JSON list record by record, and lets the event loop turn every few milliseconds.
 *
 * @param take gets each record in order, also the records before a fault
 * @throws BodyError when it breaks off, is not a list, or a record is too large or nested too deep; the signal's reason when aborted
 */
export async function readRecords(
  chunks: AsyncIterable<Uint8Array>,
  take: (record: unknown) => void,
  options: { signal?: AbortSignal | undefined; maxRecords?: number | undefined } = {},
): Promise<void> {
  const { signal, maxRecords = maxListRecords } = options;
  const splitter = new RecordSplitter();
  let count = 0;
  let begun = performance.now();
  const yieldWhenDue = async (): Promise<void> => {
    if (performance.now() - begun < sliceBudgetMs) return;
    await turn();
    signal?.throwIfAborted();
    begun = performance.now();
  };
  for await (const chunk of chunks) {
    begun = performance.now();
    for (let at = 0; at < chunk.length; at += sliceBytes) {
      for (const text of splitter.push(chunk.subarray(at, at + sliceBytes))) {
        if (++count > maxRecords) throw tooMany(maxRecords);
        take(parseRecord(text, splitter.excerpt));
        if (count % sliceRecords === 0) await yieldWhenDue();
      }
      await yieldWhenDue();
    }
  }
  splitter.end();
}

/** Cuts the text of a JSON list into the texts of its records, without looking at what they mean. */
export class RecordSplitter {
  /** 0 outside of the list, 1 between its records. */
  #depth = 0;
  #ended = false;
  #inString = false;
  #escaped = false;
  /** The bytes of the current record so far. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #count = 0;
  #excerpt = '';

  /** The beginning of the text. */
  get excerpt(): string {
    return this.#excerpt;
  }

  /** Gives the records that end in these bytes. @throws BodyError */
  push(bytes: Uint8Array): string[] {
    if (this.#excerpt.length < 200) this.#excerpt += Buffer.from(bytes.subarray(0, 200)).toString('utf8');
    const records: string[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === 0x5c) this.#escaped = true;
        else if (byte === 0x22) this.#inString = false;
        continue;
      }
      if (this.#depth === 0) {
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
        if (this.#ended || byte !== 0x5b) throw this.#notAList();
        this.#depth = 1;
        from = at + 1;
        continue;
      }
      switch (byte) {
        case 0x22: // "
          this.#inString = true;
          break;
        case 0x5b: // [
        case 0x7b: // {
          // The list itself is a level too.
          if (++this.#depth > maxJsonDepth + 1) throw this.#tooDeep();
          break;
        case 0x5d: // ]
        case 0x7d: // }
          if (--this.#depth > 0) break;
          this.#ended = true;
          this.#finish(bytes.subarray(from, at), records, true);
          break;
        case 0x2c: // ,
          if (this.#depth > 1) break;
          this.#finish(bytes.subarray(from, at), records, false);
          from = at + 1;
          break;
      }
    }
    if (this.#depth > 0 && from < bytes.length) this.#keep(bytes.subarray(from));
    return records;
  }

  /** Ends the text. @throws BodyError when the list has not ended */
  end(): void {
    if (this.#ended) return;
    if (this.#excerpt === '') throw new BodyError('garbled', 'answered with nothing.');
    throw new BodyError('garbled', 'broke off in the middle of its answer.', { excerpt: this.#excerpt });
  }

  #keep(bytes: Uint8Array): void {
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > maxRecordBytes) throw tooLarge(maxRecordBytes);
    // The caller may reuse its buffer.
    this.#pending.push(Uint8Array.from(bytes));
  }

  #finish(bytes: Uint8Array, records: string[], last: boolean): void {
    if (this.#pendingBytes + bytes.length > maxRecordBytes) throw tooLarge(maxRecordBytes);
    const whole = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([...this.#pending, bytes]);
    this.#pending = [];
    this.#pendingBytes = 0;
    const text = whole.toString('utf8');
    // An empty list has nothing between its brackets.
    if (last && this.#count === 0 && text.trim() === '') return;
    this.#count++;
    records.push(text);
  }

  #notAList(): BodyError {
    const explanation = /^\s*</.test(this.#excerpt)
      ? 'answered with a web page instead of data, so it does not have this.'
      : 'answered with something of another form than agreed on.';
    return new BodyError('garbled', explanation, { excerpt: this.#excerpt });
  }

  #tooDeep(): BodyError {
    return new BodyError('garbled', `sent a record that is nested deeper than ${maxJsonDepth} levels.`, {
      excerpt: this.#excerpt,
    });
  }
}

function tooMany(maxRecords: number): BodyError {
  return new BodyError('large', `sent more than ${maxRecords} records. It is broken, or another program.`);
}

function parseRecord(text: string, excerpt: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const explanation =
      error instanceof JsonLimitError
        ? `sent a record that can't be read. ${error.message}`
        : 'answered text that is no valid JSON; it may have been cut off.';
    throw new BodyError('garbled', explanation, { excerpt });
  }
}
