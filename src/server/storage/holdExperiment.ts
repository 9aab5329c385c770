/** One experiment, one runner: its database and NNI's manifest tell who holds it. */
import type { ManifestEntry } from '../../model/experiment/experiment.ts';
import { isSameProcess, processStart } from '../../system/processTable.ts';
import type { ExperimentDatabase } from './experimentDatabase.ts';
import { type Holder, holderKey, readHolder } from './holder.ts';
import { LaunchError } from './launchError.ts';
import { isAlive } from './manifest.ts';

/**
 * Makes this process the experiment's runner and gives what is stored of it. Throws {@link LaunchError} when another one lives,
 * ours or NNI's own manager.
 *
 * @param entry what the manifest says of the experiment
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

/** Throws {@link LaunchError} when a living process runs the experiment. */
export async function refuseIfHeld(
  database: ExperimentDatabase,
  id: string,
  entry: ManifestEntry | undefined,
): Promise<Holder | undefined> {
  const holder = readHolder(database);
  if (holder && holder.pid !== process.pid && (await isSameProcess(holder.pid, holder.start)))
    throw held(id, holder.pid);
  // Where our own word is known it counts, as pids are used again; the manifest speaks for NNI's manager.
  if (entry?.pid !== undefined && entry.pid !== holder?.pid && entry.pid !== process.pid) {
    if (isAlive(entry)) throw held(id, entry.pid);
  }
  return holder;
}

function held(id: string, pid: number): LaunchError {
  return new LaunchError(`Experiment ${id} is run by process ${pid} already. Stop it there first.`, { code: 'held' });
}
