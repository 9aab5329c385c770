/** One experiment's panel: its page, the data it is sent, and its requests. */
import { type Disposable, env, Uri, type WebviewPanel, workspace } from 'vscode';
import { messageOf } from '../../model/text/messageOf.ts';
import { plainText } from '../../model/text/plainText.ts';
import type { ConnectionView, Events, Handlers, RequestMessage, ToPage } from '../../protocol.ts';
import type { ConnectionStatus } from '../../store/connectionStatus.ts';
import { Disposables } from '../../store/disposables.ts';
import type { ExperimentModel } from '../../store/experimentModel.ts';
import type { Store } from '../../store/store.ts';
import { l10n, setPanelTitle } from '../window.ts';
import { Feed } from './feed.ts';
import { panelHandlers } from './handlers.ts';
import { pageHtml } from './html.ts';
import { BadMessage, readMessage } from './messages.ts';

export interface PanelServices {
  store: Store;
  extensionUri: Uri;
  /** Called when the user picks a trial in the page. */
  picked(panel: ExperimentPanel): void;
  warn(message: string): void;
}

export class ExperimentPanel implements Disposable {
  readonly connectionId: string;
  readonly experimentId: string;
  readonly webview: WebviewPanel;
  readonly #services: PanelServices;
  readonly #handlers: Handlers;
  readonly #disposables = new Disposables();
  #feed: Feed | undefined;
  #model: ExperimentModel | undefined;
  #ready = false;
  #gone = false;
  #trialId: string | null;
  #connection = '';
  /** Version of the NNI that runs the experiment. */
  #nni: { version: string } | 'asked' | undefined;

  constructor(
    webview: WebviewPanel,
    experiment: { connectionId: string; experimentId: string; trialId?: string | null },
    services: PanelServices,
  ) {
    this.webview = webview;
    this.connectionId = experiment.connectionId;
    this.experimentId = experiment.experimentId;
    this.#trialId = experiment.trialId ?? null;
    this.#services = services;
    const { store, extensionUri } = services;
    const { connectionId, experimentId } = this;
    this.#handlers = panelHandlers({
      store,
      connectionId,
      experimentId,
      picked: (trialId) => {
        this.#trialId = trialId;
        services.picked(this);
      },
    });
    this.#disposables.add(
      webview.webview.onDidReceiveMessage((message) => void this.#receive(message)),
      webview.onDidChangeViewState(() => this.#show()),
      store.onDidChange((change) => {
        if (change.connections.size > 0) this.#show();
        else if (this.#model && change.experiments.get(this.#model)?.summary) this.#title();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.#restart()),
    );
    // A reload of the window loses the options. Listeners come first: the page may send at once.
    webview.webview.options = { enableScripts: true, localResourceRoots: resourceRoots(extensionUri) };
    webview.iconPath = {
      light: Uri.joinPath(extensionUri, 'media', 'panelLight.svg'),
      dark: Uri.joinPath(extensionUri, 'media', 'activityBar.svg'),
    };
    webview.webview.html = this.#html();
    this.#title();
  }

  get trialId(): string | null {
    return this.#trialId;
  }

  /** Picks a trial in the page. A page that has no snapshot yet gets the pick with its snapshot. */
  select(trialId: string | null): void {
    if (trialId === this.#trialId) return;
    this.#trialId = trialId;
    if (this.#feed) this.#post('select', { trialId });
  }

  dispose(): void {
    this.#feed?.dispose();
    this.#disposables.dispose();
  }

  /** Starts or stops sending as the page is shown or hidden. A page shown again gets everything. */
  #show(): void {
    this.#title();
    if (!this.webview.visible) {
      this.#feed?.dispose();
      this.#feed = undefined;
      // VS Code ends hidden pages; the next one sends `ready` again.
      this.#ready = false;
      return;
    }
    if (!this.#ready) return;
    const { store } = this.#services;
    const connection = store.connection(this.connectionId);
    const view = this.#view();
    const key = JSON.stringify(view);
    if (key !== this.#connection) {
      this.#connection = key;
      this.#post('connection', view);
    }
    const model = store.experiment(this.connectionId, this.experimentId);
    if (model && model === this.#model && this.#feed) return;
    this.#feed?.dispose();
    this.#feed = undefined;
    this.#model = model;
    if (model) {
      this.#gone = false;
      void this.#askVersion(model);
      this.#feed = new Feed(model, {
        snapshot: (snapshot) => {
          this.#post('snapshot', {
            connectionId: this.connectionId,
            snapshot,
            selectedTrial: this.#trialId,
            connection: this.#view(),
            strings: l10n.bundle ?? {},
            ...permission(model),
          });
        },
        change: (change) => this.#post('change', { change }),
        failed: (reason) => this.#post('connection', { state: 'lost', since: Date.now(), reason }),
      });
    } else if ((!connection || connection.status.state === 'connected') && !this.#gone) {
      this.#gone = true;
      this.#post('gone', {
        reason: connection
          ? l10n.t('Experiment {0} is not there any more. It may have been deleted or moved.', this.experimentId)
          : l10n.t('The connection to experiment {0} was forgotten. Connect again to see it.', this.experimentId),
      });
    }
  }

  #view(): ConnectionView {
    const connection = this.#services.store.connection(this.connectionId);
    const view = connectionView(connection?.status);
    if (connection?.kind === 'remote' && connection.address !== undefined) view.address = connection.address;
    if (this.#nni !== undefined && this.#nni !== 'asked') view.nni = this.#nni.version;
    return view;
  }

  /** Asks the running NNI for its version, once. A stored experiment does not record it. */
  async #askVersion(model: ExperimentModel): Promise<void> {
    const { engine, live } = model.summary;
    if (engine !== 'nni' || !live || this.#nni !== undefined) return;
    this.#nni = 'asked';
    try {
      const version = await this.#services.store.client(this.connectionId, this.experimentId).getVersion();
      this.#nni = { version: version.replace(/^v/, '') };
      this.#show();
    } catch {
      // The next call asks again; the header omits the version meanwhile.
      this.#nni = undefined;
    }
  }

  #restart(): void {
    this.#feed?.dispose();
    this.#feed = undefined;
    this.#show();
  }

  async #receive(message: unknown): Promise<void> {
    try {
      const read = readMessage(message);
      if (read.type === 'ready') {
        this.#ready = true;
        this.#connection = '';
        this.#gone = false;
        this.#restart();
        return;
      }
      await this.#answer(read);
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error;
      this.#services.warn(error.message);
      if (error.id !== undefined) this.#send({ type: 'reply', id: error.id, ok: false, message: error.message });
    }
  }

  async #answer<R extends RequestMessage>({ id, method, params }: R): Promise<void> {
    try {
      // The message ties each method to its own parameters, which an index signature cannot say.
      const handler = this.#handlers[method] as (given: R['params']) => Promise<unknown>;
      this.#send({ type: 'reply', id, ok: true, result: await handler(params) });
    } catch (error) {
      const text = messageOf(error);
      this.#services.warn(`${method}: ${text}`);
      this.#send({ type: 'reply', id, ok: false, message: text });
    }
  }

  #post<E extends keyof Events>(event: E, data: Events[E]): void {
    // One member of the union for each event, which the compiler does not see through a type parameter.
    this.#send({ type: 'event', event, data } as ToPage);
  }

  #send(message: ToPage): void {
    void this.webview.webview.postMessage(message);
  }

  #title(): void {
    const name = this.#services.store.summary(this.connectionId, this.experimentId)?.name;
    setPanelTitle(this.webview, plainText(name || this.experimentId, 120));
  }

  #html(): string {
    const { webview } = this.webview;
    const file = (name: string) =>
      webview.asWebviewUri(Uri.joinPath(this.#services.extensionUri, 'dist', name)).toString();
    const { connectionId, experimentId } = this;
    return pageHtml({
      cspSource: webview.cspSource,
      script: file('webview.js'),
      styles: [file('codicon.css'), file('webview.css')],
      language: env.language,
      context: { connectionId, experimentId, preventDefaultContextMenuItems: true },
    });
  }
}

export function resourceRoots(extensionUri: Uri): Uri[] {
  return [Uri.joinPath(extensionUri, 'dist'), Uri.joinPath(extensionUri, 'media')];
}

/** Whether this window may steer the experiment, and the reason when it may not. */
function permission(model: ExperimentModel): { canRun: true } | { canRun: false; whyNotRun: string } {
  if (!workspace.isTrusted)
    return { canRun: false, whyNotRun: l10n.t('Restricted Mode: nothing can be run or changed.') };
  if (model.summary.status !== 'VIEWED') return { canRun: true };
  return { canRun: false, whyNotRun: l10n.t('The experiment is read-only here.') };
}

function connectionView(status: ConnectionStatus | undefined): ConnectionView {
  if (!status || status.state === 'idle') {
    const reason = l10n.t('No experiment manager is running.');
    return { state: 'lost', since: status?.since ?? Date.now(), reason };
  }
  const { state, since } = status;
  return status.state === 'lost'
    ? { state: 'lost', since, reason: status.reason }
    : { state: state as 'connected' | 'connecting', since };
}
