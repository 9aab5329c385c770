/** Whether the embedded manager runs a config, and how. Manager, editor, client and runner all ask this function. */
import { type AlgorithmKind, algorithmNames, algorithms, findAlgorithm } from './algorithms.ts';
import type { AlgorithmConfig, ExperimentConfig } from './config.ts';
import { whyNotHere } from './platforms/registry.ts';

/** What this machine adds to the native algorithms. */
export interface Machine {
  /** Names of algorithms that NNI's Python dispatcher can run here. */
  hosted: ReadonlySet<string>;
}

/** `hosted` when at least one algorithm needs NNI's dispatcher. */
export type EmbeddedSupport =
  | { supported: true; search: 'native' | 'hosted' }
  | { supported: false; reason: string; path: string[] };

const withoutPython: Machine = { hosted: new Set() };

/** Says how the embedded manager runs a config. If it can't, says why, in words for a person, with the place in the config. */
export function embeddedSupport(config: ExperimentConfig, machine: Machine = withoutPython): EmbeddedSupport {
  const refuse = (path: string[], reason: string): EmbeddedSupport => ({ supported: false, reason, path });
  if (config.experimentType !== 'hpo') return refuse(['experimentType'], 'Architecture search does not run here yet.');
  const elsewhere = whyNotHere(config.trainingService.platform);
  if (elsewhere !== undefined) return refuse(['trainingService', 'platform'], elsewhere);
  const { tuner, assessor } = config;
  const list = listOf(algorithmNames('tuner').filter((name) => wayOf('tuner', { name }, machine)));
  if (!tuner) return refuse(['tuner'], `An experiment needs a tuner: ${list} run here.`);
  const tunerWay = wayOf('tuner', tuner, machine);
  if (!tunerWay) return refuse(['tuner'], `The tuner ${nameOf(tuner)} does not run here yet; ${list} do.`);
  const assessorWay = assessor ? wayOf('assessor', assessor, machine) : 'native';
  if (!assessorWay) {
    return refuse(['assessor'], `The assessor ${nameOf(assessor)} does not run here yet; leave it out.`);
  }
  return { supported: true, search: tunerWay === 'hosted' ? tunerWay : assessorWay };
}

function wayOf(kind: AlgorithmKind, { name }: AlgorithmConfig, machine: Machine): 'native' | 'hosted' | undefined {
  const found = name === undefined ? undefined : findAlgorithm(name, kind);
  if (!found) return undefined;
  if (algorithms[found.name]?.native !== undefined) return 'native';
  return machine.hosted.has(found.name) ? 'hosted' : undefined;
}

function nameOf(algorithm: AlgorithmConfig | undefined): string {
  return algorithm?.name ?? algorithm?.className ?? '';
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
