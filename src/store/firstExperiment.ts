/** Waiting for the first experiment of a folder: NNI, started in a terminal, makes it and tells nobody. */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Disposable } from './emitter.ts';

/** Milliseconds after a change until it is looked at: what makes an experiment changes much. */
const gather = 300;

/**
 * Calls `appeared` once, when `has` says so after something changed in the folder, which need not be there yet. Where the system
 * watches nothing more, nothing is told; a person who refreshes sees it all the same.
 */
export function awaitFirstExperiment(folder: string, has: () => Promise<boolean>, appeared: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  let watched = '';
  let timer: NodeJS.Timeout | undefined;
  let done = false;

  const end = (): void => {
    done = true;
    clearTimeout(timer);
    watcher?.close();
  };
  const look = async (): Promise<void> => {
    timer = undefined;
    follow();
    if (done || !(await has()) || done) return;
    end();
    appeared();
  };
  /** The folder, or the nearest one above it in which it, or one above it, is going to be made. */
  const follow = (): void => {
    let nearest = folder;
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
    if (nearest === watched) return;
    watcher?.close();
    watched = nearest;
    try {
      watcher = watch(nearest, () => {
        timer ??= setTimeout(() => void look(), gather).unref();
      });
      watcher.on('error', () => watcher?.close());
      watcher.unref();
    } catch {
      watcher = undefined;
    }
  };
  // It may have come while nobody looked.
  void look();
  return { dispose: end };
}
