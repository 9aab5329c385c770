/** The tree's keys Enter and Delete: they act on the selected rows. */
import { deleteExperiment } from './deleteExperiment.ts';
import { openExperiment, stopExperiment } from './lifecycle.ts';
import { asReference, isFromTree } from './references.ts';
import type { Services } from './services.ts';
import { references, targetOf } from './target.ts';
import { killTrial, openTrial } from './trials.ts';

/** The command behind Enter; called from elsewhere, it opens an experiment. */
export async function openFromTree(services: Services, ...args: unknown[]): Promise<void> {
  return isFromTree(args[0]) ? openSelected(services) : openExperiment(services, ...args);
}

/** The command behind Delete; called from elsewhere, or with trials selected, it kills trials. */
export async function killFromTree(services: Services, ...args: unknown[]): Promise<void> {
  const selectsTrials = references(services, args).some((reference) => reference.trialId !== undefined);
  return isFromTree(args[0]) && !selectsTrials ? endExperiment(services, ...args) : killTrial(services, ...args);
}

/** Enter in the tree: trials and experiments open, everything else unfolds. */
async function openSelected(services: Services): Promise<void> {
  const node = services.explorer.selection[0];
  const reference = asReference(node);
  if (!reference) return services.explorer.toggleSelected();
  if (reference.trialId !== undefined) return openTrial(services, reference);
  await services.panels.open(reference.connectionId, reference.experimentId);
}

/** Delete in the tree on an experiment: stops one that runs, deletes one that does not. */
async function endExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const [reference] = references(services, args);
  const live = reference === undefined || targetOf(services, reference).summary.live;
  return live ? stopExperiment(services, ...args) : deleteExperiment(services, ...args);
}
