/** A trial's metrics as growing columns: what plots read, without one object per point. */
import { decodeMetric, type MetricPoint } from '../model/trial/metric.ts';

export class Series {
  readonly sequence: number[] = [];
  /** Epoch milliseconds. */
  readonly timestamp: number[] = [];
  /** The default metric; NaN when the reported value has none. `text` distinguishes a reported NaN from a missing number. */
  readonly value: number[] = [];
  /** The reported values as JSON text. */
  readonly text: string[] = [];

  get length(): number {
    return this.sequence.length;
  }

  append(sequence: number, timestamp: number, text: string): void {
    this.sequence.push(sequence);
    this.timestamp.push(timestamp);
    this.value.push(decodeMetric(text).default ?? Number.NaN);
    this.text.push(text);
  }

  /** The first `count` points. */
  *points(trialId: string, type: MetricPoint['type'], count = this.sequence.length): Generator<MetricPoint> {
    for (let index = 0; index < count; index++) {
      yield {
        trialId,
        type,
        sequence: this.sequence[index] ?? 0,
        timestamp: this.timestamp[index] ?? 0,
        data: this.text[index] ?? '',
      };
    }
  }
}
