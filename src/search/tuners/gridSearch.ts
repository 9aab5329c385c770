/** NNI's GridSearch tuner (nni/algorithms/hpo/gridsearch_tuner.py). */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import { Grid } from '../space/grid.ts';
import {
  asGiven,
  canonicalText,
  type ParameterSpec,
  type Point,
  parameterSpecs,
  toParameters,
} from '../space/parameterSpec.ts';
import type { FinishedTrial, Tuner } from '../tuner.ts';

export class GridSearchTuner implements Tuner {
  #specs: ParameterSpec[] = [];
  #grid = new Grid([]);
  #space = '';
  /** Points taken from the grid so far. */
  #taken = 0;
  /** What was tried, here or in imported data. */
  #history = new Set<string>();

  updateSearchSpace(space: SearchSpace): void {
    this.#specs = parameterSpecs(space);
    if (this.#specs.length === 0) throw new Error('The search space is empty.');
    this.#grid = new Grid(this.#specs);
    this.#space = JSON.stringify(space);
    this.#taken = 0;
  }

  generateParameters(): Parameters | undefined {
    for (let point = this.#next(); point; point = this.#next()) {
      const parameters = toParameters(this.#specs, point);
      const text = canonicalText(parameters);
      if (this.#history.has(text)) continue;
      this.#history.add(text);
      return parameters;
    }
    return undefined;
  }

  receiveTrialResult(): void {}

  trialEnd(): void {}

  importData(trials: readonly FinishedTrial[]): void {
    for (const { parameters } of trials) this.#remember(parameters);
  }

  recover(pending: ReadonlyMap<number, Parameters>, fruitless: readonly Parameters[]): void {
    for (const parameters of [...pending.values(), ...fruitless]) this.#remember(parameters);
  }

  /** The place in the grid, and which grid: the space may be changed before a next state is stored. */
  saveState(): unknown {
    return { taken: this.#taken, space: this.#space };
  }

  loadState(state: unknown): void {
    const { taken, space } = state as { taken: number; space?: string };
    // Without the text it is of a version that did not store it.
    if (space !== undefined && space !== this.#space) return;
    while (this.#taken < taken && this.#next()) {
      // Walked over again: the grid is the same each time.
    }
  }

  dispose(): void {}

  #remember(parameters: Parameters): void {
    this.#history.add(canonicalText(asGiven(this.#specs, parameters)));
  }

  #next(): Point | undefined {
    const point = this.#grid.next();
    if (point) this.#taken++;
    return point;
  }
}
