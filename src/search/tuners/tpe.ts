/**
 * Tree-structured Parzen Estimator: Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011,
 * section 4, with the choices of NNI 3.0 (nni/algorithms/hpo/tpe_tuner.py) and its arguments and defaults.
 *
 * TPE splits past results into few good and many other ones. For each dimension it draws candidates from a density of the good
 * ones, and takes the candidate that is most likely among the good ones and least likely among the others.
 */
import type { OptimizeMode } from '../../model/experiment/experiment.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import type {
  AlgorithmOptions,
  Answer,
  Checkpoint,
  ProposedSet,
  SearchAlgorithm,
  SearchEvent,
  SetId,
} from '../algorithm.ts';
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
import { freshSeed, generatorStateIn, RandomGenerator, seedIn } from '../space/randomGenerator.ts';
import { drawCoordinate, triedElsewhere } from './random.ts';

export function create({ classArgs, optimizeMode }: AlgorithmOptions): SearchAlgorithm {
  return new TpeTuner(optimizeMode, seedIn(classArgs), argumentsIn(classArgs.tpe_args));
}

export interface TpeArguments {
  /** The result that a running trial is assumed to give, so that concurrent trials spread out. null ignores running trials. */
  constant_liar_type: 'best' | 'worst' | 'mean' | null;
  /** Results that a dimension must have before it is modelled. */
  n_startup_jobs: number;
  n_ei_candidates: number;
  /** Number of results with full weight; the others lose weight. */
  linear_forgetting: number;
  /** Weight of the prior, beside the 1 of a result. */
  prior_weight: number;
  /** The number of good results is ceil(gamma · sqrt(n)), at most `linear_forgetting`. */
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

interface Learned {
  parameters: Parameters;
  loss: number;
  /** Undefined when the parameters don't belong to the present space. */
  result: Result | undefined;
}

export class TpeTuner implements SearchAlgorithm {
  readonly needs = { thread: true, history: true };
  #arguments: TpeArguments;
  #sign: 1 | -1;
  #generator: RandomGenerator;
  #specs: ParameterSpec[] = [];
  #deduplicator = new Deduplicator([]);
  /** In order of arrival, which decides between equal losses. */
  #learned: Learned[] = [];
  #running = new Map<SetId, Point>();
  #runningParameters = new Map<SetId, Parameters>();

  constructor(optimizeMode: OptimizeMode, seed = freshSeed(), given: Partial<TpeArguments> = {}) {
    this.#sign = optimizeMode === 'maximize' ? -1 : 1;
    this.#generator = new RandomGenerator(seed);
    this.#arguments = { ...tpeDefaults, ...given };
  }

  open(space: SearchSpace, from?: Checkpoint): void {
    this.#setSpace(space);
    const state = generatorStateIn(from?.state);
    if (state) this.#generator.state = state;
  }

  ask(count: number, firstId: number): Answer {
    const sets: ProposedSet[] = [];
    while (sets.length < count) {
      const id = firstId + sets.length;
      const parameters = this.#propose();
      if (!parameters) break;
      this.#run(id, parameters);
      sets.push({ id, parameters });
    }
    return { sets, rest: 'never' };
  }

  tell(event: SearchEvent): undefined {
    for (const parameters of triedElsewhere(event)) this.#deduplicator.add(parameters);
    switch (event.kind) {
      case 'space':
        this.#setSpace(event.space);
        break;
      case 'proposed':
        this.#run(event.set, event.parameters);
        break;
      case 'imported':
        for (const { parameters, value } of event.results) this.#learn(parameters, value);
        break;
      case 'ended':
        if (event.final) this.#learn(event.parameters, event.final.value);
        this.#forget(event.set);
        break;
      case 'discarded':
        this.#forget(event.set);
    }
  }

  checkpoint(): unknown {
    return { generator: this.#generator.state };
  }

  /** Keeps the results that fit the new space. */
  #setSpace(space: SearchSpace): void {
    this.#specs = parameterSpecs(space);
    this.#deduplicator = new Deduplicator(this.#specs, this.#deduplicator.history);
    for (const entry of this.#learned) entry.result = this.#asResult(entry.parameters, entry.loss);
    this.#running.clear();
    for (const [id, parameters] of this.#runningParameters) this.#run(id, parameters);
  }

  #propose(): Parameters | undefined {
    const results = this.#learned.flatMap(({ result }) => (result ? [result] : []));
    const lie = this.#lie(results);
    if (lie !== undefined) for (const point of this.#running.values()) results.push({ point, loss: lie });
    // Sort once for all dimensions: sorting is stable, so a dimension's own results are in the right order, too.
    results.sort((a, b) => a.loss - b.loss);
    const suggested: Point = new Map();
    for (const spec of this.#specs)
      if (isActive(spec, suggested)) suggested.set(spec.key, this.#suggest(spec, results));
    const point = this.#deduplicator.replace(suggested);
    return point && toParameters(this.#specs, point);
  }

  /** @throws Error when the value is not finite: a comparison with it has no meaning */
  #learn(parameters: Parameters, value: number): void {
    if (!Number.isFinite(value)) throw new Error(`TPE can't learn from the result ${value}.`);
    const loss = this.#sign * value;
    this.#learned.push({ parameters, loss, result: this.#asResult(parameters, loss) });
  }

  /** Takes the point from the trial's parameters: a resumed search knows only these, and must come to the same. */
  #run(id: SetId, parameters: Parameters): void {
    this.#runningParameters.set(id, parameters);
    const point = toPoint(this.#specs, parameters);
    if (point) this.#running.set(id, point);
  }

  #forget(id: SetId | null): void {
    if (id === null) return;
    this.#running.delete(id);
    this.#runningParameters.delete(id);
  }

  #asResult(parameters: Parameters, loss: number): Result | undefined {
    const point = toPoint(this.#specs, parameters);
    return point && { point, loss };
  }

  /** Returns the loss that running trials are assumed to have; undefined to ignore them. Before the first result it is 0, as in NNI. */
  #lie(results: readonly Result[]): number | undefined {
    const type = this.#arguments.constant_liar_type;
    if (type === null || this.#running.size === 0) return undefined;
    if (results.length === 0) return 0;
    const losses = results.map(({ loss }) => loss);
    if (type === 'mean') return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return losses.reduce((a, b) => (type === 'best' ? Math.min(a, b) : Math.max(a, b)));
  }

  /** @param results from the least loss to the greatest */
  #suggest(spec: ParameterSpec, results: readonly Result[]): number {
    const own: number[] = [];
    for (const { point } of results) {
      const x = point.get(spec.key);
      if (x !== undefined) own.push(x);
    }
    if (own.length < this.#arguments.n_startup_jobs) return drawCoordinate(this.#generator, spec);
    const { gamma, linear_forgetting } = this.#arguments;
    const count = Math.min(Math.ceil(gamma * Math.sqrt(own.length)), linear_forgetting);
    const [good, others] = [own.slice(0, count), own.slice(count)];
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
    // The prior of a uniform dimension is a normal density around its middle, as wide as its range and cut off at its ends.
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

/** The likelihood of each option: its weight among the results, plus `prior`. Takes memory only for options that were seen. */
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
    // Without results and prior, all options are equally likely.
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
    // Draw one of the results, or any option for the prior's share.
    const rest = generator.uniform() * this.#total - this.#size * this.#prior;
    if (rest < 0 || this.#history.length === 0) return generator.below(this.#size);
    return this.#history[generator.weighted(this.#weights, this.#total - this.#size * this.#prior)] ?? 0;
  }
}

const liarTypes = ['best', 'worst', 'mean', null] as const;

/** Reads `tpe_args` of a config that has been checked against the rules. */
function argumentsIn(given: unknown): Partial<TpeArguments> {
  const fields = new Map(Object.entries(typeof given === 'object' && given !== null ? given : {}));
  const found: Partial<TpeArguments> = {};
  const liar = liarTypes.find((type) => type === fields.get('constant_liar_type'));
  if (liar !== undefined) found.constant_liar_type = liar;
  for (const name of ['n_startup_jobs', 'n_ei_candidates', 'linear_forgetting', 'prior_weight', 'gamma'] as const) {
    const value: unknown = fields.get(name);
    if (typeof value === 'number') found[name] = value;
  }
  return found;
}

/** Returns `n` weights: a ramp from 1/n up to 1, then 1 for each of the last `flat`. */
export function forgettingWeights(n: number, flat: number): number[] {
  const ramp = Math.max(0, n - flat);
  return Array.from({ length: n }, (_, index) => {
    if (n < flat || index >= ramp) return 1;
    return ramp === 1 ? 1 / n : 1 / n + ((1 - 1 / n) * index) / (ramp - 1);
  });
}
