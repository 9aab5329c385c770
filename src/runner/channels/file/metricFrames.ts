/**
 * Decodes the records that trials append to `.nni/metrics`. Both generations of the SDK write the same
 * (`nni/runtime/trial_command_channel/local_legacy.py`): `ME`, the payload's length in six digits, the payload. That is one
 * JSON object and a newline; the length counts bytes and includes the newline.
 *
 * Several processes of a trial may append at once, one may die while it writes, and a script may write any text there. A
 * record therefore counts only when its payload parses; otherwise the search goes on one byte later.
 */
import { parseJson } from '../../../model/json/parseJson.ts';

import type { TrialMetric } from '../channel.ts';

/** The SDK itself stops at 999,999. */
const maxPayloadBytes = 64 * 1024 * 1024;

const M = 0x4d;
const E = 0x45;
const zero = 0x30;
const nine = 0x39;
const brace = 0x7b;
const newline = 0x0a;
const digitsOfSdk = 6;
/** `%06d` grows beyond six digits. Nine digits are more than {@link maxPayloadBytes}. */
const maxDigits = 9;

export interface DecodedFrames {
  metrics: TrialMetric[];
  /** One reason, in a few words for a person, for each stretch of bytes that is not a metric. */
  garbage: string[];
}

type Header = 'incomplete' | 'none' | { payloadStart: number; length: number };

/** Decodes step by step. The metrics don't depend on how the bytes are cut into chunks. */
export class MetricFrameDecoder {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** How far an incomplete payload was searched for a header, which would show that it is broken. */
  #searched = 0;
  /** Text of the bytes skipped since the last frame, which are reported together. */
  #skipped = '';
  #skippedBytes = 0;
  #reason = '';
  #offset: number;

  /** @param offset position in the file of the first byte that will be pushed */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  /** Position in the file up to which all bytes are decoded. A later decoder must start there. */
  get offset(): number {
    return this.#offset;
  }

  /** Position in the file after the last pushed byte. */
  get received(): number {
    return this.#offset + this.#end - this.#start;
  }

  push(chunk: Uint8Array): DecodedFrames {
    this.#append(chunk);
    return this.#decode(false);
  }

  /** Decodes the rest: no byte follows. An unfinished frame is broken, but may contain whole ones. */
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
        this.#skipToNextHeader('text that is not a metric');
        continue;
      }
      if (header === 'incomplete') {
        if (!last) break;
        this.#skipToNextHeader('an incomplete metric');
        continue;
      }
      const { payloadStart, length } = header;
      if (length > maxPayloadBytes) {
        this.#skipToNextHeader(`a metric of ${length} bytes, more than ${maxPayloadBytes}`);
        continue;
      }
      if (this.#end - payloadStart < length) {
        if (last || this.#isBrokenOff(payloadStart)) {
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
    // Text is reported as soon as it is read. Its continuation is reported again.
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
      if (position - at - 2 >= maxDigits) return 'none';
      length = length * 10 + byte - zero;
    }
    const digits = position - at - 2;
    if (position >= this.#end) return 'incomplete';
    if (digits < digitsOfSdk || bytes[position] !== brace) return 'none';
    return { payloadStart: position, length };
  }

  /**
   * Whether a line of the unfinished payload begins with a header. No JSON text has such a line, so the frame was never
   * finished. Without this check, one wrong length would hide all later metrics until the trial's end.
   */
  #isBrokenOff(payloadStart: number): boolean {
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

/** @returns the metric; null for a request for parameters; a reason where the record is not usable */
function decodePayload(payload: Buffer): TrialMetric | null | string {
  let record: unknown;
  try {
    record = parseJson(payload.toString('utf8'));
  } catch {
    return 'a metric that is not JSON';
  }
  if (record === null || typeof record !== 'object' || Array.isArray(record)) return 'a metric that is not an object';
  const { type, value, sequence, parameter_id: parameterId } = record as Record<string, unknown>;
  if (type === 'REQUEST_PARAMETER') return null;
  if (type !== 'PERIODICAL' && type !== 'FINAL') return `a metric of unknown type ${JSON.stringify(type ?? null)}`;
  if (value === undefined) return 'a metric without a value';
  return {
    parameterId: typeof parameterId === 'string' || typeof parameterId === 'number' ? String(parameterId) : null,
    type,
    sequence: typeof sequence === 'number' && Number.isSafeInteger(sequence) ? sequence : 0,
    // The SDK writes the value as JSON text. A script that writes frames itself may give the bare value.
    value: typeof value === 'string' ? value : valueText(value),
  };
}

function valueText(value: unknown): string {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.stringify(value);
}
