/** Which of two final results counts as the best one. */

import { decodeMetric } from '../trial/metric.ts';
import type { ExperimentSummary, OptimizeMode } from './experiment.ts';

export type BestResult = NonNullable<ExperimentSummary['best']>;

/**
 * The better of the best so far and a trial's final result. That counts whatever became of the trial afterwards: the number was
 * measured. What is no finite number is no result to compare; of equal ones the first stays.
 */
export function betterResult(
  best: BestResult | undefined,
  trial: { id: string; number: number; final?: string },
  time: number,
  mode: OptimizeMode,
): BestResult | undefined {
  if (trial.final === undefined) return best;
  const value = decodeMetric(trial.final).default;
  if (value === undefined || !Number.isFinite(value)) return best;
  const better = best === undefined || (mode === 'maximize' ? value > best.value : value < best.value);
  return better ? { trialId: trial.id, trialNumber: trial.number, value, time } : best;
}
