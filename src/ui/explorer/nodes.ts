/** What the tree consists of. Nodes only name things; what they say is read from the store when a row is drawn. */

export interface ConnectionNode {
  kind: 'connection';
  connectionId: string;
}
export interface ExperimentNode {
  kind: 'experiment';
  connectionId: string;
  experimentId: string;
}
export interface TrialNode {
  kind: 'trial';
  connectionId: string;
  experimentId: string;
  trialId: string;
}
export type Section = 'parameters' | 'metrics' | 'log';
/** Parameters, Metrics and Log below a trial. */
export interface SectionNode {
  kind: 'section';
  connectionId: string;
  experimentId: string;
  trialId: string;
  section: Section;
}
/** One parameter or one metric. */
export interface ValueNode {
  kind: 'value';
  connectionId: string;
  experimentId: string;
  trialId: string;
  section: Section;
  key: string;
}
/** "… 58 more": shows the next page when picked. Named otherwise than others, as no command is about it. */
export interface MoreNode {
  kind: 'more';
  connectionId: string;
  /** Whose trials; the connection's experiments where it is absent. */
  of?: string;
}
/** Why there is nothing below an experiment. */
export interface ProblemNode {
  kind: 'problem';
  connectionId: string;
  experimentId: string;
}
export type TreeNode = ConnectionNode | ExperimentNode | TrialNode | SectionNode | ValueNode | MoreNode | ProblemNode;

export function experimentNode(connectionId: string, experimentId: string): ExperimentNode {
  return { kind: 'experiment', connectionId, experimentId };
}

export function trialNode(connectionId: string, experimentId: string, trialId: string): TrialNode {
  return { kind: 'trial', connectionId, experimentId, trialId };
}

/** Unique in the tree and the same after a reload, so that VS Code keeps expansion and selection. */
export function nodeId(node: TreeNode): string {
  const parts: string[] = [node.connectionId];
  if ('experimentId' in node) parts.push(node.experimentId);
  if (node.kind === 'more' && node.of !== undefined) parts.push(node.of);
  if ('trialId' in node) parts.push(node.trialId);
  if ('section' in node) parts.push(node.section);
  if ('key' in node) parts.push(node.key);
  // Ids and keys come from elsewhere and may hold the separator.
  return [node.kind, ...parts.map(encodeURIComponent)].join('/');
}

export function parentOf(node: TreeNode): TreeNode | undefined {
  const { connectionId } = node;
  switch (node.kind) {
    case 'connection':
      return undefined;
    case 'experiment':
      return { kind: 'connection', connectionId };
    case 'trial':
    case 'problem':
      return { kind: 'experiment', connectionId, experimentId: node.experimentId };
    case 'more':
      return node.of === undefined
        ? { kind: 'connection', connectionId }
        : { kind: 'experiment', connectionId, experimentId: node.of };
    case 'section':
      return { kind: 'trial', connectionId, experimentId: node.experimentId, trialId: node.trialId };
    case 'value': {
      const { experimentId, trialId, section } = node;
      return { kind: 'section', connectionId, experimentId, trialId, section };
    }
  }
}
