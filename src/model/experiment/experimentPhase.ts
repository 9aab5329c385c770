/** The phase of an experiment, as people see it: NNI's status, and whether a process still holds the experiment. */

import { isEnded, type SeenStatus, type TrialStatus, trialStatuses } from '../trial/trial.ts';
import type { ExperimentSummary } from './experiment.ts';

export type ExperimentPhase =
  | 'starting'
  | 'running'
  | 'stalled'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'stopping'
  | 'stopped'
  | 'crashed'
  | 'viewed';

/** The phase that tree, CodeLens and panel show. */
export function experimentPhase(
  summary: Pick<ExperimentSummary, 'status' | 'live' | 'errors' | 'counts'>,
): ExperimentPhase {
  switch (summary.status) {
    case 'DONE':
      return 'done';
    case 'ERROR':
      return 'failed';
    case 'STOPPED':
      // Its process ended without storing a last status.
      return !summary.live && summary.errors.length > 0 ? 'crashed' : 'stopped';
    case 'VIEWED':
      return 'viewed';
    case 'STOPPING':
      return summary.live ? 'stopping' : 'stopped';
  }
  if (!summary.live) return 'crashed';
  if (summary.status === 'INITIALIZED') return 'starting';
  if (summary.errors.length > 0) return 'stalled';
  if (summary.status === 'RUNNING') return 'running';
  return sumCounts(summary, (status) => !isEnded(status)) > 0 ? 'finishing' : 'done';
}

/** Whether the experiment's clock runs. */
export function isTicking(summary: ExperimentSummary): boolean {
  const phase = experimentPhase(summary);
  return phase === 'running' || phase === 'finishing' || phase === 'stalled';
}

/** Whether a process runs its trials. When NNI stops, running trials stay on record as running. */
export function runsTrials(summary: Pick<ExperimentSummary, 'live' | 'status'>): boolean {
  return summary.live && summary.status !== 'VIEWED';
}

/** The state of one of its trials, as people see it. */
export function seenStatus(status: TrialStatus, summary: Pick<ExperimentSummary, 'live' | 'status'>): SeenStatus {
  return isEnded(status) || runsTrials(summary) ? status : 'NOT_ENDED';
}

/** Seconds the experiment has run. While it runs, the time since the server's last figure is added. @param now epoch milliseconds */
export function elapsedSeconds(summary: ExperimentSummary, now: number): number {
  return summary.execDuration + (isTicking(summary) ? Math.max(0, now - summary.durationAt) / 1000 : 0);
}

/** How many trials have ended, in any way. */
export function endedTrials(summary: Pick<ExperimentSummary, 'counts'>): number {
  return sumCounts(summary, isEnded);
}

export function allTrials(summary: Pick<ExperimentSummary, 'counts'>): number {
  return sumCounts(summary, () => true);
}

function sumCounts(summary: Pick<ExperimentSummary, 'counts'>, wanted: (status: TrialStatus) => boolean): number {
  return trialStatuses.reduce((sum, status) => sum + (wanted(status) ? (summary.counts[status] ?? 0) : 0), 0);
}
