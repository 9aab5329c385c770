/**
 * NNI's grid (nni/algorithms/hpo/gridsearch_tuner.py): rounds of ever finer grids. The first round takes the middle of each
 * continuous dimension and all options of the others; each further round halves the intervals, measured in probability, and
 * visits only points that no earlier round has visited. A space of finitely many values ends.
 */

import { normalQuantile } from './normalQuantile.ts';
import { isActive, type NumericSpec, numericValue, type ParameterSpec, type Point } from './parameterSpec.ts';

interface Dimension {
  spec: ParameterSpec;
  /** Option indices, or probabilities of a continuous dimension, in the order they were added. */
  values: number[];
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
      if (spec.kind === 'categorical') {
        return { spec, values: Array.from({ length: spec.size }, (_, index) => index), known: 0, intervals: [] };
      }
      const halves: [number, number][] = [
        [0, 0.5],
        [0.5, 1],
      ];
      return { spec, values: [0.5], known: 0, intervals: halves.filter(([low, high]) => differ(spec, low, high)) };
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
      if (next < dimension.values.length) {
        vector[index] = next;
        return true;
      }
      vector[index] = 0;
    }
    this.#vector = undefined;
    return false;
  }

  #refine(): void {
    let refined = false;
    for (const dimension of this.#dimensions) {
      const { spec } = dimension;
      dimension.known = dimension.values.length;
      if (spec.kind === 'categorical') continue;
      const intervals: [number, number][] = [];
      for (const [low, high] of dimension.intervals) {
        const middle = (low + high) / 2;
        const left = differ(spec, low, middle);
        const right = differ(spec, middle, high);
        // The ends 0 and 1 are never in the grid (they are infinite for normal ones), so a middle may equal them.
        if ((left || low === 0) && (right || high === 1)) {
          dimension.values.push(middle);
          refined = true;
        }
        if (left) {
          intervals.push([low, middle]);
          if (low === 0) refined = true;
        }
        if (right) {
          intervals.push([middle, high]);
          if (high === 1) refined = true;
        }
      }
      dimension.intervals = intervals;
    }
    if (!refined) this.#over = true;
  }

  #point(vector: readonly number[]): Point {
    const point: Point = new Map();
    for (const [index, { spec, values }] of this.#dimensions.entries()) {
      if (!isActive(spec, point)) continue;
      const value = values[vector[index] ?? 0] ?? 0;
      point.set(spec.key, spec.kind === 'categorical' ? value : coordinate(spec, value));
    }
    return point;
  }
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
