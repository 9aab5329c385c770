/** Connects to the manager of this machine: the client finds or starts it. */
import { awaitFirstExperiment, hasExperiments } from '../client/firstExperiment.ts';
import { createManagerConnection } from './managerConnection.ts';
import type { Connector } from './serverConnection.ts';

export interface LocalConnectorOptions {
  /** Absolute. Read for each attempt, because it is a setting. */
  experimentsDirectory(): string;
  /** Path of `manager.js`. */
  managerScript: string;
}

export function localConnector(options: LocalConnectorOptions): Connector {
  return {
    async connect({ start }) {
      // Loaded at the first connection: activation stays cheap.
      const client = await import('../client/index.ts');
      const manager = await client.connectLocalManager({
        experimentsDirectory: options.experimentsDirectory(),
        managerScript: options.managerScript,
        start,
      });
      return manager && createManagerConnection(client, manager);
    },
    hasExperiments: () => hasExperiments(options.experimentsDirectory()),
    awaitExperiments(appeared) {
      const folder = options.experimentsDirectory();
      return awaitFirstExperiment(folder, () => hasExperiments(folder), appeared);
    },
  };
}
