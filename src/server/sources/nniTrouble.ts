/** Finds out why an NNI makes no progress or has failed. Its status does not say so, its logs do. */
import type { ExperimentProfile, ExperimentSummary } from '../../model/experiment/experiment.ts';
import { failureReason, stallReason } from '../../model/nni/nniLogs.ts';
import { readLogEnds } from './nniLogFiles.ts';

/** @returns undefined for an experiment of ours, and where nothing is wrong or a reason is known already */
export function findTrouble(
  directory: string,
  facts: { engine: string; profile: ExperimentProfile; totals: Pick<ExperimentSummary, 'counts'> },
  { status, live, errors }: Pick<ExperimentSummary, 'status' | 'live'> & { errors: readonly string[] },
): string | undefined {
  if (facts.engine !== 'nni' || errors.length > 0) return undefined;
  if (status === 'ERROR') return failureReason(readLogEnds(directory));
  if (!live || status !== 'RUNNING' || !couldRunMore(facts.profile, facts.totals.counts)) return undefined;
  return stallReason(readLogEnds(directory));
}

/** Whether a living tuner would have started more trials. */
function couldRunMore({ params }: ExperimentProfile, counts: ExperimentSummary['counts']): boolean {
  const { trialConcurrency, maxTrialNumber } = params;
  const { RUNNING = 0, WAITING = 0 } = counts;
  const trials = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return RUNNING + WAITING < trialConcurrency && trials < (maxTrialNumber ?? Number.POSITIVE_INFINITY);
}
