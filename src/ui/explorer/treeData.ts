/** The tree's rows out of the store, redrawn one by one: only what reads differently is told to VS Code. */
import {
  type CancellationToken,
  type Disposable,
  EventEmitter,
  type TreeDataProvider,
  type TreeItem,
  TreeItemCollapsibleState,
} from 'vscode';
import type { ExperimentModel } from '../../store/experimentModel.ts';
import type { ExperimentDelta, Store, StoreChange } from '../../store/store.ts';
import { isRunning } from '../experiments.ts';
import { promptGate } from '../promptGate.ts';
import { setTooltip, treeItem } from '../window.ts';
import { DrawQueue } from './drawQueue.ts';
import type { Labels } from './labels.ts';
import { commandOf, kindOf, type RowSource } from './nodeKinds.ts';
import { type ExperimentNode, experimentNode, nodeId, parentOf, type TreeNode, trialNode } from './nodes.ts';
import type { Row } from './row.ts';

/** Rows below one parent before "… more". */
export const pageSize = 50;
/** A spinner has an end: after this time the row says why there is nothing yet. */
const loadingTimeoutMs = 15_000;

export class TreeData implements TreeDataProvider<TreeNode>, Disposable {
  readonly #store: Store;
  readonly #source: RowSource;
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
  /** Ids of the rows that were folded up after their children were asked for. */
  readonly #folded = new Set<string>();
  /** Rows that VS Code reads next because it has asked for children, and not because it was told of the rows. */
  readonly #childrenToRead = new Set<TreeNode>();
  readonly #watches = new Map<ExperimentModel, Disposable>();
  /** How many children to show, by the parent's id; {@link pageSize} where it is not set. */
  readonly #limits = new Map<string, number>();
  readonly #queue = new DrawQueue<TreeNode>((nodes) => this.#changed.fire(nodes), promptGate);
  #visible = false;
  #stale = false;

  constructor(store: Store, labels: Labels) {
    this.#store = store;
    this.#source = { store, labels, limitOf: (parent) => this.#limitOf(parent) };
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
      this.#queue.draw(undefined);
    }
    this.#stale = false;
  }

  /** Nothing is kept of experiments and connections that are not there any more. */
  #forgetGone(): void {
    const gone = new Set<string>();
    for (const [id, node] of this.#nodes) if (!this.#exists(node)) gone.add(id);
    for (const id of gone) {
      for (const kept of [this.#nodes, this.#drawn, this.#unfolded, this.#open, this.#folded, this.#limits])
        kept.delete(id);
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
    const id = nodeId(node);
    if (this.#open.delete(id)) this.#folded.add(id);
    if (node.kind !== 'experiment') return;
    const model = this.#store.experiment(node.connectionId, node.experimentId);
    if (model) this.#release(model);
  }

  /** VS Code shows the children that it read before the row was folded up, so they are read again. */
  expanded(node: TreeNode): void {
    if (this.#folded.has(nodeId(node))) this.#queue.draw(this.intern(node));
  }

  /** Shows another page below the row's parent. */
  showMore(node: TreeNode & { kind: 'more' }): void {
    const parent = parentOf(node);
    if (!parent) return;
    const id = nodeId(parent);
    this.#limits.set(id, (this.#limits.get(id) ?? pageSize) + pageSize);
    this.#queue.draw(this.intern(parent));
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
      this.#queue.draw(parent);
    }
    return true;
  }

  refresh(): void {
    this.#queue.draw(undefined);
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
      this.#queue.draw(undefined);
      return;
    }
    const redraw = new Set<TreeNode>();
    for (const [model, delta] of change.experiments) this.#collect(model, delta, redraw);
    if (redraw.size > 0) this.#queue.draw(...redraw);
  }

  #collect(model: ExperimentModel, delta: ExperimentDelta, redraw: Set<TreeNode>): void {
    const node = this.intern(experimentNode(model.connectionId, model.id));
    const connection = this.intern({ kind: 'connection', connectionId: model.connectionId });
    if (delta.summary && this.#differs(connection)) redraw.add(connection);
    const isOpen = this.#open.has(nodeId(node));
    if ((delta.summary && this.#differs(node)) || (isOpen && (delta.order || delta.reset))) redraw.add(node);
    // VS Code reads the trials of an open experiment with it, and shows none of a folded one.
    if (!isOpen || redraw.has(node)) return;
    const limit = this.#limitOf(node);
    for (const trialId of delta.trials) {
      // VS Code has no row for a trial that the others have pushed to the next page.
      if (model.order.indexOf(trialId) >= limit) continue;
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
    if (!node) this.#queue.read(undefined);
    const children = await this.#read(node);
    for (const child of children) this.#childrenToRead.add(child);
    // VS Code reads the children before the next turn, or never: it drops an answer when it has asked again meanwhile.
    setImmediate(() => {
      for (const child of children) this.#childrenToRead.delete(child);
    });
    return children;
  }

  async #read(node: TreeNode | undefined): Promise<TreeNode[]> {
    if (!node) return this.#roots();
    this.#open.add(nodeId(node));
    this.#folded.delete(nodeId(node));
    if (node.kind === 'experiment') {
      const problem = await this.#load(node);
      if (problem) return problem;
    }
    return this.#children(node);
  }

  getTreeItem(node: TreeNode): TreeItem {
    const id = nodeId(node);
    if (!this.#childrenToRead.delete(node)) this.#queue.read(node);
    const row = this.#row(node);
    this.#drawn.set(id, signature(row));
    const item = treeItem(row, id, this.#folding(node));
    const command = commandOf(node);
    if (command) item.command = command;
    return item;
  }

  /** Hovers are made when somebody hovers. */
  resolveTreeItem(item: TreeItem, node: TreeNode, _token: CancellationToken): TreeItem {
    setTooltip(item, kindOf(node).tooltip?.(node, this.#source));
    return item;
  }

  dispose(): void {
    this.#queue.dispose();
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

  /** Waits for the trials of an experiment; the row that says why there are none when they don't come. */
  async #load({ connectionId, experimentId }: ExperimentNode): Promise<TreeNode[] | undefined> {
    const model = this.#store.experiment(connectionId, experimentId);
    if (!model) return [];
    if (this.#visible) this.#watch(model);
    // What was read before shows at once; what is new comes as a change.
    if (model.loading.state === 'loaded' || model.trials.size > 0) return undefined;
    try {
      await model.loaded(loadingTimeoutMs);
      return undefined;
    } catch {
      return [this.intern({ kind: 'problem', connectionId, experimentId })];
    }
  }

  /** A page of what is below a row, and the row that shows more. */
  #children(node: TreeNode): TreeNode[] {
    const { children, more } = kindOf(node);
    const limit = this.#limitOf(node);
    const nodes = children?.(node, this.#source, limit) ?? [];
    if (!more) return nodes.map((child) => this.intern(child));
    const shown = nodes.slice(0, limit).map((child) => this.intern(child));
    return nodes.length > limit ? [...shown, this.intern(more(node))] : shown;
  }

  #limitOf(parent: TreeNode): number {
    return this.#limits.get(nodeId(parent)) ?? pageSize;
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
        return this.#children(node).length === 0 ? None : Expanded;
      default:
        return None;
    }
  }

  #row(node: TreeNode): Row {
    return kindOf(node).row(node, this.#source);
  }

  #differs(node: TreeNode): boolean {
    const drawn = this.#drawn.get(nodeId(node));
    return drawn !== undefined && drawn !== signature(this.#row(node));
  }

  #watch(model: ExperimentModel): void {
    if (!this.#watches.has(model)) this.#watches.set(model, model.follow());
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
