/** Judges the state of an experiment that no runner of ours serves, from the manifest and the process table. */
import { existsSync } from 'node:fs';
import { withActions } from '../../../model/experiment/computeActions.ts';
import {
  type ExperimentStatus,
  type ExperimentSummary,
  experimentStatuses,
  type ManifestEntry,
} from '../../../model/experiment/experiment.ts';
import { isEnded, trialStatuses } from '../../../model/trial/trial.ts';
import type { ProcessFacts, StoredFacts } from '../../../server/sources/storedFacts.ts';
import { experimentLayout } from '../../../server/storage/layout.ts';
import { isAlive, runsExperiment } from '../../../server/storage/manifest.ts';
import { type Entry, isEnding } from './entry.ts';

const activeStatuses: readonly ExperimentStatus[] = [
  'INITIALIZED',
  'RUNNING',
  'NO_MORE_TRIAL',
  'TUNER_NO_MORE_TRIAL',
  'STOPPING',
];

/** Whether the manifest names a process that lives and runs the experiment. */
export function isAliveByManifest({ manifest }: Pick<Entry, 'manifest'>): boolean {
  return manifest !== undefined && isAlive(manifest);
}

/** NNI stores no database for an architecture search in one process. A living one may still be about to. */
export function isManifestOnly({ manifest, directory }: Entry): boolean {
  if (!manifest?.tag.includes('retiarii') || isAlive(manifest)) return false;
  return !existsSync(experimentLayout.database(directory));
}

/** NNI stores the prefix as the person gave it, with or without slashes around it. */
export function urlPrefixOf({ prefixUrl }: ManifestEntry): string | undefined {
  return prefixUrl?.replace(/^\/+|\/+$/g, '') || undefined;
}

export function statusOf(manifest: ManifestEntry): ExperimentStatus {
  return experimentStatuses.find((known) => known === manifest.status) ?? 'STOPPED';
}

export function processFactsOf(entry: Entry): ProcessFacts {
  const { manifest } = entry;
  if (isEnding(entry)) return { status: 'STOPPING', errors: [], live: true };
  if (!manifest) return { status: 'STOPPED', errors: [], live: false };
  const status = statusOf(manifest);
  if (isAlive(manifest)) {
    const urlPrefix = urlPrefixOf(manifest);
    return {
      status,
      errors: [],
      live: true,
      ...(urlPrefix === undefined ? {} : { urlPrefix }),
      ...(manifest.port === undefined ? {} : { port: manifest.port }),
      ...(manifest.pid === undefined ? {} : { pid: manifest.pid }),
    };
  }
  if (!activeStatuses.includes(status))
    return { status: status === 'VIEWED' ? 'STOPPED' : status, errors: [], live: false };
  const remedy = manifest.tag.includes('retiarii')
    ? 'What it stored is still there.'
    : 'Nothing stored is lost; resume it to go on.';
  return { status: 'STOPPED', errors: [`It crashed: its process ended unexpectedly. ${remedy}`], live: false };
}

/** The living runner of ours, from the manifest or, where that is lost, from the database. */
export function livingRunner(
  { id, manifest }: Entry,
  { engine, holder }: Pick<StoredFacts, 'engine' | 'holder'>,
): { pid: number; port: number } | undefined {
  if (engine !== 'trialdeck') return undefined;
  const { pid, port } = (manifest && isAlive(manifest) ? manifest : holder) ?? {};
  return pid !== undefined && port !== undefined && runsExperiment(pid, id) ? { pid, port } : undefined;
}

/** The summary of an experiment whose database can't be read. */
export function unreadableSummary(entry: Entry, reason: string): ExperimentSummary {
  const { id, manifest, directory } = entry;
  const { live, pid, port } = processFactsOf(entry);
  return withActions({
    id,
    name: manifest?.experimentName || id,
    type: manifest?.tag.includes('retiarii') ? 'nas' : 'hpo',
    status: 'ERROR',
    live,
    engine: 'nni',
    errors: [reason],
    platform: manifest?.platform ?? 'local',
    tuner: '',
    optimizeMode: 'maximize',
    execDuration: 0,
    durationAt: Date.now(),
    trialConcurrency: 0,
    counts: {},
    directory,
    ...(pid === undefined ? {} : { pid }),
    ...(port === undefined ? {} : { port }),
  });
}

/** The summary; shown as done when the experiment was stopped after all its trials had ended. */
export function asDoneIfComplete(summary: ExperimentSummary): ExperimentSummary {
  const { live, status, maxTrialNumber, counts } = summary;
  if (live || status !== 'STOPPED' || maxTrialNumber === undefined) return summary;
  const present = trialStatuses.filter((each) => counts[each] !== undefined);
  if (!present.every(isEnded)) return summary;
  const ended = present.reduce((sum, each) => sum + (counts[each] ?? 0), 0);
  return ended >= maxTrialNumber ? withActions({ ...summary, status: 'DONE', errors: [] }) : summary;
}
