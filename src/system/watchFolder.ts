/** Reports changes of a folder or a file, also where the system cannot. */
import { type FSWatcher, watch } from 'node:fs';
import { type Clock, systemClock, type Timer } from './clock.ts';

/** Used where the system does not watch: no inotify watches left, file systems without events. */
const fallbackIntervalMs = 2000;

export interface WatchOptions {
  /** Whether a change of the file with this name matters. All do by default. */
  concerns?(name: string): boolean;
  /** `changed` is called at most once in this time; at once by default. */
  gatherMs?: number;
  /** Also calls `changed` this often, for file systems that report no changes of other machines. */
  pollIntervalMs?: number;
  /** Called once when the system stops watching, or never could; `changed` is then called every two seconds. */
  degraded?(error: unknown): void;
  /** Whether the watch keeps the process alive; true by default. */
  keepsAlive?: boolean;
  clock?: Clock;
}

export interface Watch {
  dispose(): void;
}

/**
 * Calls `changed` when something in the folder, or in the file, may have changed. What is watched must exist; when it goes away,
 * no further change is reported.
 */
export function watchFolder(path: string, changed: () => void, options: WatchOptions = {}): Watch {
  const { concerns, gatherMs = 0, pollIntervalMs, keepsAlive = true, clock = systemClock } = options;
  let gathering: Timer | undefined;
  let polling: Timer | undefined;
  let watcher: FSWatcher | undefined;

  const poll = (intervalMs: number): void => {
    polling?.cancel();
    polling = clock.setInterval(changed, intervalMs);
    if (!keepsAlive) polling.unref();
  };
  const degrade = (error: unknown): void => {
    watcher?.close();
    watcher = undefined;
    poll(Math.min(pollIntervalMs ?? fallbackIntervalMs, fallbackIntervalMs));
    options.degraded?.(error);
  };
  const notice = (_event: string, name: string | null): void => {
    if (name !== null && concerns?.(name) === false) return;
    if (gatherMs === 0) changed();
    if (gatherMs === 0 || gathering) return;
    gathering = clock.setTimeout(() => {
      gathering = undefined;
      changed();
    }, gatherMs);
    if (!keepsAlive) gathering.unref();
  };

  if (pollIntervalMs !== undefined) poll(pollIntervalMs);
  try {
    watcher = watch(path, { persistent: keepsAlive }, notice);
    watcher.on('error', degrade);
  } catch (error) {
    degrade(error);
  }
  return {
    dispose: () => {
      gathering?.cancel();
      polling?.cancel();
      watcher?.close();
    },
  };
}
