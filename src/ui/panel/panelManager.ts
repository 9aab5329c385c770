/** The open panels: one for each experiment, restored after a reload of the window. */
import { type Disposable, type Uri, type WebviewPanel, window } from 'vscode';
import { plainText } from '../../model/text/plainText.ts';
import { Disposables } from '../../store/disposables.ts';
import { Emitter, type Event } from '../../store/emitter.ts';
import type { Store } from '../../store/store.ts';
import { openWebviewPanel } from '../window.ts';
import type { ExperimentPanel, PanelServices } from './experimentPanel.ts';

const panelType = 'trialdeck.experiment';

export interface PanelReference {
  connectionId: string;
  experimentId: string;
  trialId?: string;
}

export interface PanelOptions {
  /** The trial to select. */
  trialId?: string;
}

export interface PanelManagerOptions {
  store: Store;
  extensionUri: Uri;
  warn(message: string): void;
}

export class PanelManager implements Disposable {
  readonly #services: PanelServices;
  readonly #panels = new Map<string, ExperimentPanel>();
  /** Picks for experiments without a panel: VS Code may be about to restore one with an older pick. */
  readonly #earlyPicks = new Map<string, string | null>();
  readonly #picked = new Emitter<{ connectionId: string; experimentId: string; trialId: string | null }>();
  readonly #disposables = new Disposables();
  /** Fires when the user picks a trial in a panel's page. */
  readonly onDidPick: Event<{ connectionId: string; experimentId: string; trialId: string | null }> =
    this.#picked.event;

  constructor({ store, extensionUri, warn }: PanelManagerOptions) {
    this.#services = {
      store,
      extensionUri,
      warn,
      picked: ({ connectionId, experimentId, trialId }) => this.#picked.fire({ connectionId, experimentId, trialId }),
    };
    this.#disposables.add(
      this.#picked,
      window.registerWebviewPanelSerializer(panelType, {
        deserializeWebviewPanel: (panel, state) => this.#restore(panel, state),
      }),
    );
  }

  /** The experiment of the active panel, and the trial picked in it. */
  get active(): PanelReference | undefined {
    const panel = [...this.#panels.values()].find(({ webview }) => webview.active);
    if (!panel) return undefined;
    const { connectionId, experimentId, trialId } = panel;
    return trialId === null ? { connectionId, experimentId } : { connectionId, experimentId, trialId };
  }

  /** Opens or reveals the experiment's panel and focuses it: for a user who asked for the panel. */
  async open(connectionId: string, experimentId: string, options: PanelOptions = {}): Promise<void> {
    await this.#open(connectionId, experimentId, options, false);
  }

  /** As {@link open} without taking the focus: for panels that open by themselves while the user may type elsewhere. */
  async show(connectionId: string, experimentId: string, options: PanelOptions = {}): Promise<void> {
    await this.#open(connectionId, experimentId, options, true);
  }

  async #open(
    connectionId: string,
    experimentId: string,
    options: PanelOptions,
    preserveFocus: boolean,
  ): Promise<void> {
    const parts = await panelParts();
    const known = this.#panels.get(key(connectionId, experimentId));
    if (known) {
      if (options.trialId !== undefined) known.select(options.trialId);
      known.webview.reveal(undefined, preserveFocus);
      return;
    }
    const { extensionUri } = this.#services;
    const title = this.#services.store.summary(connectionId, experimentId)?.name || experimentId;
    const webview = openWebviewPanel(panelType, plainText(title, 120), preserveFocus, {
      enableScripts: true,
      localResourceRoots: parts.resourceRoots(extensionUri),
    });
    this.#add(parts, webview, { connectionId, experimentId, ...options });
  }

  /** Picks a trial in the experiment's panel, or in the one that VS Code restores after a reload of the window. */
  select(connectionId: string, experimentId: string, trialId: string | null): void {
    const id = key(connectionId, experimentId);
    const panel = this.#panels.get(id);
    if (panel) panel.select(trialId);
    else this.#earlyPicks.set(id, trialId);
  }

  /** Closes the experiment's panel if it is open. */
  close(connectionId: string, experimentId: string): void {
    this.#panels.get(key(connectionId, experimentId))?.webview.dispose();
  }

  dispose(): void {
    // Keep the panels: after a reload of the window they come back through the serializer.
    for (const panel of this.#panels.values()) panel.dispose();
    this.#disposables.dispose();
  }

  async #restore(webview: WebviewPanel, state: unknown): Promise<void> {
    const parts = await panelParts();
    const identity = parts.readPageState(state);
    if (!identity) {
      // The page was closed before it stored anything, or another version stored a state that can't be read.
      webview.dispose();
      return;
    }
    const { connectionId, experimentId, selectedTrial } = identity;
    const id = key(connectionId, experimentId);
    if (this.#panels.has(id)) {
      webview.dispose();
      return;
    }
    const picked = this.#earlyPicks.get(id);
    this.#add(parts, webview, { connectionId, experimentId, trialId: picked === undefined ? selectedTrial : picked });
    // The panel itself shows the state of the connection meanwhile.
    void this.#services.store.connection(connectionId)?.show();
  }

  #add(
    { ExperimentPanel }: PanelParts,
    webview: WebviewPanel,
    experiment: { connectionId: string; experimentId: string; trialId?: string | null },
  ): void {
    const panel = new ExperimentPanel(webview, experiment, this.#services);
    const id = key(experiment.connectionId, experiment.experimentId);
    this.#earlyPicks.delete(id);
    this.#panels.set(id, panel);
    webview.onDidDispose(() => {
      this.#panels.delete(id);
      panel.dispose();
    });
  }
}

/** The panel's parts, loaded with the first panel so that the extension starts faster. */
const panelParts = () => import('./panelParts.ts');
type PanelParts = Awaited<ReturnType<typeof panelParts>>;

function key(connectionId: string, experimentId: string): string {
  return JSON.stringify([connectionId, experimentId]);
}
