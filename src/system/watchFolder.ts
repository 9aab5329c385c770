/** Told of changes in a folder, whether or not the system tells. */
import { type FSWatcher, watch } from 'node:fs';

/** How often is looked where the system can't tell (no inotify watches left), in milliseconds. */
const pollInterval = 2000;

/**
 * Calls `changed`, at most once in `gather` milliseconds, when a file with a name that `concerns` accepts may have changed. The
 * folder must exist; when it goes away, nothing follows.
 */
export function watchFolder(
  folder: string,
  concerns: (name: string) => boolean,
  gather: number,
  changed: () => void,
): { dispose(): void } {
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(folder, (_event, name) => {
      if (name !== null && !concerns(name)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        changed();
      }, gather);
    });
    watcher.on('error', () => watcher?.close());
  } catch (error) {
    if (!isExhausted(error)) throw error;
    poll = setInterval(changed, pollInterval);
  }
  return {
    dispose: () => {
      clearTimeout(timer);
      clearInterval(poll);
      watcher?.close();
    },
  };
}

/** Every program of the user shares these limits, and an editor alone may use them up. */
function isExhausted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EMFILE');
}
