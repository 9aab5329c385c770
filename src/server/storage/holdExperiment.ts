/** Makes one process at a time the holder of an experiment, by its database and NNI's manifest. */
import type { ManifestEntry } from '../../model/experiment/experiment.ts';
import { isSameProcess, processStart } from '../../system/processTable.ts';
import type { ExperimentDatabase } from './experimentDatabase.ts';
import { type Holder, holderKey, readHolder } from './holder.ts';
import { LaunchError } from './launchError.ts';
import { isAlive } from './manifest.ts';

/**
 * Makes this process the experiment's holder: the only one that writes it.
 *
 * @param entry the experiment's entry in the manifest
 * @throws LaunchError when another holder lives, of ours or NNI's own manager
 */
export async function holdExperiment(
  database: ExperimentDatabase,
  id: string,
  entry: ManifestEntry | undefined,
): Promise<Holder> {
  const holder = await refuseIfHeld(database, id, entry);
  const start = await processStart(process.pid);
  const own: Holder = { pid: process.pid, ...(start === undefined ? {} : { start }) };
  database.transaction(() => {
    const now = readHolder(database);
    if (now && (now.pid !== holder?.pid || now.start !== holder.start)) throw held(id, now.pid);
    database.setMeta(holderKey, own);
  });
  return own;
}

/**
 * Reads the stored holder: a dead process, or this one.
 *
 * @throws LaunchError when another living process holds the experiment
 */
export async function refuseIfHeld(
  database: ExperimentDatabase,
  id: string,
  entry: ManifestEntry | undefined,
): Promise<Holder | undefined> {
  const holder = readHolder(database);
  if (holder && holder.pid !== process.pid && (await isSameProcess(holder.pid, holder.start)))
    throw held(id, holder.pid);
  // The manifest counts only for NNI's manager: our holder also stores its start, so that a reused pid is recognised.
  if (entry?.pid !== undefined && entry.pid !== holder?.pid && entry.pid !== process.pid) {
    if (isAlive(entry)) throw held(id, entry.pid);
  }
  return holder;
}

function held(id: string, pid: number): LaunchError {
  return new LaunchError(`Process ${pid} already runs experiment ${id}. Stop it there first.`, { code: 'held' });
}
