/** Writes a journal's batch to the two places that know an experiment: its database, and its state in memory. */
import type { MetricPoint } from '../../model/trial/metric.ts';
import type { ExperimentDatabase } from './experimentDatabase.ts';
import type { ExperimentState } from './experimentState.ts';
import type { Batch } from './journal.ts';
import type { LogPosition } from './logPosition.ts';

/**
 * Stores a batch in one transaction.
 *
 * @returns the end of the log after it
 * @throws StorageError; nothing is stored then
 */
export function storeBatch(database: ExperimentDatabase, batch: Batch): LogPosition {
  database.transaction(() => {
    for (const { trialId, attempt } of batch.putAside ?? []) database.putMetricsAside(trialId, attempt);
    for (const event of batch.events ?? []) database.storeEvent(event);
    for (const metric of batch.metrics ?? []) database.storeMetric(metric);
    if (batch.profile) database.storeProfile(batch.profile);
    for (const run of batch.runs ?? []) database.setRun(run);
    for (const trialId of batch.released ?? []) database.removeRun(trialId);
    for (const [key, value] of Object.entries(batch.meta ?? {})) database.setMeta(key, value);
  });
  return database.logEnd();
}

/** Applies a stored batch to the state in memory. Returns which trials changed, and their new metrics. */
export function applyBatch(state: ExperimentState, batch: Batch): { trialIds: string[]; metrics: MetricPoint[] } {
  for (const { trialId } of batch.putAside ?? []) state.putMetricsAside(trialId);
  const trialIds = new Set<string>();
  const metrics: MetricPoint[] = [];
  for (const event of batch.events ?? []) {
    const trialId = state.applyEvent(event);
    if (trialId !== undefined) trialIds.add(trialId);
  }
  for (const metric of batch.metrics ?? []) {
    const point = state.applyMetric(metric);
    if (!point) continue;
    metrics.push(point);
    trialIds.add(point.trialId);
  }
  return { trialIds: [...trialIds], metrics };
}
