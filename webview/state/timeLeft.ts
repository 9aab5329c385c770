/** What the numbers say about time. */
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import { elapsedSeconds, endedTrials, experimentPhase, isTicking } from '../../src/model/experiment/experimentPhase.ts';
import { formatDuration } from '../../src/model/text/format.ts';

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
  // Of one that stands still no more trials end.
  const hasPace = ended >= paceTrials && experimentPhase(summary) !== 'stalled';
  if (summary.maxTrialNumber !== undefined && hasPace) {
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
