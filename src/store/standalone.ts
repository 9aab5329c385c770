/** An experiment at an address of its own: what only a manager can do is refused in words. */
import type { Experiment } from '../client/experiment.ts';
import type { ManagerLink } from './link.ts';

export function standaloneParts(
  experiment: Experiment,
): Pick<ManagerLink, 'address' | 'launch' | 'experiment' | 'delete'> {
  const { address } = experiment.http;
  return {
    address,
    experiment: () => experiment,
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
