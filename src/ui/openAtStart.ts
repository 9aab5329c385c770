/** Opens the tree and the panel in a window started to show one experiment, as `npm start` does. */
import type { Store } from '../store/store.ts';
import type { Explorer } from './explorer/explorer.ts';
import { experimentNode } from './explorer/nodes.ts';
import type { PanelManager } from './panel/panelManager.ts';

/** The environment variable with the experiment's id. */
export const openVariable = 'TRIALDECK_OPEN';

export interface OpenAtStartServices {
  store: Store;
  explorer: Explorer;
  panels: PanelManager;
}

/** Shows this machine's experiment with this id; does nothing when its manager does not list it. */
export async function openAtStart({ store, explorer, panels }: OpenAtStartServices, id: string): Promise<void> {
  const { local } = store;
  await local.connect({ start: false });
  if (!local.models.has(id)) return;
  await panels.show(local.id, id);
  await explorer.reveal(experimentNode(local.id, id), { expand: true });
}
