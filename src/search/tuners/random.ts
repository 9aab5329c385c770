/** NNI's Random tuner (nni/algorithms/hpo/random_tuner.py): independent draws, repeated ones replaced. */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import type { AlgorithmOptions, Answer, Checkpoint, ProposedSet, SearchAlgorithm, SearchEvent } from '../algorithm.ts';
import { Deduplicator } from '../space/deduplicator.ts';
import { isActive, type ParameterSpec, type Point, parameterSpecs, toParameters } from '../space/parameterSpec.ts';
import { freshSeed, generatorStateIn, RandomGenerator, seedIn } from '../space/randomGenerator.ts';

export function create({ classArgs }: AlgorithmOptions): SearchAlgorithm {
  return new RandomTuner(seedIn(classArgs));
}

export class RandomTuner implements SearchAlgorithm {
  /** Sets that were tried are not proposed again, so it must know them all. */
  readonly needs = { history: true };
  #generator: RandomGenerator;
  #specs: ParameterSpec[] = [];
  #deduplicator = new Deduplicator([]);

  constructor(seed = freshSeed()) {
    this.#generator = new RandomGenerator(seed);
  }

  open(space: SearchSpace, from?: Checkpoint): void {
    this.#setSpace(space);
    const state = generatorStateIn(from?.state);
    if (state) this.#generator.state = state;
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
    else for (const parameters of triedElsewhere(event)) this.#deduplicator.add(parameters);
  }

  checkpoint(): unknown {
    return { generator: this.#generator.state };
  }

  #setSpace(space: SearchSpace): void {
    this.#specs = parameterSpecs(space);
    this.#deduplicator = new Deduplicator(this.#specs, this.#deduplicator.history);
  }

  #propose(): Parameters | undefined {
    const point = this.#deduplicator.replace(drawPoint(this.#generator, this.#specs));
    return point && toParameters(this.#specs, point);
  }
}

/** Returns parameters that were tried, as an event tells: not those that the tuner proposed in this life. */
export function triedElsewhere(event: SearchEvent): Parameters[] {
  if (event.kind === 'proposed') return [event.parameters];
  if (event.kind === 'imported') return event.results.map(({ parameters }) => parameters);
  return event.kind === 'ended' && event.set === null && event.final ? [event.parameters] : [];
}

/** Draws a point from the distributions of the space. */
function drawPoint(generator: RandomGenerator, specs: readonly ParameterSpec[]): Point {
  const point: Point = new Map();
  for (const spec of specs) if (isActive(spec, point)) point.set(spec.key, drawCoordinate(generator, spec));
  return point;
}

export function drawCoordinate(generator: RandomGenerator, spec: ParameterSpec): number {
  if (spec.kind === 'categorical') return generator.below(spec.size);
  const { distribution } = spec;
  if (distribution.type === 'normal') return generator.normal(distribution.mu, distribution.sigma);
  return distribution.low + generator.uniform() * (distribution.high - distribution.low);
}
