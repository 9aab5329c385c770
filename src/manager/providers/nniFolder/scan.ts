/** Finds the experiments of a folder, and detects a change of one on disk. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isExperimentId } from '../../../model/experiment/experimentId.ts';
import { managerLogName } from '../../../server/sources/nniLogFiles.ts';
import { experimentLayout, storedExperimentBase } from '../../../server/storage/layout.ts';
import type { Manifest } from '../../../server/storage/manifest.ts';

/** Folders of experiments by id: those in the manifest, and those with a database that only lie on disk. */
export async function findExperiments(root: string, manifest: Manifest): Promise<Map<string, string>> {
  const directories = new Map<string, string>();
  for (const [id, entry] of Object.entries(manifest)) {
    directories.set(id, experimentLayout.directory(storedExperimentBase(root, id, entry), id));
  }
  for (const name of await readdir(root)) {
    if (directories.has(name) || !isExperimentId(name) || name === '_latest') continue;
    const directory = join(root, name);
    if (await exists(experimentLayout.database(directory))) directories.set(name, directory);
  }
  return directories;
}

/** The size and time of each file that a summary is read from; undefined where there is no database. */
export async function fileStamp(directory: string): Promise<string | undefined> {
  const database = experimentLayout.database(directory);
  const files = [database, `${database}-wal`, join(experimentLayout.logs(directory), managerLogName)];
  const [main, ...others] = await Promise.all(files.map(statOf));
  if (!main) return undefined;
  // A reader of a database makes an empty journal beside it.
  return [main, ...others].map((file) => (file?.size ? `${file.size}@${file.mtimeMs}` : '-')).join(' ');
}

export async function exists(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}
