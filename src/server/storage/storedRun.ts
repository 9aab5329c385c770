/** What the database keeps of a trial that has not ended, so that a later runner can take it over. */
import type { JsonValue } from '../../model/json/jsonValue.ts';

export interface StoredRun {
  trialId: string;
  /** The training service's handle; undefined when the trial was not submitted yet. */
  handle?: JsonValue;
  /** How often the trial has run from its beginning: 1 for the first run. */
  attempt: number;
  /** The channel's position in the reports of this attempt. */
  position?: JsonValue;
  /** Why the trial must stop, when its stop could not be carried out yet. */
  stop?: JsonValue;
}

/**
 * Reads a handle that version 0.1.0 stored. It held the byte offset of the metric file, which is the file channel's position
 * today. Undefined for anything else.
 */
export function runOfVersion010(trialId: string, stored: JsonValue): StoredRun | undefined {
  if (typeof stored !== 'object' || stored === null || !('metricsOffset' in stored)) return undefined;
  const { metricsOffset, trialId: _, ...handle } = stored;
  return typeof metricsOffset === 'number' ? { trialId, handle, attempt: 1, position: metricsOffset } : undefined;
}
