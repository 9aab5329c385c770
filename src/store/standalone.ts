/** An experiment at an address of its own: what only a manager can do is refused in words. */
import type { ExperimentApi } from '../client/api.ts';
import type { ManagerLink } from './link.ts';
import type { Client } from './listening.ts';

/** @param experiment the link's own; what is given out only shares its connections */
export function standaloneParts(
  client: Client,
  experiment: ExperimentApi,
): Pick<ManagerLink, 'address' | 'launch' | 'experiment' | 'delete'> {
  const { http } = experiment;
  const { address } = http;
  return {
    address,
    experiment: (id) => new client.ExperimentApi(http, { id }),
    launch: async ({ action }) => {
      const what = action === 'create' ? 'start experiments' : `${action} an experiment`;
      throw new Error(
        `At ${address} there is one experiment and no manager, which is what it takes to ${what}. ` +
          'Connect to a Trialdeck manager on that machine.',
      );
    },
    delete: async () => {
      throw new Error(`At ${address} there is no manager that could delete the experiment. Delete it on its machine.`);
    },
  };
}
