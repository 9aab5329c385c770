/**
 * Tree-structured Parzen Estimator: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011,
 * section 4, with the choices of NNI 3.0 (nni/algorithms/hpo/tpe_tuner.py) and its arguments and defaults.
 *
 * Past results are split into few good and many other ones. Each dimension is drawn from a density of the good ones, and of
 * several candidates the one is taken that is most likely among the good and least among the others.
 */
import type { OptimizeMode } from '../../model/experiment/experiment.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import { Deduplicator } from '../space/deduplicator.ts';
import { logDensity, type Mixture, normalMixture, sampleMixture } from '../space/mixture.ts';
import {
  type CategoricalSpec,
  isActive,
  type NumericSpec,
  type ParameterSpec,
  type Point,
  parameterSpecs,
  toParameters,
  toPoint,
} from '../space/parameterSpec.ts';
import { freshSeed, type GeneratorState, RandomGenerator } from '../space/randomGenerator.ts';
import type { FinishedTrial, Tuner } from '../tuner.ts';
import { drawCoordinate } from './random.ts';

export interface TpeArguments {
  /** What a running trial is taken to give, so that concurrent ones spread out; null counts them out. */
  constant_liar_type: 'best' | 'worst' | 'mean' | null;
  /** Results of a dimension before it is modelled. */
  n_startup_jobs: number;
  n_ei_candidates: number;
  /** Results older than this many lose weight. */
  linear_forgetting: number;
  /** Weight of the space itself, as if it were one more result. */
  prior_weight: number;
  /** The good ones are ceil(gamma · sqrt(n)), at most `linear_forgetting`. */
  gamma: number;
}

const tpeDefaults: Readonly<TpeArguments> = {
  constant_liar_type: 'best',
  n_startup_jobs: 20,
  n_ei_candidates: 24,
  linear_forgetting: 25,
  prior_weight: 1,
  gamma: 0.25,
};

interface Result {
  point: Point;
  /** Lower is better. */
  loss: number;
}

export class TpeTuner implements Tuner {
  #arguments: TpeArguments;
  #sign: 1 | -1;
  #generator: RandomGenerator;
  #specs: ParameterSpec[] = [];
  #deduplicator = new Deduplicator([]);
  /** In order of arrival, which the weights depend on. */
  #results: { parameters: Parameters; result: Result | undefined; loss: number }[] = [];
  #running = new Map<number, Point>();
  #runningParameters = new Map<number, Parameters>();

  constructor(options: { optimizeMode: OptimizeMode; seed?: number; arguments?: Partial<TpeArguments> }) {
    this.#sign = options.optimizeMode === 'maximize' ? -1 : 1;
    this.#generator = new RandomGenerator(options.seed ?? freshSeed());
    this.#arguments = { ...tpeDefaults, ...options.arguments };
  }

  /** What is known so far is carried over as far as it fits the new space. */
  updateSearchSpace(space: SearchSpace): void {
    this.#specs = parameterSpecs(space);
    this.#deduplicator = new Deduplicator(this.#specs, this.#deduplicator.history);
    for (const entry of this.#results) entry.result = this.#asResult(entry.parameters, entry.loss);
    this.#running.clear();
    for (const [id, parameters] of this.#runningParameters) this.#run(id, parameters);
  }

  generateParameters(parameterId: number): Parameters | undefined {
    const results = this.#results.flatMap(({ result }) => (result ? [result] : []));
    const lie = this.#lie(results);
    if (lie !== undefined) for (const point of this.#running.values()) results.push({ point, loss: lie });
    const suggested: Point = new Map();
    for (const spec of this.#specs)
      if (isActive(spec, suggested)) suggested.set(spec.key, this.#suggest(spec, results));
    const point = this.#deduplicator.replace(suggested);
    if (!point) return undefined;
    const parameters = toParameters(this.#specs, point);
    this.#run(parameterId, parameters);
    return parameters;
  }

  /** @throws Error when the value is not finite: a comparison with it has no meaning. */
  receiveTrialResult(parameterId: number, parameters: Parameters, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`TPE can't learn from the result ${value}.`);
    const loss = this.#sign * value;
    this.#results.push({ parameters, result: this.#asResult(parameters, loss), loss });
    this.#forget(parameterId);
  }

  trialEnd(parameterId: number): void {
    this.#forget(parameterId);
  }

  importData(trials: readonly FinishedTrial[]): void {
    for (const { parameters, value } of trials) {
      if (!Number.isFinite(value)) throw new Error(`TPE can't learn from the result ${value}.`);
      const loss = this.#sign * value;
      this.#results.push({ parameters, result: this.#asResult(parameters, loss), loss });
      this.#deduplicator.add(parameters);
    }
  }

  recover(pending: ReadonlyMap<number, Parameters>, fruitless: readonly Parameters[]): void {
    for (const parameters of fruitless) this.#deduplicator.add(parameters);
    for (const [id, parameters] of pending) {
      this.#deduplicator.add(parameters);
      this.#run(id, parameters);
    }
  }

  saveState(): unknown {
    return { generator: this.#generator.state };
  }

  loadState(state: unknown): void {
    this.#generator.state = (state as { generator: GeneratorState }).generator;
  }

  dispose(): void {}

  /** The point is taken from what the trial got, so that a resumed search, which knows no more, goes on in the same way. */
  #run(parameterId: number, parameters: Parameters): void {
    this.#runningParameters.set(parameterId, parameters);
    const point = toPoint(this.#specs, parameters);
    if (point) this.#running.set(parameterId, point);
  }

  #forget(parameterId: number): void {
    this.#running.delete(parameterId);
    this.#runningParameters.delete(parameterId);
  }

  #asResult(parameters: Parameters, loss: number): Result | undefined {
    const point = toPoint(this.#specs, parameters);
    return point && { point, loss };
  }

  /** Undefined when running trials are not counted. NNI's value before the first result is 0: it makes no difference then. */
  #lie(results: readonly Result[]): number | undefined {
    const type = this.#arguments.constant_liar_type;
    if (type === null || this.#running.size === 0) return undefined;
    if (results.length === 0) return 0;
    const losses = results.map(({ loss }) => loss);
    if (type === 'mean') return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return losses.reduce((a, b) => (type === 'best' ? Math.min(a, b) : Math.max(a, b)));
  }

  #suggest(spec: ParameterSpec, results: readonly Result[]): number {
    const own = results.flatMap(({ point, loss }) => {
      const x = point.get(spec.key);
      return x === undefined ? [] : [{ x, loss }];
    });
    if (own.length < this.#arguments.n_startup_jobs) return drawCoordinate(this.#generator, spec);
    const { gamma, linear_forgetting } = this.#arguments;
    const count = Math.min(Math.ceil(gamma * Math.sqrt(own.length)), linear_forgetting);
    const sorted = own.sort((a, b) => a.loss - b.loss).map(({ x }) => x);
    const [good, others] = [sorted.slice(0, count), sorted.slice(count)];
    return spec.kind === 'categorical'
      ? this.#suggestCategorical(spec, good, others)
      : this.#suggestNumeric(spec, good, others);
  }

  #suggestCategorical(spec: CategoricalSpec, good: readonly number[], others: readonly number[]): number {
    const likely = this.#shares(good, spec.size);
    const unlikely = this.#shares(others, spec.size);
    return this.#bestOf(
      () => likely.draw(this.#generator),
      (index) => Math.log(likely.of(index)) - Math.log(unlikely.of(index)),
    );
  }

  #suggestNumeric(spec: NumericSpec, good: readonly number[], others: readonly number[]): number {
    const { distribution } = spec;
    // A uniform dimension is modelled as a normal one around its middle, as wide as its range, cut off at its ends.
    const prior =
      distribution.type === 'normal'
        ? { mu: distribution.mu, sigma: distribution.sigma }
        : { mu: (distribution.low + distribution.high) / 2, sigma: distribution.high - distribution.low };
    if (prior.sigma === 0) return prior.mu;
    const range = distribution.type === 'uniform' ? distribution : undefined;
    const mixture = (history: readonly number[]): Mixture =>
      normalMixture({
        centres: history,
        weights: forgettingWeights(history.length, this.#arguments.linear_forgetting),
        prior: { ...prior, weight: this.#arguments.prior_weight },
        ...(range ? { range: { low: range.low, high: range.high } } : {}),
      });
    const likely = mixture(good);
    const unlikely = mixture(others);
    return this.#bestOf(
      () => sampleMixture(this.#generator, likely),
      (x) => logDensity(likely, x) - logDensity(unlikely, x),
    );
  }

  #bestOf(draw: () => number, score: (x: number) => number): number {
    let best = draw();
    let bestScore = score(best);
    for (let i = 1; i < this.#arguments.n_ei_candidates; i++) {
      const x = draw();
      const xScore = score(x);
      if (xScore > bestScore) [best, bestScore] = [x, xScore];
    }
    return best;
  }

  #shares(history: readonly number[], size: number): OptionShares {
    const { prior_weight, linear_forgetting } = this.#arguments;
    return new OptionShares(history, forgettingWeights(history.length, linear_forgetting), size, prior_weight);
  }
}

/** How likely each of many options is: as often as it was seen, and `prior` on top. Only what was seen takes memory. */
class OptionShares {
  #seen = new Map<number, number>();
  #weights: readonly number[];
  #history: readonly number[];
  #size: number;
  #prior: number;
  #total: number;

  constructor(history: readonly number[], weights: readonly number[], size: number, prior: number) {
    this.#history = history;
    this.#weights = weights;
    this.#size = size;
    // Nothing seen and nothing assumed: then all are alike.
    this.#prior = history.length === 0 && prior === 0 ? 1 : prior;
    this.#total = size * this.#prior;
    for (const [index, option] of history.entries()) {
      const weight = weights[index] ?? 0;
      this.#seen.set(option, (this.#seen.get(option) ?? 0) + weight);
      this.#total += weight;
    }
  }

  of(option: number): number {
    return ((this.#seen.get(option) ?? 0) + this.#prior) / this.#total;
  }

  draw(generator: RandomGenerator): number {
    // Either one that was seen, or any.
    const rest = generator.uniform() * this.#total - this.#size * this.#prior;
    if (rest < 0 || this.#history.length === 0) return generator.below(this.#size);
    return this.#history[generator.weighted(this.#weights, this.#total - this.#size * this.#prior)] ?? 0;
  }
}

/** A ramp from 1/n up to 1 for all but the last `flat` of `n`, which weigh 1. */
export function forgettingWeights(n: number, flat: number): number[] {
  const ramp = Math.max(0, n - flat);
  return Array.from({ length: n }, (_, index) => {
    if (n < flat || index >= ramp) return 1;
    return ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * index) / (ramp - 1);
  });
}
