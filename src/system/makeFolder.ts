import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, as `mkdir -p` does. Node's own recursive way never returns where the file system says that
 * the new folder does not exist, as `/proc` does.
 */
export function makeFolder(path: string): void {
  if (make(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  // Still missing although its parent exists now: this attempt reports why.
  if (!make(path)) mkdirSync(path);
}

/** False when a folder above is missing. */
function make(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
}
