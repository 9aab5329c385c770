/** Waits for the first experiment of a folder: NNI, started in a terminal, makes it and notifies no other program. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Watch, watchFolder } from '../system/watchFolder.ts';
import { managerLockPath } from '../wire/routes.ts';

/** A new experiment changes many files within this time; the folder is checked once for all of them. */
const gatherMs = 300;

/**
 * Calls `appeared` once, as soon as `has` is true. Checks now and after each change in the folder, which need not exist yet. Dispose
 * the result to stop waiting.
 */
export function awaitFirstExperiment(folder: string, has: () => Promise<boolean>, appeared: () => void): Watch {
  let watch: Watch | undefined;
  let watched = '';
  let isDone = false;

  const end = (): void => {
    isDone = true;
    watch?.dispose();
  };
  const check = async (): Promise<void> => {
    watchNearest();
    if (isDone || !(await has()) || isDone) return;
    end();
    appeared();
  };
  /** Watches the folder, or the nearest existing one above it. */
  const watchNearest = (): void => {
    let nearest = folder;
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    if (isDone || nearest === watched) return;
    watch?.dispose();
    watched = nearest;
    watch = watchFolder(nearest, () => void check(), { gatherMs, keepsAlive: false });
  };
  // The first experiment may have come before this call.
  void check();
  return { dispose: end };
}

/** Whether a folder has something to show: a manager's lock file, or a stored experiment. */
export async function hasExperiments(folder: string): Promise<boolean> {
  try {
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    for (const { name } of names) {
      const trace = name.startsWith('.') ? managerLockPath.slice(1) : ['db'];
      const known = !name.startsWith('.') || name === managerLockPath[0];
      if (known && (await exists(join(folder, name, ...trace)))) return true;
    }
  } catch {
    // A folder that is missing or unreadable has nothing to show.
  }
  return false;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
