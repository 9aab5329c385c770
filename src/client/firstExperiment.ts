/** Waits for the first experiment of a folder: NNI, started in a terminal, makes it and notifies no other program. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Watch, watchFolder } from '../system/watchFolder.ts';
import { managerLockPath } from '../wire/routes.ts';

/** Making an experiment changes many files; they are looked at once. */
const gatherMs = 300;

/**
 * Calls `appeared` once, when `has` agrees after a change in the folder, which need not exist yet. Dispose the result to stop
 * waiting.
 */
export function awaitFirstExperiment(folder: string, has: () => Promise<boolean>, appeared: () => void): Watch {
  let watch: Watch | undefined;
  let watched = '';
  let isDone = false;

  const end = (): void => {
    isDone = true;
    watch?.dispose();
  };
  const look = async (): Promise<void> => {
    follow();
    if (isDone || !(await has()) || isDone) return;
    end();
    appeared();
  };
  /** Watches the folder, or the nearest existing one above it. */
  const follow = (): void => {
    let nearest = folder;
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    if (isDone || nearest === watched) return;
    watch?.dispose();
    watched = nearest;
    watch = watchFolder(nearest, () => void look(), { gatherMs, keepsAlive: false });
  };
  // The first experiment may have come before this call.
  void look();
  return { dispose: end };
}

/** A folder has something to show when a manager has been at work in it, or an experiment is stored there. */
export async function hasExperiments(folder: string): Promise<boolean> {
  try {
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    for (const { name } of names) {
      const trace = name.startsWith('.') ? managerLockPath.slice(1) : ['db'];
      const known = !name.startsWith('.') || name === managerLockPath[0];
      if (known && (await exists(join(folder, name, ...trace)))) return true;
    }
  } catch {
    // There is no such folder, or none that may be read; then there is nothing to show either.
  }
  return false;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
