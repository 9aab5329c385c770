/**
 * The registry of algorithms: NNI's built-in tuners, advisors and assessors with their arguments
 * (nni/runtime/config/registered_algorithms.yml and their constructors), and ours. The config check, the JSON schema and completion read
 * it. `search/registry.ts` makes the native algorithms from it.
 */
import type { Field, Fields } from './field.ts';

export type AlgorithmKind = 'tuner' | 'assessor';

export interface AlgorithmRule {
  kind: AlgorithmKind;
  arguments: Fields;
  /** The file in `src/search/` that implements it, without its ending; absent where only NNI implements it. */
  native?: string;
  description: string;
}

const mode: Field = {
  type: 'string',
  values: ['maximize', 'minimize'],
  description: 'Whether a higher or a lower result is better.',
};
const requiredMode: Field = { ...mode, required: true };
const seed: Field = { type: 'integer', min: 0, nullable: true, description: 'Makes the search repeatable.' };
const count: Field = { type: 'integer', min: 1 };
const positive: Field = { type: 'number', min: 0, exclusiveMin: true };
const share: Field = { type: 'number', min: 0, max: 1 };
const number: Field = { type: 'number' };
const flag: Field = { type: 'boolean' };
const liar = ['min', 'max', 'mean'] as const;

const tpeArguments: Fields = {
  constant_liar_type: { type: 'string', values: ['best', 'worst', 'mean', null], nullable: true },
  n_startup_jobs: { type: 'integer', min: 0 },
  n_ei_candidates: count,
  linear_forgetting: count,
  prior_weight: { type: 'number', min: 0 },
  gamma: positive,
};
const parallel = {
  optimize_mode: mode,
  parallel_optimize: flag,
  constant_liar_type: { type: 'string', values: liar } as Field,
};

function tuner(description: string, args: AlgorithmRule['arguments'], native?: string): AlgorithmRule {
  return { kind: 'tuner', arguments: args, description, ...(native === undefined ? {} : { native }) };
}

export const algorithms: Readonly<Record<string, AlgorithmRule>> = {
  TPE: tuner(
    'Learns which regions of the space pay; the default choice.',
    { optimize_mode: mode, seed, tpe_args: { type: 'object', nullable: true, fields: tpeArguments } },
    'tuners/tpe',
  ),
  Random: tuner(
    'Draws at random: a baseline, and good with many parallel trials.',
    { optimize_mode: { ...mode, nullable: true }, seed },
    'tuners/random',
  ),
  GridSearch: tuner(
    'Every combination; continuous parameters in ever finer steps.',
    { optimize_mode: { ...mode, nullable: true } },
    'tuners/gridSearch',
  ),
  TPE_legacy: tuner('The older TPE, on hyperopt.', parallel),
  Anneal: tuner('Simulated annealing.', parallel),
  Batch: tuner('Runs a given list of combinations.', {}),
  BatchTuner: tuner('Runs a given list of combinations.', {}),
  Evolution: tuner('Mutates the best so far.', { optimize_mode: requiredMode, population_size: count }),
  SMAC: tuner('Random forests as a model.', { optimize_mode: requiredMode, config_dedup: flag }),
  GP: tuner('Gaussian process.', {
    optimize_mode: mode,
    utility: { type: 'string', values: ['ei', 'ucb', 'poi'] },
    kappa: number,
    xi: number,
    nu: number,
    alpha: number,
    cold_start_num: count,
    selection_num_warm_up: count,
    selection_num_starting_points: count,
  }),
  Metis: tuner('Gaussian process with resampling.', {
    optimize_mode: mode,
    no_resampling: flag,
    no_candidates: flag,
    selection_num_starting_points: count,
    cold_start_num: count,
    exploration_probability: share,
  }),
  PBT: tuner('Population based training.', {
    optimize_mode: requiredMode,
    all_checkpoint_dir: { type: 'string', nullable: true },
    population_size: count,
    factor: positive,
    resample_probability: share,
    fraction: share,
  }),
  PPO: tuner('Reinforcement learning, for architectures.', {
    optimize_mode: requiredMode,
    trials_per_update: count,
    epochs_per_update: count,
    minibatch_size: count,
    ent_coef: number,
    lr: positive,
    vf_coef: number,
    max_grad_norm: number,
    gamma: number,
    lam: number,
    cliprange: number,
  }),
  DNGO: tuner('Neural network as a model.', {
    optimize_mode: mode,
    sample_size: count,
    trials_per_update: count,
    num_epochs_per_training: count,
  }),
  NetworkMorphism: tuner('Architectures by morphism.', {
    task: { type: 'string', values: ['cv', 'nlp', 'common'] },
    input_width: count,
    input_channel: count,
    n_output_node: count,
    optimize_mode: mode,
    algorithm_name: { type: 'string' },
    path: { type: 'string' },
    verbose: flag,
    beta: number,
    t_min: number,
    max_model_size: count,
    default_model_len: count,
    default_model_width: count,
  }),
  RegularizedEvolutionTuner: tuner('Evolution, for architectures.', {
    optimize_mode: requiredMode,
    population_size: count,
    sample_size: count,
  }),
  Hyperband: tuner('Many trials with small budgets, few with large ones.', {
    optimize_mode: requiredMode,
    R: count,
    eta: count,
    exec_mode: { type: 'string', values: ['serial', 'parallelism'] },
  }),
  BOHB: tuner('Hyperband with a model.', {
    optimize_mode: requiredMode,
    min_budget: count,
    max_budget: count,
    eta: count,
    min_points_in_model: { ...count, nullable: true },
    top_n_percent: count,
    num_samples: count,
    random_fraction: share,
    bandwidth_factor: positive,
    min_bandwidth: positive,
    config_space: { type: 'string', nullable: true },
  }),
  Medianstop: {
    kind: 'assessor',
    description: 'Stops trials below the median of the others.',
    arguments: { optimize_mode: mode, start_step: { type: 'integer', min: 0 } },
  },
  Curvefitting: {
    kind: 'assessor',
    description: 'Stops trials whose curve is predicted to stay below the best.',
    arguments: {
      epoch_num: { ...count, required: true },
      start_step: { type: 'integer', min: 0 },
      threshold: share,
      gap: count,
    },
  },
};
const aliases: Readonly<Record<string, string>> = {
  GPTuner: 'GP',
  MetisTuner: 'Metis',
  PBTTuner: 'PBT',
  PPOTuner: 'PPO',
  DNGOTuner: 'DNGO',
};

/** The rule for a name as people write it, in any case. NNI's own launcher ignores case in the first letters only. */
export function findAlgorithm(name: string, kind: AlgorithmKind): { name: string; rule: AlgorithmRule } | undefined {
  const wanted = (
    Object.entries(aliases).find(([alias]) => alias.toLowerCase() === name.toLowerCase())?.[1] ?? name
  ).toLowerCase();
  for (const [known, rule] of Object.entries(algorithms)) {
    if (rule.kind === kind && known.toLowerCase() === wanted) return { name: known, rule };
  }
  return undefined;
}

export function algorithmNames(kind: AlgorithmKind): string[] {
  return Object.entries(algorithms)
    .filter(([, rule]) => rule.kind === kind)
    .map(([name]) => name);
}
