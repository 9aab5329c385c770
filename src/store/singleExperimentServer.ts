/** A server that holds one experiment and has no manager. It refuses, with the reason, what only a manager can do. */
import type { ExperimentApi } from '../client/api.ts';
import type { Client } from './followEvents.ts';
import type { ServerConnection } from './serverConnection.ts';

/**
 * The requests of such a server; the caller adds how it is followed.
 *
 * @param experiment owned by the caller; the handles that `experiment(id)` returns share its connections
 */
export function createSingleExperimentServer(
  client: Client,
  experiment: ExperimentApi,
): Pick<ServerConnection, 'address' | 'launch' | 'experiment' | 'delete'> {
  const { http } = experiment;
  const { address } = http;
  return {
    address,
    experiment: (id) => new client.ExperimentApi(http, { id }),
    launch: async ({ action }) => {
      const task = action === 'create' ? 'start experiments' : `${action} an experiment`;
      throw new Error(
        `At ${address} there is one experiment and no manager, which is what it takes to ${task}. ` +
          'Connect to a Trialdeck manager on that machine.',
      );
    },
    delete: async () => {
      throw new Error(`At ${address} there is no manager that could delete the experiment. Delete it on its machine.`);
    },
  };
}
