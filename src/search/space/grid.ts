/**
 * NNI's grid (nni/algorithms/hpo/gridsearch_tuner.py): rounds of ever finer grids. The first round takes the middle of each
 * continuous dimension and all options of the others; each further round halves the intervals, measured in probability, and
 * visits only points that no earlier round has visited. A space of finitely many values ends.
 */

import { normalQuantile } from './normalQuantile.ts';
import { isActive, type NumericSpec, numericValue, type ParameterSpec, type Point } from './parameterSpec.ts';

interface Dimension {
  spec: ParameterSpec;
  /** How many values it has by now. */
  count: number;
  /** Probabilities of a continuous dimension, in the order they were added; empty for options, which are their own indices. */
  shares: number[];
  /** How many of them the rounds before had. */
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

  /** The next point, or undefined when there is none any more. */
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

  /** To the next vector of this round; false at its end. Dimensions of branches not chosen stay where they are. */
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
    // Rounds that only narrow intervals are passed over: walking all known points again would find nothing.
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

/** Adds the middles of a dimension's intervals, where they give new values, and goes on with what can still be divided. */
function halve(dimension: Dimension): void {
  const { spec, shares } = dimension;
  if (spec.kind === 'categorical') return;
  const intervals: Dimension['intervals'] = [];
  for (const [low, high] of dimension.intervals) {
    const middle = (low + high) / 2;
    // As fine as numbers are. Beyond that a value at an end, or at infinity, would be looked for for ever.
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

/** The coordinate below which a share `p` of the distribution lies. */
function coordinate({ distribution }: NumericSpec, p: number): number {
  if (distribution.type === 'normal') return normalQuantile(p) * distribution.sigma + distribution.mu;
  return p * (distribution.high - distribution.low) + distribution.low;
}

/** Whether the ends of an interval of probability still give different values. */
function differ(spec: NumericSpec, low: number, high: number): boolean {
  return numericValue(spec, coordinate(spec, low)) < numericValue(spec, coordinate(spec, high));
}
