/** The folder of a trial that TensorBoard reads. */
import { readdir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/** A trial's folder may hold a whole data set: the search ends at these limits. */
const maxEntries = 20_000;
const maxDepth = 8;

/**
 * Finds the folder below which all event files of a trial lie. Without event files it is the trial's own folder: TensorBoard looks
 * into it repeatedly, and finds later files wherever the trial puts them.
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
  let left = maxEntries;
  // Breadth first: event files seldom lie deep.
  let level = [root];
  for (let depth = 0; depth <= maxDepth && level.length > 0 && left > 0; depth++) {
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
