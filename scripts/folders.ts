/** The folders where scripts and tests put what they install and what they leave behind. Git ignores both. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));
/** Downloads by name and version, kept between runs. */
export const cacheFolder = join(projectRoot, '.cache');
/** Logs, screenshots and counts of the last run. */
export const resultsFolder = join(projectRoot, 'test-results');

/** A fresh folder with a short path: VS Code and socket paths have length limits. */
export async function freshFolder(prefix: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `td-${prefix}-`));
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

export async function ensureFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}
