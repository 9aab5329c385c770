/** Reads the arguments of a command. Free of vscode. */
import type { ExperimentRef } from '../experiments.ts';

/** Reads tree nodes, CodeLens arguments and the page's menu context; undefined for anything else. */
export function asReference(value: unknown): (ExperimentRef & { trialId?: string }) | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { connectionId, experimentId, trialId } = value as Record<string, unknown>;
  if (typeof connectionId !== 'string' || typeof experimentId !== 'string') return undefined;
  return typeof trialId === 'string' ? { connectionId, experimentId, trialId } : { connectionId, experimentId };
}

/** Set by key bindings in the tree, because VS Code calls them without rows. */
export function isFromTree(value: unknown): boolean {
  return value !== null && typeof value === 'object' && 'from' in value && value.from === 'tree';
}
