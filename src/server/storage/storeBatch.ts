/** Writes a journal's batch into an experiment's database. */
import type { ExperimentDatabase } from './experimentDatabase.ts';
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
