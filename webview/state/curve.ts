/** The intermediate results of one trial as growing columns, decoded on demand. */
import { decodeMetric, type Metric } from '../../src/model/trial/metric.ts';
import { entryOf } from './results.ts';

export type XY = [x: number, y: number];

/** The finite points of one metric key, in order of their step. */
export interface CurvePoints {
  points: readonly XY[];
  /** How many results of this key are NaN or infinite. */
  notFinite: number;
}

interface Track {
  points: XY[];
  notFinite: number;
  /** How many results have been read into `points`. */
  read: number;
}

export class Curve {
  readonly #steps: number[] = [];
  readonly #texts: string[] = [];
  readonly #metrics: Metric[] = [];
  readonly #tracks = new Map<string, Track>();

  get length(): number {
    return this.#steps.length;
  }

  append(step: number, text: string): void {
    this.#steps.push(step);
    this.#texts.push(text);
  }

  step(index: number): number {
    return this.#steps[index] ?? Number.NaN;
  }

  /** The decoded result at `index`. */
  metric(index: number): Metric {
    let metric = this.#metrics[index];
    if (!metric) {
      metric = decodeMetric(this.#texts[index] ?? '');
      this.#metrics[index] = metric;
    }
    return metric;
  }

  /**
   * Each call reads only new results and returns a new object exactly when there are some, so that callers
   * compare objects to decide whether to draw.
   */
  points(key: string): CurvePoints {
    let track = this.#tracks.get(key);
    if (track && track.read === this.#steps.length) return track;
    const points = track?.points ?? [];
    let notFinite = track?.notFinite ?? 0;
    let ordered = true;
    for (let index = track?.read ?? 0; index < this.#steps.length; index++) {
      const value = entryOf(this.metric(index), key);
      if (value === undefined) continue;
      if (!Number.isFinite(value)) {
        notFinite++;
        continue;
      }
      const step = this.step(index);
      if (step < (points.at(-1)?.[0] ?? -Infinity)) ordered = false;
      points.push([step, value]);
    }
    if (!ordered) points.sort((a, b) => a[0] - b[0]);
    track = { points, notFinite, read: this.#steps.length };
    this.#tracks.set(key, track);
    return track;
  }
}
