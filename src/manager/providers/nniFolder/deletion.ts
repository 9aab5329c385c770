/** Removes an experiment from disk and from the manifest, and never anything else: the manifest may name any folder. */
import { lstat, readdir, readlink, realpath, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import type { ManifestEntry } from '../../../model/experiment/experiment.ts';
import { isExperimentId } from '../../../model/experiment/experimentId.ts';
import { httpError } from '../../../server/security/httpError.ts';
import { experimentLayout } from '../../../server/storage/layout.ts';
import { updateManifest } from '../../../server/storage/manifest.ts';
import { storageError } from '../../../server/storage/storageError.ts';

/** The files that NNI and we make in an experiment's folder. */
const ownNames = new Set(['checkpoint', 'db', 'environments', 'log', 'trials']);

/** The part of an experiments folder that a deletion needs. */
export interface DeletableFolder {
  readonly root: string;
  hold(id: string): (() => void) | undefined;
  refresh(): Promise<void>;
  directory(id: string): string | undefined;
  isLive(id: string): boolean;
  manifestEntry(id: string): ManifestEntry | undefined;
  close(id: string): void;
}

/**
 * Deletes an experiment that no process runs. It leaves the list at once or not at all.
 *
 * @throws HttpError 404 for an unknown experiment; 409 while it runs, or where its folder may not be removed; 500 with the reason when some
 * of its files had to stay, which no list shows any more
 */
export async function deleteExperiment(folder: DeletableFolder, id: string): Promise<void> {
  const release = folder.hold(id);
  if (!release) throw httpError(409, `Experiment ${id} is being started or deleted already.`);
  try {
    // The runner may have ended a moment ago.
    await folder.refresh();
    const directory = folder.directory(id);
    if (!isExperimentId(id) || directory === undefined)
      throw httpError(404, `There is no experiment ${id} in ${folder.root}.`);
    if (folder.isLive(id)) throw httpError(409, `Experiment ${id} is running; stop it first.`);
    await checkFolder(directory);
    folder.close(id);
    await remove(folder, id, directory);
  } finally {
    release();
    await folder.refresh();
  }
}

async function remove(folder: DeletableFolder, id: string, directory: string): Promise<void> {
  // The temporary name is not a valid id, so a half-deleted folder never appears in the list.
  const aside = join(dirname(directory), `.deleted-${id}-${process.pid}`);
  const moved = await rename(directory, aside).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
      throw httpError(409, `The folder can't be removed. ${storageError(error, directory).message}`);
    },
  );
  if (folder.manifestEntry(id)) {
    try {
      await updateManifest(folder.root, id, undefined);
    } catch (error) {
      if (moved) await rename(aside, directory);
      throw error;
    }
  }
  await removeLatest(folder.root, id);
  if (!moved) return;
  try {
    await rm(aside, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
  } catch (error) {
    const { message } = storageError(error, aside);
    throw httpError(500, `Experiment ${id} is off the list, but some of its files can't be removed. ${message}`);
  }
}

/** Throws HttpError 409 unless the folder holds an experiment and nothing more, or is gone already. */
async function checkFolder(directory: string): Promise<void> {
  const refuse = (why: string) => httpError(409, `${directory} ${why}, so it is not deleted from here.`);
  const info = await lstat(directory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw refuse('can not be looked at');
  });
  if (!info) return;
  if (info.isSymbolicLink()) throw refuse('is a link to a folder elsewhere');
  if (!info.isDirectory()) throw refuse('is no folder');
  const real = await realpath(directory);
  for (const kept of [homedir(), process.cwd()]) {
    if (`${await realpath(kept).catch(() => kept)}${sep}`.startsWith(`${real}${sep}`.replace(`${sep}${sep}`, sep)))
      throw refuse('is a folder that more depends on');
  }
  const names = await readdir(directory).catch(() => {
    throw refuse('can not be read');
  });
  const database = await realpath(experimentLayout.database(directory)).catch(() => undefined);
  // A database behind a link does not make this folder an experiment's.
  if (database !== experimentLayout.database(real) && !names.every((name) => ownNames.has(name)))
    throw refuse('holds other things than an experiment');
}

/** NNI's link to the newest experiment. */
async function removeLatest(root: string, id: string): Promise<void> {
  const link = join(root, '_latest');
  const target = await readlink(link).catch(() => undefined);
  if (target !== undefined && basename(target) === id) await rm(link, { force: true });
}
