/** The process that holds an experiment, from the experiment's own database. It is right also where NNI's manifest is lost or damaged. */
import type { ExperimentDatabase } from './experimentDatabase.ts';

/** Key of {@link Holder} in the database. */
export const holderKey = 'runner';

export interface Holder {
  pid: number;
  /** When the process began: pids are used again. */
  start?: string;
  /** Of its REST; absent until it serves, and for a process that serves none. */
  port?: number;
}

/** The process that holds the experiment, or held it last. Throws StorageError. */
export function readHolder(database: ExperimentDatabase): Holder | undefined {
  const value = database.getMeta(holderKey);
  if (value === null || typeof value !== 'object' || !('pid' in value) || typeof value.pid !== 'number')
    return undefined;
  return {
    pid: value.pid,
    ...('start' in value && typeof value.start === 'string' ? { start: value.start } : {}),
    ...('port' in value && typeof value.port === 'number' ? { port: value.port } : {}),
  };
}
