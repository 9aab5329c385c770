/** The tree's rows out of the store, redrawn one by one: only what reads differently is told to VS Code. */
import {
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type TreeDataProvider,
  type TreeItem,
  TreeItemCollapsibleState,
} from 'vscode';
import { plainText } from '../../model/text/plainText.ts';
import type { Connection } from '../../store/connection.ts';
import type { ExperimentModel } from '../../store/experimentModel.ts';
import type { ExperimentDelta, Store, StoreChange } from '../../store/store.ts';
import { userActions } from '../actions.ts';
import type { Markdown } from '../markdown.ts';
import { l10n, setTooltip, treeItem } from '../window.ts';
import { connectionTooltip, experimentTooltip, metricEntries, parameterEntries, trialTooltip } from './details.ts';
import { isRunning, type Labels } from './labels.ts';
import { experimentNode, nodeId, parentOf, type Section, type TreeNode, trialNode } from './nodes.ts';
import type { Row } from './row.ts';

/** Rows below one parent before "… more". */
export const pageSize = 50;
/**
 * Milliseconds between two changes told to VS Code. It draws after a pause of 200 ms, so trials that report without pause would
 * keep it from ever drawing.
 */
const drawInterval = 300;
/** A spinner has an end: after so long the row says why there is nothing yet. Milliseconds. */
const loadingLimit = 15_000;

export class TreeData implements TreeDataProvider<TreeNode>, Disposable {
  readonly #store: Store;
  readonly #labels: Labels;
  readonly #changed = new EventEmitter<TreeNode[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  /** VS Code knows elements by identity, so each id has one object. */
  readonly #nodes = new Map<string, TreeNode>();
  /** What the rows in the tree read now. */
  readonly #drawn = new Map<string, string>();
  /** Fixed when first drawn, so that an experiment's end does not fold it up under the person's eyes. */
  readonly #unfolded = new Map<string, boolean>();
  /** Ids of the rows whose children were asked for and are not folded up. */
  readonly #open = new Set<string>();
  readonly #watches = new Map<ExperimentModel, Disposable>();
  /** How many children to show, by the parent's id; {@link pageSize} where it is not set. */
  readonly #limits = new Map<string, number>();
  /** What is to be drawn anew; undefined among it stands for all. */
  #waiting = new Set<TreeNode | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #visible = false;
  #stale = false;

  constructor(store: Store, labels: Labels) {
    this.#store = store;
    this.#labels = labels;
  }

  /** A hidden tree follows nothing; when it is shown again it is drawn anew. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (!visible) {
      this.#releaseAll();
      return;
    }
    for (const connection of this.#store.connections) {
      for (const model of connection.models.values()) {
        if (this.#open.has(nodeId(experimentNode(model.connectionId, model.id)))) this.#watch(model);
      }
    }
    if (this.#stale) {
      this.#forgetGone();
      this.#draw(undefined);
    }
    this.#stale = false;
  }

  /** Nothing is kept of experiments and connections that are not there any more. */
  #forgetGone(): void {
    const gone = new Set<string>();
    for (const [id, node] of this.#nodes) if (!this.#exists(node)) gone.add(id);
    for (const id of gone) {
      for (const kept of [this.#nodes, this.#drawn, this.#unfolded, this.#open, this.#limits]) kept.delete(id);
    }
    for (const model of this.#watches.keys()) {
      if (this.#store.experiment(model.connectionId, model.id) !== model) this.#release(model);
    }
  }

  #exists(node: TreeNode): boolean {
    const connection = this.#store.connection(node.connectionId);
    if (!connection) return false;
    const experimentId = 'experimentId' in node ? node.experimentId : node.kind === 'more' ? node.of : undefined;
    return experimentId === undefined || connection.models.has(experimentId);
  }

  /** The one object that stands for a thing. */
  intern<N extends TreeNode>(node: N): N {
    const id = nodeId(node);
    const known = this.#nodes.get(id);
    if (known) return known as N;
    this.#nodes.set(id, node);
    return node;
  }

  collapsed(node: TreeNode): void {
    this.#open.delete(nodeId(node));
    if (node.kind !== 'experiment') return;
    const model = this.#store.experiment(node.connectionId, node.experimentId);
    if (model) this.#release(model);
  }

  /** Shows another page below the row's parent. */
  showMore(node: TreeNode & { kind: 'more' }): void {
    const parent = parentOf(node);
    if (!parent) return;
    const id = nodeId(parent);
    this.#limits.set(id, (this.#limits.get(id) ?? pageSize) + pageSize);
    this.#draw(this.intern(parent));
  }

  /** Makes sure that a trial is on a page that is shown. False when there is no such trial. */
  bringIn(connectionId: string, experimentId: string, trialId: string): boolean {
    const index = this.#store.experiment(connectionId, experimentId)?.order.indexOf(trialId) ?? -1;
    if (index < 0) return false;
    const parent = this.intern(experimentNode(connectionId, experimentId));
    const id = nodeId(parent);
    const limit = this.#limits.get(id) ?? pageSize;
    if (index >= limit) {
      this.#limits.set(id, Math.ceil((index + 1) / pageSize) * pageSize);
      this.#draw(parent);
    }
    return true;
  }

  refresh(): void {
    this.#draw(undefined);
  }

  /** Redraws what a change touches. */
  take(change: StoreChange): void {
    if (!this.#visible) {
      this.#stale = true;
      return;
    }
    // Whether there are rows at all decides about the welcome view, and only the root tells VS Code that.
    if (change.connections.size > 0) {
      this.#forgetGone();
      this.#draw(undefined);
      return;
    }
    const redraw = new Set<TreeNode>();
    for (const [model, delta] of change.experiments) this.#collect(model, delta, redraw);
    if (redraw.size > 0) this.#draw(...redraw);
  }

  /** Tells VS Code at once, or together with what else comes until it is ready to hear of more. */
  #draw(...nodes: (TreeNode | undefined)[]): void {
    for (const node of nodes) this.#waiting.add(node);
    if (this.#timer) return;
    const wait = this.#lastDrawn + drawInterval - performance.now();
    if (wait <= 0) this.#tell();
    else this.#timer = setTimeout(() => this.#tell(), wait);
  }

  #tell(): void {
    this.#timer = undefined;
    this.#lastDrawn = performance.now();
    const nodes = [...this.#waiting];
    this.#waiting.clear();
    const known = nodes.filter((node) => node !== undefined);
    this.#changed.fire(known.length < nodes.length ? undefined : known);
  }

  #collect(model: ExperimentModel, delta: ExperimentDelta, redraw: Set<TreeNode>): void {
    const node = this.intern(experimentNode(model.connectionId, model.id));
    const connection = this.intern({ kind: 'connection', connectionId: model.connectionId });
    if (delta.summary && this.#differs(connection)) redraw.add(connection);
    if ((delta.summary && this.#differs(node)) || (this.#open.has(nodeId(node)) && (delta.order || delta.reset))) {
      redraw.add(node);
      // Its children are read again with it.
      if (this.#open.has(nodeId(node))) return;
    }
    for (const trialId of delta.trials) {
      const trial = trialNode(model.connectionId, model.id, trialId);
      const id = nodeId(trial);
      if (this.#drawn.has(id) && (this.#differs(trial) || this.#open.has(id))) redraw.add(this.intern(trial));
    }
  }

  getParent(node: TreeNode): TreeNode | undefined {
    const parent = parentOf(node);
    return parent && this.intern(parent);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (!node) return this.#roots();
    this.#open.add(nodeId(node));
    const { connectionId } = node;
    switch (node.kind) {
      case 'connection': {
        const ids = this.#store.connection(connectionId)?.experiments.map((summary) => summary.id) ?? [];
        const nodes = ids.map((id) => experimentNode(connectionId, id));
        return this.#page(node, nodes, () => ({ kind: 'more', connectionId }));
      }
      case 'experiment':
        return this.#trials(node);
      case 'trial': {
        const { experimentId, trialId } = node;
        const sections: Section[] = ['parameters', 'metrics', 'log'];
        return sections.map((section) =>
          this.intern({ kind: 'section', connectionId, experimentId, trialId, section }),
        );
      }
      case 'section':
        return this.#entries(node).map(({ key }) => {
          const { experimentId, trialId, section } = node;
          return this.intern({ kind: 'value', connectionId, experimentId, trialId, section, key });
        });
      default:
        return [];
    }
  }

  getTreeItem(node: TreeNode): TreeItem {
    const id = nodeId(node);
    const row = this.#row(node);
    this.#drawn.set(id, signature(row));
    const item = treeItem(row, id, this.#folding(node));
    if (node.kind === 'section' && node.section === 'log') {
      // A document like a file in the Explorer, so picking it opens it.
      item.command = {
        command: 'trialdeck.openTrialLog',
        title: l10n.t(userActions.openTrialLog.title),
        arguments: [node],
      };
    }
    return item;
  }

  /** Hovers are made when somebody hovers. */
  resolveTreeItem(item: TreeItem, node: TreeNode, _token: CancellationToken): TreeItem {
    setTooltip(item, this.#tooltip(node));
    return item;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#releaseAll();
    this.#changed.dispose();
  }

  /** Nothing at all when there is nothing to show, so that the welcome view can speak. */
  #roots(): TreeNode[] {
    const { connections, local } = this.#store;
    // Beside other connections the welcome view does not say what is wrong with this machine's.
    const failed = connections.length > 1 && local.status.state === 'lost';
    return connections
      .filter(({ models, kind }) => models.size > 0 || kind === 'remote' || failed)
      .map((connection) => this.intern({ kind: 'connection', connectionId: connection.id }));
  }

  async #trials(node: TreeNode & { kind: 'experiment' }): Promise<TreeNode[]> {
    const { connectionId, experimentId } = node;
    const model = this.#store.experiment(connectionId, experimentId);
    if (!model) return [];
    if (this.#visible) this.#watch(model);
    // What was read before shows at once; what is new comes as a change.
    if (model.loading.state !== 'loaded' && model.trials.size === 0) {
      try {
        await model.loaded(loadingLimit);
      } catch {
        return [this.intern({ kind: 'problem', connectionId, experimentId })];
      }
    }
    const limit = this.#limits.get(nodeId(node)) ?? pageSize;
    const nodes = model.order.slice(0, limit + 1).map((id) => trialNode(connectionId, experimentId, id));
    return this.#page(node, nodes, () => ({ kind: 'more', connectionId, of: experimentId }));
  }

  #page(parent: TreeNode, nodes: TreeNode[], more: () => TreeNode): TreeNode[] {
    const limit = this.#limits.get(nodeId(parent)) ?? pageSize;
    const shown = nodes.slice(0, limit).map((node) => this.intern(node));
    return nodes.length > limit ? [...shown, this.intern(more())] : shown;
  }

  #folding(node: TreeNode): TreeItemCollapsibleState {
    const { Collapsed, Expanded, None } = TreeItemCollapsibleState;
    switch (node.kind) {
      case 'connection':
        return Expanded;
      case 'experiment': {
        const id = nodeId(node);
        // What a person looks for first is what runs, and of that what was started last.
        const [first] = this.#store.connection(node.connectionId)?.experiments ?? [];
        const unfolded = this.#unfolded.get(id) ?? (first?.id === node.experimentId && isRunning(first));
        this.#unfolded.set(id, unfolded);
        return unfolded ? Expanded : Collapsed;
      }
      case 'trial':
        return Collapsed;
      case 'section':
        if (node.section === 'log' || this.#entries(node).length === 0) return None;
        return Expanded;
      default:
        return None;
    }
  }

  #entries(node: TreeNode & { kind: 'section' | 'value' }): { key: string; value: string }[] {
    const row = this.#trial(node)?.row;
    if (!row) return [];
    if (node.section === 'parameters') return parameterEntries(row);
    return node.section === 'metrics' ? metricEntries(row, this.#labels) : [];
  }

  #row(node: TreeNode): Row {
    const none = plainText('');
    const nothing: Row = { label: none, description: none, icon: '', color: '', contextValue: node.kind, spoken: none };
    switch (node.kind) {
      case 'connection': {
        const connection = this.#store.connection(node.connectionId);
        return connection ? this.#connectionRow(connection) : nothing;
      }
      case 'experiment': {
        const summary = this.#store.summary(node.connectionId, node.experimentId);
        return summary ? this.#labels.experiment(summary, this.#lostSince(node)) : nothing;
      }
      case 'trial': {
        const summary = this.#store.summary(node.connectionId, node.experimentId);
        const trial = this.#trial(node);
        return summary && trial ? this.#labels.trial(trial.row, summary, this.#lostSince(node)) : nothing;
      }
      case 'section':
        return { ...nothing, ...this.#sectionRow(node.section, this.#entries(node).length === 0) };
      case 'value': {
        const value = this.#entries(node).find((entry) => entry.key === node.key)?.value ?? '';
        return {
          ...nothing,
          label: plainText(node.key),
          description: plainText(value),
          spoken: plainText(`${node.key}, ${value}`),
        };
      }
      case 'more': {
        const label = l10n.t('… {0} more', this.#hidden(node));
        return { ...nothing, label, spoken: l10n.t('{0} more; pick to show the next ones', this.#hidden(node)) };
      }
      case 'problem': {
        const loading = this.#store.experiment(node.connectionId, node.experimentId)?.loading;
        const reason =
          loading?.state === 'failed' ? plainText(loading.reason, 200) : l10n.t('The trials have not arrived yet.');
        const icon = { icon: 'warning', color: 'trialdeck.stoppedEarly', contextValue: 'problem;retryConnection;' };
        return { ...nothing, ...icon, label: reason, spoken: reason };
      }
    }
  }

  #connectionRow(connection: Connection): Row {
    const { label, status, experiments, kind } = connection;
    return this.#labels.connection(label, status, experiments, kind);
  }

  #sectionRow(section: Section, empty: boolean): Partial<Row> {
    const none = plainText(empty ? l10n.t('none') : '');
    switch (section) {
      case 'parameters':
        return {
          label: l10n.t('Parameters'),
          icon: 'symbol-parameter',
          description: none,
          spoken: l10n.t('Parameters'),
        };
      case 'metrics':
        return { label: l10n.t('Metrics'), icon: 'graph-line', description: none, spoken: l10n.t('Metrics') };
      case 'log':
        return { label: l10n.t('Log'), icon: 'output', contextValue: 'section;openTrialLog;', spoken: l10n.t('Log') };
    }
  }

  #hidden(node: TreeNode & { kind: 'more' }): number {
    const parent = parentOf(node);
    const limit = (parent && this.#limits.get(nodeId(parent))) ?? pageSize;
    const { connectionId, of } = node;
    const all =
      of === undefined
        ? this.#store.connection(connectionId)?.models.size
        : this.#store.experiment(connectionId, of)?.order.length;
    return Math.max(0, (all ?? 0) - limit);
  }

  #tooltip(node: TreeNode): Markdown | undefined {
    if (node.kind === 'connection') {
      const connection = this.#store.connection(node.connectionId);
      return connection && connectionTooltip(connection, this.#labels);
    }
    if (!('experimentId' in node)) return undefined;
    const summary = this.#store.summary(node.connectionId, node.experimentId);
    if (!summary) return undefined;
    const now = this.#lostSince(node) ?? Date.now();
    if (node.kind === 'experiment') return experimentTooltip(summary, this.#labels, now);
    if (node.kind !== 'trial') return undefined;
    const trial = this.#trial(node);
    return trial && trialTooltip(trial.row, summary, this.#labels, now);
  }

  /** Since when nothing is heard of what is below a connection; undefined while it answers. Epoch milliseconds. */
  #lostSince(node: TreeNode): number | undefined {
    const status = this.#store.connection(node.connectionId)?.status;
    return status?.state === 'lost' ? status.since : undefined;
  }

  #trial(node: { connectionId: string; experimentId: string; trialId: string }) {
    return this.#store.experiment(node.connectionId, node.experimentId)?.trials.get(node.trialId);
  }

  #differs(node: TreeNode): boolean {
    const drawn = this.#drawn.get(nodeId(node));
    return drawn !== undefined && drawn !== signature(this.#row(node));
  }

  #watch(model: ExperimentModel): void {
    if (!this.#watches.has(model)) this.#watches.set(model, model.watch());
  }

  #release(model: ExperimentModel): void {
    this.#watches.get(model)?.dispose();
    this.#watches.delete(model);
  }

  #releaseAll(): void {
    for (const watch of this.#watches.values()) watch.dispose();
    this.#watches.clear();
  }
}

function signature(row: Row): string {
  return [row.label, row.description, row.icon, row.color, row.contextValue].join('\u0000');
}
