/** The experiment's state as one looks at it, and what its numbers say about time. */
import type { ExperimentSummary } from '../../src/model/experiment.ts';
import { formatDuration } from '../../src/model/format.ts';
import { isEnded, type TrialStatus, trialStatuses } from '../../src/model/trial.ts';
import { t } from '../strings.ts';

export type Phase =
  | 'starting'
  | 'running'
  | 'stalled'
  | 'finishing'
  | 'done'
  | 'failed'
  | 'stopping'
  | 'stopped'
  | 'interrupted'
  | 'viewed';

/** The same as the tree says. */
export function experimentPhase(summary: ExperimentSummary): Phase {
  const busy = busyTrials(summary) > 0;
  switch (summary.status) {
    case 'DONE':
      return 'done';
    case 'ERROR':
      return 'failed';
    case 'STOPPED':
      return 'stopped';
    case 'VIEWED':
      return 'viewed';
    case 'STOPPING':
      return summary.live ? 'stopping' : 'stopped';
  }
  if (!summary.live) return 'interrupted';
  if (summary.status === 'INITIALIZED') return 'starting';
  if (summary.errors.length > 0) return 'stalled';
  if (summary.status === 'RUNNING') return 'running';
  return busy ? 'finishing' : 'done';
}

export const phaseLooks: Readonly<Record<Phase, { icon: string; tone: string }>> = {
  starting: { icon: 'loading', tone: 'waiting' },
  running: { icon: 'loading', tone: 'running' },
  stalled: { icon: 'warning', tone: 'stoppedEarly' },
  finishing: { icon: 'loading', tone: 'running' },
  done: { icon: 'pass-filled', tone: 'succeeded' },
  failed: { icon: 'error', tone: 'failed' },
  stopping: { icon: 'loading', tone: 'cancelled' },
  stopped: { icon: 'stop-circle', tone: 'cancelled' },
  interrupted: { icon: 'debug-disconnect', tone: 'stoppedEarly' },
  viewed: { icon: 'eye', tone: 'waiting' },
};

export function phaseWord(phase: Phase): string {
  const words: Record<Phase, string> = {
    starting: t('Starting'),
    running: t('Running'),
    stalled: t('Stalled'),
    finishing: t('Finishing'),
    done: t('Done'),
    failed: t('Failed'),
    stopping: t('Stopping'),
    stopped: t('Stopped'),
    interrupted: t('Interrupted'),
    viewed: t('Viewing'),
  };
  return words[phase];
}

/** Whether the clock of the experiment runs. */
export function isTicking(summary: ExperimentSummary): boolean {
  const phase = experimentPhase(summary);
  return phase === 'running' || phase === 'finishing' || phase === 'stalled';
}

/** Seconds the experiment has been running. */
export function elapsedSeconds(summary: ExperimentSummary, now: number): number {
  return summary.execDuration + (isTicking(summary) ? Math.max(0, now - summary.durationAt) / 1000 : 0);
}

export function endedTrials(summary: Pick<ExperimentSummary, 'counts'>): number {
  return sumCounts(summary, isEnded);
}

export function allTrials(summary: Pick<ExperimentSummary, 'counts'>): number {
  return sumCounts(summary, () => true);
}

function busyTrials(summary: Pick<ExperimentSummary, 'counts'>): number {
  return sumCounts(summary, (status) => !isEnded(status));
}

function sumCounts(summary: Pick<ExperimentSummary, 'counts'>, wanted: (status: TrialStatus) => boolean): number {
  return trialStatuses.reduce((sum, status) => sum + (wanted(status) ? (summary.counts[status] ?? 0) : 0), 0);
}

/** Trials that have to end before their pace says anything. */
const paceTrials = 3;

/**
 * Seconds until the experiment reaches its trial number at the pace so far, or its time limit, whichever comes first.
 * Undefined when neither limit is set or there is no pace yet.
 */
export function secondsLeft(summary: ExperimentSummary, now: number): number | undefined {
  if (!isTicking(summary)) return undefined;
  const elapsed = elapsedSeconds(summary, now);
  const ends: number[] = [];
  if (summary.maxExperimentDuration !== undefined) ends.push(summary.maxExperimentDuration - elapsed);
  const ended = endedTrials(summary);
  if (summary.maxTrialNumber !== undefined && ended >= paceTrials) {
    ends.push(((summary.maxTrialNumber - ended) * elapsed) / ended);
  }
  return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends));
}

/** `10m` for a limit of ten minutes, which nobody sets to the second. */
export function shortDuration(seconds: number): string {
  return formatDuration(seconds).replace(/(?<=[mh]) 00[sm]$/, '');
}

/** A guess in words should not look exact: two leading units, rounded. */
export function roughSeconds(seconds: number): number {
  if (seconds < 60) return Math.max(1, Math.round(seconds / 5) * 5);
  if (seconds < 600) return Math.round(seconds / 10) * 10;
  if (seconds < 3600) return Math.round(seconds / 60) * 60;
  return Math.round(seconds / 300) * 300;
}
