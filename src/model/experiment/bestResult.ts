/** Decides which of two final results is the best one. */

import { decodeMetric } from '../trial/metric.ts';
import type { ExperimentSummary, OptimizeMode } from './experiment.ts';

export type BestResult = NonNullable<ExperimentSummary['best']>;

/**
 * The better of the best so far and a trial's final result. The result counts even if its trial failed later: the number was measured. A
 * result that is not a finite number never wins. Of equal results the first stays.
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
