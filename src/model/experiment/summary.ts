/** Makes an experiment's summary from its profile, the totals of its trials and the state of the process that runs it. */

import { parseDuration } from '../config/duration.ts';
import { withActions } from './computeActions.ts';
import type { ExperimentProfile, ExperimentStatus, ExperimentSummary, TrialSdk } from './experiment.ts';
import { optimizeModeOf } from './optimizeMode.ts';
import { presentConfig } from './profileConfig.ts';

export interface Circumstances {
  status: ExperimentStatus;
  errors: readonly string[];
  live: boolean;
  engine: ExperimentSummary['engine'];
  directory: string;
  /** Epoch milliseconds at which the profile's duration was true. */
  durationAt: number;
  configFile?: string;
  port?: number;
  pid?: number;
  urlPrefix?: string;
  standalone?: true;
  sdk?: TrialSdk;
}

/** The part of a summary that comes from the trials. */
export interface TrialTotals {
  counts: ExperimentSummary['counts'];
  best?: ExperimentSummary['best'] | undefined;
}

export function summarise(profile: ExperimentProfile, totals: TrialTotals, now: Circumstances): ExperimentSummary {
  const params = presentConfig(profile.params);
  const summary: Omit<ExperimentSummary, 'actions'> = {
    id: profile.id,
    name:
      typeof params.experimentName === 'string' && params.experimentName !== '' ? params.experimentName : profile.id,
    type: params.experimentType === 'nas' ? 'nas' : 'hpo',
    status: now.status,
    live: now.live,
    engine: now.engine,
    errors: [...now.errors],
    platform: params.trainingService?.platform ?? 'local',
    tuner: algorithmName(params.tuner) ?? algorithmName(params.advisor) ?? '',
    optimizeMode: optimizeModeOf(params),
    execDuration: profile.execDuration,
    durationAt: now.durationAt,
    trialConcurrency: Number(params.trialConcurrency ?? 0),
    counts: totals.counts,
    directory: now.directory,
  };
  const assessor = algorithmName(params.assessor);
  if (assessor) summary.assessor = assessor;
  if (profile.startTime !== undefined) summary.startTime = profile.startTime;
  if (profile.endTime !== undefined) summary.endTime = profile.endTime;
  if (typeof params.maxTrialNumber === 'number') summary.maxTrialNumber = params.maxTrialNumber;
  const seconds = secondsOf(params.maxExperimentDuration);
  if (seconds !== undefined) summary.maxExperimentDuration = seconds;
  if (totals.best) summary.best = totals.best;
  if (now.configFile) summary.configFile = now.configFile;
  if (now.port !== undefined) summary.port = now.port;
  if (now.pid !== undefined) summary.pid = now.pid;
  if (now.urlPrefix) summary.urlPrefix = now.urlPrefix;
  if (now.standalone) summary.standalone = true;
  if (now.sdk) summary.sdk = now.sdk;
  return withActions(summary);
}

function algorithmName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, className } = value as { name?: unknown; className?: unknown };
  if (typeof name === 'string') return name;
  return typeof className === 'string' ? className : undefined;
}

function secondsOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  try {
    return parseDuration(value);
  } catch {
    return undefined;
  }
}
