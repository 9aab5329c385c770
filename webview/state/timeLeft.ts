/** The estimated time left, and its wording. */
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import { elapsedSeconds, endedTrials, experimentPhase, isTicking } from '../../src/model/experiment/experimentPhase.ts';
import { formatDuration } from '../../src/model/text/format.ts';

/** The pace is meaningful only after this many ended trials. */
const minPaceTrials = 3;

/**
 * Seconds until the experiment reaches its trial number at the pace so far, or its time limit, whichever comes first.
 * Undefined without a limit or without a pace.
 */
export function secondsLeft(summary: ExperimentSummary, now: number): number | undefined {
  if (!isTicking(summary)) return undefined;
  const elapsed = elapsedSeconds(summary, now);
  const ends: number[] = [];
  if (summary.maxExperimentDuration !== undefined) ends.push(summary.maxExperimentDuration - elapsed);
  const ended = endedTrials(summary);
  // A stalled experiment ends no more trials.
  const hasPace = ended >= minPaceTrials && experimentPhase(summary) !== 'stalled';
  if (summary.maxTrialNumber !== undefined && hasPace) {
    ends.push(((summary.maxTrialNumber - ended) * elapsed) / ended);
  }
  return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends));
}

/** A limit in short form, such as `10m`; people rarely set limits to the second. */
export function shortDuration(seconds: number): string {
  return formatDuration(seconds).replace(/(?<=[mh]) 00[sm]$/, '');
}

/** An estimate in words, rounded to its two leading units so that it does not look exact. */
export function roughSeconds(seconds: number): number {
  if (seconds < 60) return Math.max(1, Math.round(seconds / 5) * 5);
  if (seconds < 600) return Math.round(seconds / 10) * 10;
  if (seconds < 3600) return Math.round(seconds / 60) * 60;
  return Math.round(seconds / 300) * 300;
}
