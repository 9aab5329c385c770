/** The manager of this machine, found or started by the shared client, as the store wants it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManagerClient } from '../client/manager.ts';
import { managerLockPath } from '../model/wire.ts';
import type { Connector, ExperimentListener, ListListener, ManagerLink } from './link.ts';

export interface LocalConnectorOptions {
  /** Absolute; read anew for each attempt, as it is a setting. */
  experimentsDirectory(): string;
  /** Path of `manager.js`. */
  managerScript: string;
}

/**
 * Quick tries at the same address before a manager counts as gone: a new one listens elsewhere, and only the lock file
 * knows where.
 */
const retries = 1;

export function localConnector(options: LocalConnectorOptions): Connector {
  return {
    async connect({ start }) {
      // Not loaded before somebody wants it: activation stays cheap.
      const client = await import('../client/index.ts');
      const manager = await client.connectLocalManager({
        experimentsDirectory: options.experimentsDirectory(),
        managerScript: options.managerScript,
        start,
      });
      return manager && link(client, manager);
    },
    hasExperiments: () => hasExperiments(options.experimentsDirectory()),
  };
}

function link(client: typeof import('../client/index.ts'), manager: ManagerClient): ManagerLink {
  const end = new AbortController();
  /** A signal for one listener, which also ends with the link. */
  const listening = (): { signal: AbortSignal; dispose(): void } => {
    const own = new AbortController();
    return { signal: AbortSignal.any([own.signal, end.signal]), dispose: () => own.abort() };
  };
  return {
    address: manager.address,
    follow(listener: ListListener) {
      const { signal, dispose } = listening();
      const follower = { onChange: listener.change.bind(listener) };
      client.followManager(manager, follower, signal, { retries }).catch((error: unknown) => {
        if (!signal.aborted) listener.closed(asError(error));
      });
      return { dispose };
    },
    followExperiment(id: string, listener: ExperimentListener) {
      const { signal, dispose } = listening();
      let read = false;
      const follower = {
        onSnapshot: (snapshot: Parameters<ExperimentListener['snapshot']>[0]) => {
          read = true;
          listener.snapshot(snapshot);
        },
        onChange: listener.change.bind(listener),
        onState: (state: { state: string; reason?: string }) => {
          // Once it was read, the list's stream says what there is to say about the connection.
          if (state.state === 'lost' && !read && !signal.aborted) listener.failed(new Error(state.reason));
        },
      };
      client.followExperiment(manager.experiment(id), follower, signal).catch((error: unknown) => {
        if (!signal.aborted) listener.failed(asError(error));
      });
      return { dispose };
    },
    launch: (request) => manager.launch(request),
    experiment: (id) => manager.experiment(id),
    dispose: () => {
      end.abort();
      manager.dispose();
    },
  };
}

/** A folder has something to show when a manager has been at work in it, or an experiment is stored there. */
async function hasExperiments(folder: string): Promise<boolean> {
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

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
