/**
 * The bytes trials append to `.nni/metrics`, as both generations of the SDK write them
 * (`nni/runtime/trial_command_channel/local_legacy.py`): `ME`, the payload's length in six digits, the payload, which is
 * one JSON object and ends with a newline. The length counts bytes, the newline included.
 *
 * Several processes of a trial may append, one may die in the middle of a write, and a script may write there whatever it
 * likes; so nothing is believed before a payload has parsed, and after anything else the search goes on one byte later.
 */
import { parseJson } from '../../../model/json/parseJson.ts';

import type { TrialMetric } from '../channel.ts';

/** Payloads above this many bytes are refused. The SDK itself stops at 999,999. */
const longestPayload = 64 * 1024 * 1024;

const M = 0x4d;
const E = 0x45;
const zero = 0x30;
const nine = 0x39;
const brace = 0x7b;
const newline = 0x0a;
const digitsOfSdk = 6;
/** `%06d` grows beyond six digits; nine are more than {@link longestPayload}. */
const mostDigits = 9;

export interface DecodedFrames {
  metrics: TrialMetric[];
  /** One reason for each stretch of bytes that is no metric, in a few words for a person. */
  garbage: string[];
}

type Header = 'incomplete' | 'none' | { payloadStart: number; length: number };

/** Decodes incrementally: however the bytes are cut into chunks, the same metrics come out. */
export class MetricFrameDecoder {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** How far an incomplete payload has been searched for a header that gives it away as broken. */
  #searched = 0;
  /** Bytes skipped since the last frame, for one report of them all. */
  #skipped = '';
  #skippedBytes = 0;
  #reason = '';
  #offset: number;

  /** @param offset position in the file of the first byte that will be pushed. */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  /** Position in the file up to which everything has been decoded: where a later decoder has to start. */
  get offset(): number {
    return this.#offset;
  }

  /** Position in the file after the last byte pushed. */
  get received(): number {
    return this.#offset + this.#end - this.#start;
  }

  push(chunk: Uint8Array): DecodedFrames {
    this.#append(chunk);
    return this.#decode(false);
  }

  /** No byte will follow: what is left is broken, but may contain whole frames. */
  finish(): DecodedFrames {
    return this.#decode(true);
  }

  #append(chunk: Uint8Array): void {
    const held = this.#end - this.#start;
    if (this.#end + chunk.length > this.#bytes.length) {
      const needed = held + chunk.length;
      const grown = needed > this.#bytes.length ? Buffer.allocUnsafe(Math.max(needed * 2, 4096)) : this.#bytes;
      this.#bytes.copy(grown, 0, this.#start, this.#end);
      this.#bytes = grown;
      this.#searched = Math.max(0, this.#searched - this.#start);
      this.#start = 0;
      this.#end = held;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #decode(last: boolean): DecodedFrames {
    const found: DecodedFrames = { metrics: [], garbage: [] };
    while (this.#start < this.#end) {
      const header = this.#header(this.#start);
      if (header === 'none') {
        this.#skipToNextHeader('text that is no metric');
        continue;
      }
      if (header === 'incomplete') {
        if (!last) break;
        this.#skipToNextHeader('an incomplete metric');
        continue;
      }
      const { payloadStart, length } = header;
      if (length > longestPayload) {
        this.#skipToNextHeader(`a metric of ${length} bytes, more than ${longestPayload}`);
        continue;
      }
      if (this.#end - payloadStart < length) {
        if (last || this.#brokenOff(payloadStart)) {
          this.#skipToNextHeader(`a metric cut off after ${this.#end - payloadStart} of ${length} bytes`);
          continue;
        }
        break;
      }
      const outcome = decodePayload(this.#bytes.subarray(payloadStart, payloadStart + length));
      if (typeof outcome === 'string') {
        this.#skipToNextHeader(outcome);
        continue;
      }
      this.#report(found);
      if (outcome !== null) found.metrics.push(outcome);
      this.#advance(payloadStart + length);
    }
    // Text is reported as soon as it is read; what follows of it is reported again.
    this.#report(found);
    if (this.#start === this.#end && this.#bytes.length > 1024 * 1024) {
      this.#bytes = Buffer.alloc(0);
      this.#start = 0;
      this.#end = 0;
    }
    return found;
  }

  #header(at: number): Header {
    const bytes = this.#bytes;
    if (bytes[at] !== M) return 'none';
    if (at + 1 >= this.#end) return 'incomplete';
    if (bytes[at + 1] !== E) return 'none';
    let length = 0;
    let position = at + 2;
    for (; position < this.#end; position++) {
      const byte = bytes[position] ?? 0;
      if (byte < zero || byte > nine) break;
      if (position - at - 2 >= mostDigits) return 'none';
      length = length * 10 + byte - zero;
    }
    const digits = position - at - 2;
    if (position >= this.#end) return 'incomplete';
    if (digits < digitsOfSdk || bytes[position] !== brace) return 'none';
    return { payloadStart: position, length };
  }

  /**
   * Whether a header stands at the beginning of a line of the payload that is being waited for. No JSON text has that, so
   * the frame was never finished; without this, one wrong length would hide all that follows until the trial's end.
   */
  #brokenOff(payloadStart: number): boolean {
    let at = Math.max(this.#searched, payloadStart);
    for (;;) {
      const line = this.#bytes.indexOf(newline, at);
      if (line === -1 || line + 1 >= this.#end) {
        this.#searched = line === -1 || line >= this.#end ? this.#end : line;
        return false;
      }
      const header = this.#header(line + 1);
      if (header === 'incomplete') {
        this.#searched = line;
        return false;
      }
      if (header !== 'none') return true;
      at = line + 1;
    }
  }

  #skipToNextHeader(reason: string): void {
    let next = this.#start + 1;
    for (;;) {
      next = this.#bytes.indexOf(M, next);
      if (next === -1 || next >= this.#end) {
        next = this.#end;
        break;
      }
      if (this.#header(next) !== 'none') break;
      next++;
    }
    if (this.#skippedBytes === 0) this.#reason = reason;
    if (this.#skipped.length < 40)
      this.#skipped += this.#bytes.toString('latin1', this.#start, Math.min(next, this.#start + 40));
    this.#skippedBytes += next - this.#start;
    this.#advance(next);
  }

  #advance(to: number): void {
    this.#offset += to - this.#start;
    this.#start = to;
    this.#searched = 0;
  }

  #report(found: DecodedFrames): void {
    if (this.#skippedBytes === 0) return;
    const shown = this.#skipped
      .slice(0, 40)
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim();
    const size = `${this.#skippedBytes} byte${this.#skippedBytes === 1 ? '' : 's'}`;
    found.garbage.push(`${this.#reason} (${size}${shown === '' ? '' : `: ${shown}`})`);
    this.#skipped = '';
    this.#skippedBytes = 0;
  }
}

/** The metric, null for a record that is none (a request for parameters), or why it is not usable. */
function decodePayload(payload: Buffer): TrialMetric | null | string {
  let record: unknown;
  try {
    record = parseJson(payload.toString('utf8'));
  } catch {
    return 'a metric that is not JSON';
  }
  if (record === null || typeof record !== 'object' || Array.isArray(record)) return 'a metric that is no object';
  const { type, value, sequence, parameter_id: parameterId } = record as Record<string, unknown>;
  if (type === 'REQUEST_PARAMETER') return null;
  if (type !== 'PERIODICAL' && type !== 'FINAL') return `a metric of unknown type ${JSON.stringify(type ?? null)}`;
  if (value === undefined) return 'a metric without a value';
  return {
    parameterId: typeof parameterId === 'string' || typeof parameterId === 'number' ? String(parameterId) : null,
    type,
    sequence: typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : 0,
    // The SDK writes the value as JSON text; a script that writes frames itself may give the bare value.
    value: typeof value === 'string' ? value : valueText(value),
  };
}

function valueText(value: unknown): string {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
}
