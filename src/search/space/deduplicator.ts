/** Replaces a set that was tried before by the next untried set of a grid (nni/common/hpo_utils/dedup.py). */
import type { Parameters } from '../../model/trial/trial.ts';
import { Grid } from './grid.ts';
import { asGiven, canonicalText, type ParameterSpec, type Point, toParameters } from './parameterSpec.ts';

export class Deduplicator {
  readonly history: Set<string>;
  #specs: readonly ParameterSpec[];
  #grid: Grid | undefined;

  /** @param history texts of the sets that were tried; this object adds to it */
  constructor(specs: readonly ParameterSpec[], history = new Set<string>()) {
    this.#specs = specs;
    this.history = history;
  }

  add(parameters: Parameters): void {
    this.history.add(canonicalText(asGiven(this.#specs, parameters)));
  }

  /** Returns the point when its parameters are new, else a point whose are; undefined when every set was tried. */
  replace(point: Point): Point | undefined {
    if (this.#isNew(point)) return point;
    this.#grid ??= new Grid(this.#specs);
    for (let next = this.#grid.next(); next; next = this.#grid.next()) if (this.#isNew(next)) return next;
    return undefined;
  }

  #isNew(point: Point): boolean {
    const text = canonicalText(toParameters(this.#specs, point));
    if (this.history.has(text)) return false;
    this.history.add(text);
    return true;
  }
}
