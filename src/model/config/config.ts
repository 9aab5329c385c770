/** NNI's experiment config, version 3 (`nni/experiment/config`), in its canonical form: camelCase, absent instead of null. */

import { defined } from '../json/defined.ts';
import { parseWrittenJson } from '../json/parseJson.ts';
import { plainNumbers } from '../json/writtenNumber.ts';
import type { SearchSpace } from '../space/searchSpace.ts';

export interface AlgorithmConfig {
  /** A built-in algorithm's name, as NNI spells it (`TPE`, `GridSearch`, ...). */
  name?: string;
  className?: string;
  codeDirectory?: string;
  classArgs?: Record<string, unknown>;
}

export interface LocalServiceConfig {
  platform: 'local';
  trialCommand: string;
  trialCodeDirectory: string;
  trialGpuNumber?: number;
  useActiveGpu?: boolean;
  maxTrialNumberPerGpu?: number;
  gpuIndices?: number[];
  reuseMode?: boolean;
  debug?: boolean;
}

export interface ExperimentConfig {
  experimentName?: string;
  experimentType: 'hpo' | 'nas';
  searchSpace: SearchSpace;
  trialCommand: string;
  /** Absolute. */
  trialCodeDirectory: string;
  trialConcurrency: number;
  trialGpuNumber?: number;
  /** Seconds, or NNI's text form such as `2h`. */
  maxExperimentDuration?: number | string;
  maxTrialNumber?: number;
  maxTrialDuration?: number | string;
  useAnnotation: boolean;
  debug: boolean;
  logLevel: string;
  /** Absolute. */
  experimentWorkingDirectory: string;
  tunerGpuIndices?: number[];
  tuner?: AlgorithmConfig;
  assessor?: AlgorithmConfig;
  trainingService: LocalServiceConfig | ({ platform: string } & Record<string, unknown>);
}

/** Reads the JSON text of a config. Numbers of its search space stay as they are written, all others are plain. */
export function parseConfig(text: string): ExperimentConfig & Record<string, unknown> {
  const written = parseWrittenJson(text) as ExperimentConfig & Record<string, unknown>;
  const { searchSpace } = written;
  return { ...plainNumbers(written), ...defined({ searchSpace }) };
}

/** Something wrong in a config file, at a place in it. Offsets are UTF-16 code units of the file text. */
export interface ConfigProblem {
  /** `information`: the person should know it, and need not change anything. */
  severity: 'error' | 'warning' | 'information';
  /** Stable, for tests and links: `unknown-key`, `wrong-type`, `missing`, `bad-space`, `bad-value`, `unsupported`, `syntax`. */
  code: string;
  /** For a person: what is wrong and what to do. */
  message: string;
  /** The file the place is in: the config itself or its search space file. Absolute. */
  file: string;
  /** Path of keys to it, e.g. `['tuner', 'classArgs', 'optimise_mode']`. */
  path: (string | number)[];
  start: number;
  end: number;
  /** One-based, for people and the command line. */
  line: number;
  column: number;
  /** The nearest right text to put in place of `start..end`, when there is one. */
  replacement?: string;
}
