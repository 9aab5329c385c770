/** NNI's GridSearch tuner (nni/algorithms/hpo/gridsearch_tuner.py). */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import type { Answer, Checkpoint, ProposedSet, SearchAlgorithm, SearchEvent } from '../algorithm.ts';
import { Grid } from '../space/grid.ts';
import {
  asGiven,
  canonicalText,
  type ParameterSpec,
  type Point,
  parameterSpecs,
  toParameters,
} from '../space/parameterSpec.ts';
import { triedElsewhere } from './random.ts';

export function create(): SearchAlgorithm {
  return new GridSearchTuner();
}

export class GridSearchTuner implements SearchAlgorithm {
  /** Sets that were tried are not proposed again, so it must know them all. */
  readonly needs = { history: true };
  #specs: ParameterSpec[] = [];
  #grid = new Grid([]);
  /** The search space's text. */
  #space = '';
  /** Points taken from the grid so far. */
  #taken = 0;
  /** Texts of the sets that were tried. */
  #history = new Set<string>();
  #from: Place | undefined;

  open(space: SearchSpace, from?: Checkpoint): void {
    this.#from = from && placeIn(from.state);
    this.#setSpace(space);
  }

  ask(count: number, firstId: number): Answer {
    const sets: ProposedSet[] = [];
    while (sets.length < count) {
      const parameters = this.#propose();
      if (!parameters) break;
      sets.push({ id: firstId + sets.length, parameters });
    }
    return { sets, rest: 'never' };
  }

  tell(event: SearchEvent): undefined {
    if (event.kind === 'space') this.#setSpace(event.space);
    else for (const parameters of triedElsewhere(event)) this.#remember(parameters);
  }

  /** The place in the grid, with the grid's space: that may be changed before the next checkpoint is stored. */
  checkpoint(): unknown {
    return { taken: this.#taken, space: this.#space } satisfies Place;
  }

  #setSpace(space: SearchSpace): void {
    const specs = parameterSpecs(space);
    if (specs.length === 0) throw new Error('The search space is empty.');
    this.#specs = specs;
    this.#grid = new Grid(specs);
    this.#space = JSON.stringify(space);
    this.#taken = 0;
    const { taken = 0, space: its } = this.#from ?? {};
    if (its !== undefined && its !== this.#space) return;
    while (this.#taken < taken && this.#next()) {
      // The grid is the same each time, so this walks over the points that were taken before.
    }
  }

  #propose(): Parameters | undefined {
    for (let point = this.#next(); point; point = this.#next()) {
      const parameters = toParameters(this.#specs, point);
      const text = canonicalText(parameters);
      if (this.#history.has(text)) continue;
      this.#history.add(text);
      return parameters;
    }
    return undefined;
  }

  #remember(parameters: Parameters): void {
    this.#history.add(canonicalText(asGiven(this.#specs, parameters)));
  }

  #next(): Point | undefined {
    const point = this.#grid.next();
    if (point) this.#taken++;
    return point;
  }
}

interface Place {
  taken: number;
  /** Absent where an early version stored it. */
  space?: string;
}

function placeIn(state: unknown): Place | undefined {
  if (typeof state !== 'object' || state === null || !('taken' in state)) return undefined;
  const { taken } = state;
  if (typeof taken !== 'number') return undefined;
  return 'space' in state && typeof state.space === 'string' ? { taken, space: state.space } : { taken };
}
