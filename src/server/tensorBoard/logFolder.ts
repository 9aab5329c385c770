/** Where a trial wrote what TensorBoard reads. */
import { readdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** A trial's folder may hold a whole data set: so many entries are looked at. */
const mostEntries = 20_000;
const deepest = 8;

/**
 * The folder below which all event files of the trial lie. Where it has written none yet, its own folder: TensorBoard looks into it
 * again and again, so what comes later is found wherever the trial puts it.
 */
export async function logFolderOf(trialDirectory: string): Promise<string> {
  const folders = await foldersWithEvents(trialDirectory);
  const [first] = folders;
  if (first === undefined) return trialDirectory;
  let common = first;
  while (!folders.every((folder) => folder === common || folder.startsWith(common + sep))) common = dirname(common);
  return common;
}

async function foldersWithEvents(root: string): Promise<string[]> {
  const found: string[] = [];
  let left = mostEntries;
  // Breadth first: event files seldom lie deep.
  let level = [root];
  for (let depth = 0; depth <= deepest && level.length > 0 && left > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      left -= entries.length;
      if (entries.some((entry) => entry.name.includes('tfevents'))) found.push(folder);
      next.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name)));
      if (left <= 0) break;
    }
    level = next;
  }
  return found;
}
