/**
 * Makes the algorithms that a config names. Which algorithms there are, with their arguments, is on record in
 * `model/config/algorithms.ts`: the config's check, schema and completion, in the editor too, read the same table. Its entry of
 * a native algorithm names the file in this folder. So a new tuner is a file in `tuners/`, its test, and an entry there.
 */
import { type AlgorithmKind, findAlgorithm } from '../model/config/algorithms.ts';
import type { AlgorithmConfig, ExperimentConfig } from '../model/config/config.ts';
import { optimizeModeOf } from '../model/experiment/optimizeMode.ts';
import type { AlgorithmOptions, Assessor, SearchAlgorithm } from './algorithm.ts';
import { Search } from './search.ts';

/** What each native algorithm's file exports. */
type Create<Algorithm> = (options: AlgorithmOptions) => Algorithm;

/** @throws Error with words for a person when an algorithm of the config does not run natively */
export async function createSearch(config: ExperimentConfig): Promise<Search> {
  const optimizeMode = optimizeModeOf(config);
  const make = async <Algorithm>(kind: AlgorithmKind, algorithm: AlgorithmConfig) => {
    const name = algorithm.name ?? algorithm.className ?? '';
    const create: Create<Algorithm> = await loadCreate(kind, name);
    return { algorithm: create({ classArgs: algorithm.classArgs ?? {}, optimizeMode }), name };
  };
  const tuner = await make<SearchAlgorithm>('tuner', config.tuner ?? {});
  return new Search(tuner, config.assessor && (await make<Assessor>('assessor', config.assessor)));
}

async function loadCreate<Algorithm>(kind: AlgorithmKind, name: string): Promise<Create<Algorithm>> {
  const file = findAlgorithm(name, kind)?.rule.native;
  if (file === undefined) throw new Error(`The ${kind} ${name} does not run here.`);
  const module: { create?: unknown } = await import(`./${file}.ts`);
  if (!isCreate<Algorithm>(module.create)) throw new Error(`search/${file}.ts exports no function "create".`);
  return module.create;
}

/** A test makes every algorithm of the table: what `create` returns can't be looked at before. */
function isCreate<Algorithm>(value: unknown): value is Create<Algorithm> {
  return typeof value === 'function';
}
