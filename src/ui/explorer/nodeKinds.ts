/** The kinds of rows in the tree: what each reads, what it says when one hovers, and what is below it. */
import { plainText } from '../../model/text/plainText.ts';
import type { Store } from '../../store/store.ts';
import { userActions } from '../actions.ts';
import type { Markdown } from '../markdown.ts';
import { l10n } from '../window.ts';
import { connectionTooltip, experimentTooltip, metricEntries, parameterEntries, trialTooltip } from './details.ts';
import type { Labels } from './labels.ts';
import { experimentNode, parentOf, type Section, type TreeNode, trialNode } from './nodes.ts';
import type { Row } from './row.ts';

/** What rows are made from. */
export interface RowSource {
  store: Store;
  labels: Labels;
  /** How many rows are shown below a row. */
  limitOf(parent: TreeNode): number;
}

interface Kind<N> {
  row(node: N, source: RowSource): Row;
  tooltip?(node: N, source: RowSource): Markdown | undefined;
  /** What is below it as far as the store knows; one more than `limit` where there is more. A leaf has none. */
  children?(node: N, source: RowSource, limit: number): TreeNode[];
  /** The row that shows more of its children. */
  more?(node: N): TreeNode;
}
type NodeOf<K extends TreeNode['kind']> = Extract<TreeNode, { kind: K }>;

const sections: readonly Section[] = ['parameters', 'metrics', 'log'];

export const nodeKinds: { readonly [K in TreeNode['kind']]: Kind<NodeOf<K>> } = {
  connection: {
    row(node, { store, labels }) {
      const connection = store.connection(node.connectionId);
      if (!connection) return emptyRow(node);
      const { label, status, experiments, kind } = connection;
      return labels.connection(label, status, experiments, kind);
    },
    tooltip(node, { store, labels }) {
      const connection = store.connection(node.connectionId);
      return connection && connectionTooltip(connection, labels);
    },
    children: ({ connectionId }, { store }, limit) =>
      (store.connection(connectionId)?.experiments ?? [])
        .slice(0, limit + 1)
        .map(({ id }) => experimentNode(connectionId, id)),
    more: ({ connectionId }) => ({ kind: 'more', connectionId }),
  },

  experiment: {
    row(node, source) {
      const summary = source.store.summary(node.connectionId, node.experimentId);
      return summary ? source.labels.experiment(summary, lostSince(node, source)) : emptyRow(node);
    },
    tooltip(node, source) {
      const summary = source.store.summary(node.connectionId, node.experimentId);
      return summary && experimentTooltip(summary, source.labels, lostSince(node, source) ?? Date.now());
    },
    children: ({ connectionId, experimentId }, { store }, limit) =>
      (store.experiment(connectionId, experimentId)?.order ?? [])
        .slice(0, limit + 1)
        .map((id) => trialNode(connectionId, experimentId, id)),
    more: ({ connectionId, experimentId }) => ({ kind: 'more', connectionId, of: experimentId }),
  },

  trial: {
    row(node, source) {
      const summary = source.store.summary(node.connectionId, node.experimentId);
      const row = trialRow(node, source);
      return summary && row ? source.labels.trial(row, summary, lostSince(node, source)) : emptyRow(node);
    },
    tooltip(node, source) {
      const summary = source.store.summary(node.connectionId, node.experimentId);
      const row = trialRow(node, source);
      return summary && row && trialTooltip(row, summary, source.labels, lostSince(node, source) ?? Date.now());
    },
    children: ({ connectionId, experimentId, trialId }) =>
      sections.map((section) => ({ kind: 'section', connectionId, experimentId, trialId, section })),
  },

  section: {
    row: (node, source) => ({ ...emptyRow(node), ...sectionRow(node, entries(node, source).length === 0) }),
    children: (node, source) => {
      const { connectionId, experimentId, trialId, section } = node;
      return entries(node, source).map(({ key }) => ({
        kind: 'value',
        connectionId,
        experimentId,
        trialId,
        section,
        key,
      }));
    },
  },

  value: {
    row(node, source) {
      const value = entries(node, source).find((entry) => entry.key === node.key)?.value ?? '';
      return {
        ...emptyRow(node),
        label: plainText(node.key),
        description: plainText(value),
        spoken: plainText(`${node.key}, ${value}`),
      };
    },
  },

  more: {
    row(node, source) {
      const hidden = hiddenCount(node, source);
      return {
        ...emptyRow(node),
        label: l10n.t('… {0} more', hidden),
        spoken: l10n.t('{0} more; pick to show the next ones', hidden),
      };
    },
  },

  problem: {
    row(node, { store }) {
      const loading = store.experiment(node.connectionId, node.experimentId)?.loading;
      const reason =
        loading?.state === 'failed' ? plainText(loading.reason, 200) : l10n.t('The trials have not arrived yet.');
      return {
        ...emptyRow(node),
        icon: 'warning',
        color: 'trialdeck.stoppedEarly',
        contextValue: 'problem;retryConnection;',
        label: reason,
        spoken: reason,
      };
    },
  },
};

/** The entry for a node. */
export function kindOf(node: TreeNode): Kind<TreeNode> {
  // Each entry takes the nodes of its own kind, and the kind chooses the entry.
  return nodeKinds[node.kind] as Kind<TreeNode>;
}

function emptyRow({ kind }: TreeNode): Row {
  const none = plainText('');
  return { label: none, description: none, icon: '', color: '', contextValue: kind, spoken: none };
}

function sectionRow({ section }: NodeOf<'section'>, empty: boolean): Partial<Row> {
  const none = plainText(empty ? l10n.t('none') : '');
  switch (section) {
    case 'parameters': {
      const label = l10n.t('Parameters');
      return { label, icon: 'symbol-parameter', description: none, spoken: label };
    }
    case 'metrics': {
      const label = l10n.t('Metrics');
      return { label, icon: 'graph-line', description: none, spoken: label };
    }
    case 'log': {
      const label = l10n.t('Log');
      return { label, icon: 'output', contextValue: 'section;openTrialLog;', spoken: label };
    }
  }
}

/** The command that a click runs: a log is a document, like a file in VS Code's Explorer. */
export function commandOf(node: TreeNode): { command: string; title: string; arguments: unknown[] } | undefined {
  if (node.kind !== 'section' || node.section !== 'log') return undefined;
  return { command: 'trialdeck.openTrialLog', title: l10n.t(userActions.openTrialLog.title), arguments: [node] };
}

/** What stands below a section of a trial. */
function entries(node: NodeOf<'section' | 'value'>, source: RowSource): { key: string; value: string }[] {
  const row = trialRow(node, source);
  if (!row) return [];
  if (node.section === 'parameters') return parameterEntries(row);
  return node.section === 'metrics' ? metricEntries(row, source.labels) : [];
}

function trialRow(
  { connectionId, experimentId, trialId }: NodeOf<'trial' | 'section' | 'value'>,
  { store }: RowSource,
) {
  return store.experiment(connectionId, experimentId)?.trials.get(trialId)?.row;
}

function hiddenCount(node: NodeOf<'more'>, { store, limitOf }: RowSource): number {
  const { connectionId, of } = node;
  const all =
    of === undefined ? store.connection(connectionId)?.models.size : store.experiment(connectionId, of)?.order.length;
  const parent = parentOf(node);
  return Math.max(0, (all ?? 0) - (parent ? limitOf(parent) : 0));
}

/** Since when nothing is heard of what is below a connection, in epoch milliseconds; undefined while it answers. */
function lostSince({ connectionId }: TreeNode, { store }: RowSource): number | undefined {
  const status = store.connection(connectionId)?.status;
  return status?.state === 'lost' ? status.since : undefined;
}
