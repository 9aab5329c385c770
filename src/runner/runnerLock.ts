/** One experiment, one runner: its database and NNI's manifest tell who holds it. */
import { readFileSync } from 'node:fs';
import type { ManifestEntry } from '../model/experiment.ts';
import type { ExperimentDatabase } from '../server/storage/experimentDatabase.ts';
import { isAlive } from '../server/storage/manifest.ts';
import { LaunchError } from './launchError.ts';
import { isSameProcess, processStart } from './trainingServices/processes.ts';

const metaKey = 'runner';

interface Holder {
  pid: number;
  start?: string;
}

/**
 * Makes this process the experiment's runner. Throws {@link LaunchError} when another one lives, ours or NNI's own manager.
 *
 * @param entry what the manifest says of the experiment
 */
export async function holdExperiment(
  database: ExperimentDatabase,
  id: string,
  entry: ManifestEntry | undefined,
): Promise<void> {
  const holder = await refuseIfHeld(database, id, entry);
  const start = await processStart(process.pid);
  database.transaction(() => {
    const now = readHolder(database);
    if (now && (now.pid !== holder?.pid || now.start !== holder.start)) throw held(id, now.pid);
    database.setMeta(metaKey, { pid: process.pid, ...(start === undefined ? {} : { start }) } satisfies Holder);
  });
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
    if (isAlive(entry) && runsExperiment(entry.pid, id)) throw held(id, entry.pid);
  }
  return holder;
}

function held(id: string, pid: number): LaunchError {
  return new LaunchError(`Experiment ${id} is run by process ${pid} already. Stop it there first.`);
}

function readHolder(database: ExperimentDatabase): Holder | undefined {
  const value = database.getMeta(metaKey);
  if (value === null || typeof value !== 'object' || !('pid' in value) || typeof value.pid !== 'number')
    return undefined;
  const start = 'start' in value && typeof value.start === 'string' ? { start: value.start } : {};
  return { pid: value.pid, ...start };
}

/** NNI's manager and ours name the experiment in their arguments. Where that can't be seen, the pid has to do. */
function runsExperiment(pid: number, id: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(id);
  } catch {
    return process.platform !== 'linux';
  }
}
