/** Experiments: NNI's profile, and the summary, snapshot and change that our own routes carry. */
import type { ExperimentConfig } from '../config/config.ts';
import type { MetricColumns, MetricPoint } from '../trial/metric.ts';
import type { TrialRow, TrialStatus } from '../trial/trial.ts';
import type { ActionStates } from './actions.ts';

/** NNI's experiment states (`ts/nni_manager/common/manager.ts`). */
export const experimentStatuses = [
  'INITIALIZED',
  'RUNNING',
  'NO_MORE_TRIAL',
  'TUNER_NO_MORE_TRIAL',
  'DONE',
  'ERROR',
  'STOPPING',
  'STOPPED',
  'VIEWED',
] as const;
export type ExperimentStatus = (typeof experimentStatuses)[number];

/** GET `/experiment` as NNI sends it. `params` may also be a version 1 or NAS config, so read it with care. */
export interface ExperimentProfile {
  params: ExperimentConfig & Record<string, unknown>;
  id: string;
  /** Seconds spent running, over all sessions. */
  execDuration: number;
  /** Epoch milliseconds. */
  startTime?: number;
  endTime?: number;
  /** Absolute path of the experiment's folder. */
  logDir: string;
  nextSequenceId: number;
  revision: number;
}

/** A value of NNI's manifest `~/nni-experiments/.experiment`. */
export interface ManifestEntry {
  id: string;
  port?: number;
  startTime?: number;
  endTime?: number | 'N/A';
  status: string;
  platform: string;
  experimentName?: string;
  tag: string[];
  pid?: number;
  webuiUrl: string[];
  /** The experiments folder, not the experiment's own. */
  logDir: string;
  prefixUrl?: string | null;
}

export type OptimizeMode = 'maximize' | 'minimize';

/** Which `nni` package the trials import. */
export interface TrialSdk {
  kind: 'bundled' | 'installed';
  /** Version of the package: `3.0`, or ours. */
  version: string;
  /** The Python it was found for, e.g. `Python 3.11.7 (.venv/bin/python3)`; empty when the command runs no Python we recognise. */
  python: string;
}

/** One line about an experiment: what lists, the tree and the header show. Changes often; keep it small. */
export interface ExperimentSummary {
  id: string;
  name: string;
  type: 'hpo' | 'nas';
  status: ExperimentStatus;
  /** True while a runner (ours or NNI's manager) holds the experiment. */
  live: boolean;
  /** The program that runs or ran it: `trialdeck`, `nni`, or one that this version does not know. */
  engine: string;
  errors: string[];
  platform: string;
  tuner: string;
  assessor?: string;
  optimizeMode: OptimizeMode;
  startTime?: number;
  endTime?: number;
  execDuration: number;
  /** Epoch milliseconds at which `execDuration` was true. While RUNNING, a client adds the time since. */
  durationAt: number;
  trialConcurrency: number;
  maxTrialNumber?: number;
  /** Seconds. */
  maxExperimentDuration?: number;
  counts: Partial<Record<TrialStatus, number>>;
  /** The best final default metric so far. Never NaN or infinite. */
  best?: { trialId: string; trialNumber: number; value: number; time: number };
  /** The experiment's own folder. */
  directory: string;
  /** The file it was launched from, when known. */
  configFile?: string;
  port?: number;
  pid?: number;
  /** The prefix of every path of a real NNI (`nnictl create --url_prefix`), without slashes around it; absent without a prefix. */
  urlPrefix?: string;
  /** Reached at an address of its own and not through a manager, so no server there can resume or delete it. */
  standalone?: true;
  sdk?: TrialSdk;
  /** Which actions are possible now, and why the others are not. */
  actions: ActionStates;
}

/** Everything about one experiment at one revision. `session` changes when the serving process does. */
export interface ExperimentSnapshot {
  session: string;
  revision: number;
  summary: ExperimentSummary;
  config: ExperimentConfig & Record<string, unknown>;
  trials: TrialRow[];
  metrics: MetricColumns;
}

/** More of a snapshot that is sent line by line. */
export type SnapshotPart = Partial<Pick<ExperimentSnapshot, 'trials' | 'metrics'>>;

/** What changed since the revision before. Rows are whole rows; `metrics` are new points in order of arrival. */
export interface ExperimentChange {
  revision: number;
  summary?: ExperimentSummary;
  config?: ExperimentSnapshot['config'];
  trials?: TrialRow[];
  metrics?: MetricPoint[];
  /** Ids of trials that no longer exist. A row in `trials` of the same change is newer than the removal. */
  removedTrials?: string[];
}
