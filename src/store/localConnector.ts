/** The manager of this machine, found or started by the shared client, as the store wants it. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitFirstExperiment } from '../client/firstExperiment.ts';
import { managerLockPath } from '../wire/routes.ts';

import type { Connector } from './link.ts';
import { managerLink } from './managerLink.ts';

export interface LocalConnectorOptions {
  /** Absolute; read anew for each attempt, as it is a setting. */
  experimentsDirectory(): string;
  /** Path of `manager.js`. */
  managerScript: string;
}

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
      return manager && managerLink(client, manager);
    },
    hasExperiments: () => hasExperiments(options.experimentsDirectory()),
    awaitExperiments(appeared) {
      const folder = options.experimentsDirectory();
      return awaitFirstExperiment(folder, () => hasExperiments(folder), appeared);
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
