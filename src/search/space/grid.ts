/**
 * NNI's grid (nni/algorithms/hpo/gridsearch_tuner.py): rounds of ever finer grids. The first round takes the middle of each
 * continuous dimension and all options of the others; each further round halves the intervals, measured in probability, and
 * visits only new points. The grid of a finite space ends.
 */

import { normalQuantile } from './normalQuantile.ts';
import { isActive, type NumericSpec, numericValue, type ParameterSpec, type Point } from './parameterSpec.ts';

interface Dimension {
  spec: ParameterSpec;
  /** Number of values so far. */
  count: number;
  /** Probabilities of a continuous dimension, in the order they were added. Empty for options: they are their own indices. */
  shares: number[];
  /** Number of values that earlier rounds had. */
  known: number;
  /** Intervals of probability that may still be halved. */
  intervals: [number, number][];
}

export class Grid {
  #dimensions: Dimension[];
  #vector: number[] | undefined;
  #over: boolean;

  constructor(specs: readonly ParameterSpec[]) {
    this.#dimensions = specs.map((spec) => {
      if (spec.kind === 'categorical') return { spec, count: spec.size, shares: [], known: 0, intervals: [] };
      const halves: [number, number][] = [
        [0, 0.5],
        [0.5, 1],
      ];
      const intervals = halves.filter(([low, high]) => differ(spec, low, high));
      return { spec, count: 1, shares: [0.5], known: 0, intervals };
    });
    this.#over = specs.length === 0;
  }

  /** Returns the next point; undefined at the end of the grid. */
  next(): Point | undefined {
    while (!this.#over) {
      if (!this.#advance()) {
        this.#refine();
        continue;
      }
      const vector = this.#vector ?? [];
      const old = this.#dimensions.every(({ known }, index) => (vector[index] ?? 0) < known);
      if (!old) return this.#point(vector);
    }
    return undefined;
  }

  /** Moves to the next vector of this round; returns false at its end. Dimensions of branches that are not chosen stay. */
  #advance(): boolean {
    const vector = this.#vector;
    if (!vector) {
      this.#vector = this.#dimensions.map(() => 0);
      return true;
    }
    const point = this.#point(vector);
    for (let index = this.#dimensions.length - 1; index >= 0; index--) {
      const dimension = this.#dimensions[index];
      if (!dimension || !point.has(dimension.spec.key)) continue;
      const next = (vector[index] ?? 0) + 1;
      if (next < dimension.count) {
        vector[index] = next;
        return true;
      }
      vector[index] = 0;
    }
    this.#vector = undefined;
    return false;
  }

  #refine(): void {
    for (const dimension of this.#dimensions) dimension.known = dimension.count;
    // Skip rounds that only narrow intervals: they have no new points.
    while (this.#dimensions.every(({ count, known }) => count === known)) {
      const open = this.#dimensions.filter(({ intervals }) => intervals.length > 0);
      if (open.length === 0) {
        this.#over = true;
        return;
      }
      for (const dimension of open) halve(dimension);
    }
  }

  #point(vector: readonly number[]): Point {
    const point: Point = new Map();
    for (const [index, { spec, shares }] of this.#dimensions.entries()) {
      if (!isActive(spec, point)) continue;
      const at = vector[index] ?? 0;
      point.set(spec.key, spec.kind === 'categorical' ? at : coordinate(spec, shares[at] ?? 0.5));
    }
    return point;
  }
}

/** Adds the middles of a dimension's intervals that give new values, and keeps the intervals that can still be divided. */
function halve(dimension: Dimension): void {
  const { spec, shares } = dimension;
  if (spec.kind === 'categorical') return;
  const intervals: Dimension['intervals'] = [];
  for (const [low, high] of dimension.intervals) {
    const middle = (low + high) / 2;
    // The interval is as fine as floating point. Going on would search for a value at an end, or at infinity, for ever.
    if (middle <= low || middle >= high) continue;
    const left = differ(spec, low, middle);
    const right = differ(spec, middle, high);
    // The ends 0 and 1 are never in the grid (they are infinite for normal ones), so a middle may equal them.
    if ((left || low === 0) && (right || high === 1)) shares.push(middle);
    if (left) intervals.push([low, middle]);
    if (right) intervals.push([middle, high]);
  }
  dimension.intervals = intervals;
  dimension.count = shares.length;
}

/** Returns the coordinate below which a share `p` of the distribution lies. */
function coordinate({ distribution }: NumericSpec, p: number): number {
  if (distribution.type === 'normal') return normalQuantile(p) * distribution.sigma + distribution.mu;
  return p * (distribution.high - distribution.low) + distribution.low;
}

/** Tells whether the ends of an interval of probability give different values. */
function differ(spec: NumericSpec, low: number, high: number): boolean {
  return numericValue(spec, coordinate(spec, low)) < numericValue(spec, coordinate(spec, high));
}
