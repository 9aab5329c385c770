/** The view with connections, experiments and trials. */
import { setTimeout as delay } from 'node:timers/promises';
import { commands, type Disposable, type Event, EventEmitter, type TreeView, window, workspace } from 'vscode';
import { canDo } from '../../model/experiment/actions.ts';
import { Disposables } from '../../store/disposables.ts';
import type { Store } from '../../store/store.ts';
import { setContext } from '../contextKeys.ts';
import { runningExperiments } from '../experiments.ts';
import { l10n, setViewNotes } from '../window.ts';
import type { Labels } from './labels.ts';
import { experimentNode, type TreeNode, trialNode } from './nodes.ts';
import { TreeData } from './treeData.ts';
import { viewMessage } from './viewMessage.ts';

export const experimentsView = 'trialdeck.experiments';

/** A row that comes while it is revealed is looked for so often, with so many milliseconds for VS Code to draw its rows. */
const revealAttempts = 4;
const redrawn = 250;

/** Names a row: a connection, an experiment or a trial. */
export interface RowReference {
  connectionId: string;
  experimentId?: string;
  trialId?: string;
}

export class Explorer implements Disposable {
  readonly #store: Store;
  readonly #data: TreeData;
  readonly #view: TreeView<TreeNode>;
  readonly #selected = new EventEmitter<{ connectionId: string; experimentId: string; trialId: string | null }>();
  readonly #disposables = new Disposables();
  /** The person picked an experiment or a trial. */
  readonly onDidSelect: Event<{ connectionId: string; experimentId: string; trialId: string | null }> =
    this.#selected.event;
  #state = '';
  /** The row that {@link reveal} is selecting now. */
  #revealing: TreeNode | undefined;

  constructor(store: Store, labels: Labels) {
    this.#store = store;
    this.#data = new TreeData(store, labels);
    this.#view = window.createTreeView(experimentsView, {
      treeDataProvider: this.#data,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#disposables.add(
      this.#selected,
      this.#data,
      this.#view,
      this.#view.onDidChangeVisibility(({ visible }) => this.#setVisible(visible)),
      this.#view.onDidCollapseElement(({ element }) => this.#data.collapsed(element)),
      this.#view.onDidExpandElement(({ element }) => this.#data.expanded(element)),
      this.#view.onDidChangeSelection(({ selection }) => this.#select(selection)),
      store.onDidChange((change) => {
        this.#data.take(change);
        this.#summarize();
      }),
      workspace.onDidGrantWorkspaceTrust(() => this.#setVisible(this.#view.visible)),
    );
    this.#summarize();
    if (this.#view.visible) this.#setVisible(true);
  }

  /** The selected rows, in the order they were picked. */
  get selection(): readonly TreeNode[] {
    return this.#view.selection;
  }

  get visible(): boolean {
    return this.#view.visible;
  }

  /**
   * Selects the row under the keyboard, unless several are selected: arrow keys move only the focus, which extensions can't
   * see, so a key binding would act on the row that was selected before.
   */
  async selectFocused(): Promise<void> {
    if (this.#view.selection.length <= 1) await commands.executeCommand('list.select');
  }

  /** Folds or unfolds the row under the keyboard. */
  async toggleSelected(): Promise<void> {
    await commands.executeCommand('list.toggleExpand');
  }

  /**
   * Scrolls to a row and selects it, unfolding what is above. Never takes the keyboard. Shows the view when it is hidden. Does
   * nothing when the row is not there any more.
   */
  async reveal(row: RowReference, options: { expand?: boolean } = {}): Promise<void> {
    const { connectionId, experimentId, trialId } = row;
    let node: TreeNode = { kind: 'connection', connectionId };
    if (experimentId !== undefined) {
      if (!this.#store.experiment(connectionId, experimentId)) return;
      node = experimentNode(connectionId, experimentId);
      if (trialId !== undefined) {
        await this.#store
          .experiment(connectionId, experimentId)
          ?.loaded()
          .catch(() => {});
        if (this.#data.bringIn(connectionId, experimentId, trialId))
          node = trialNode(connectionId, experimentId, trialId);
      }
    }
    const isThere = () =>
      experimentId === undefined
        ? this.#store.connection(connectionId) !== undefined
        : this.#store.experiment(connectionId, experimentId) !== undefined;
    for (let attempt = 1; ; attempt++) {
      const element = this.#data.intern(node);
      this.#revealing = element;
      try {
        return await this.#view.reveal(element, { select: true, focus: false, ...options });
      } catch (error) {
        // VS Code finds no row for what has gone while it looked, nor for what came at that moment: then it draws its rows anew.
        if (!isThere()) return;
        if (attempt === revealAttempts) throw error;
        await delay(redrawn);
      } finally {
        if (this.#revealing === element) this.#revealing = undefined;
      }
    }
  }

  refresh(): void {
    this.#data.refresh();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #setVisible(visible: boolean): void {
    this.#data.setVisible(visible);
    this.#store.setVisible(visible);
    if (visible) void this.#store.show();
  }

  #select(selection: readonly TreeNode[]): void {
    const [node, ...others] = selection;
    // VS Code reports a selection that `reveal` makes before it settles. It is not a pick: a late one must not undo the person's.
    if (!node || others.length > 0 || node === this.#revealing) return;
    if (node.kind === 'more') {
      this.#data.showMore(node);
      return;
    }
    if (!('experimentId' in node)) return;
    const { connectionId, experimentId } = node;
    this.#selected.fire({ connectionId, experimentId, trialId: 'trialId' in node ? node.trialId : null });
  }

  /** Badge, message and the context keys that choose the welcome view. */
  #summarize(): void {
    const summaries = this.#store.connections.flatMap((connection) => connection.experiments);
    const running = runningExperiments(this.#store.connections).length;
    const tooltip = running === 1 ? l10n.t('1 experiment is running') : l10n.t('{0} experiments are running', running);
    const { status } = this.#store.local;
    const lost = this.#store.connections.some((connection) => connection.status.state === 'lost');
    const others = this.#store.connections.length > 1;
    const shown = summaries.length > 0 || others;
    const state = shown ? 'ready' : status.state === 'lost' ? (status.reached ? 'lost' : 'failed') : this.#emptyState();
    const warnings = this.#store.connections.flatMap((connection) => connection.warnings);
    const message = viewMessage({ shown, status, trusted: workspace.isTrusted, warnings }, l10n.t);
    const connection = lost ? 'lost' : status.state === 'idle' ? 'none' : status.state;
    const standsStill = summaries.some((summary) => canDo(summary, 'restart'));
    const hasNni = summaries.some((summary) => canDo(summary, 'dispatcherLog'));
    const keys = [running, state, connection, message, summaries.length > 0, others, standsStill, hasNni];
    const key = JSON.stringify(keys);
    if (key === this.#state) return;
    this.#state = key;
    setViewNotes(this.#view, message, running > 0 ? { value: running, tooltip } : undefined);
    void setContext('trialdeck.state', state);
    void setContext('trialdeck.hasExperiments', summaries.length > 0);
    void setContext('trialdeck.hasRemote', others);
    void setContext('trialdeck.connection', connection);
    void setContext('trialdeck.running', running > 0);
    void setContext('trialdeck.standsStill', standsStill);
    void setContext('trialdeck.hasNni', hasNni);
  }

  #emptyState(): 'starting' | 'empty' {
    return this.#store.local.status.state === 'connecting' ? 'starting' : 'empty';
  }
}
