/** NNI's Random tuner (nni/algorithms/hpo/random_tuner.py): independent draws, repeated ones replaced. */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import { Deduplicator } from '../space/deduplicator.ts';
import { isActive, type ParameterSpec, type Point, parameterSpecs, toParameters } from '../space/parameterSpec.ts';
import { freshSeed, type GeneratorState, RandomGenerator } from '../space/randomGenerator.ts';
import type { FinishedTrial, Tuner } from '../tuner.ts';

export class RandomTuner implements Tuner {
  #generator: RandomGenerator;
  #specs: ParameterSpec[] = [];
  #deduplicator = new Deduplicator([]);

  constructor(options: { seed?: number } = {}) {
    this.#generator = new RandomGenerator(options.seed ?? freshSeed());
  }

  updateSearchSpace(space: SearchSpace): void {
    this.#specs = parameterSpecs(space);
    this.#deduplicator = new Deduplicator(this.#specs, this.#deduplicator.history);
  }

  generateParameters(): Parameters | undefined {
    const point = this.#deduplicator.replace(drawPoint(this.#generator, this.#specs));
    return point && toParameters(this.#specs, point);
  }

  receiveTrialResult(): void {}

  trialEnd(): void {}

  importData(trials: readonly FinishedTrial[]): void {
    for (const { parameters } of trials) this.#deduplicator.add(parameters);
  }

  recover(pending: ReadonlyMap<number, Parameters>, fruitless: readonly Parameters[]): void {
    for (const parameters of [...pending.values(), ...fruitless]) this.#deduplicator.add(parameters);
  }

  saveState(): unknown {
    return { generator: this.#generator.state };
  }

  loadState(state: unknown): void {
    this.#generator.state = (state as { generator: GeneratorState }).generator;
  }

  dispose(): void {}
}

/** One point drawn from the space itself. */
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
