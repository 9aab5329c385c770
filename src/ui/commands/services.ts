/** The services that commands use; `extension.ts` builds them. */
import type { Store } from '../../store/store.ts';
import type { RememberedConnections } from '../connections/rememberedConnections.ts';
import type { Explorer } from '../explorer/explorer.ts';
import type { Labels } from '../explorer/labels.ts';
import type { NnictlFinder } from '../nnictlFinder.ts';
import type { PanelManager } from '../panel/panelManager.ts';
import type { Settings } from '../settings.ts';
import type { Log } from '../window.ts';

export interface GivenServices {
  store: Store;
  connections: RememberedConnections;
  panels: PanelManager;
  explorer: Explorer;
  settings: Settings;
  nnictls: NnictlFinder;
  log: Log;
}

/** The texts for the tree's rows. */
export interface Services extends GivenServices {
  labels: Labels;
}
