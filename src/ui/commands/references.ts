/** Reads what a command was called with. Free of vscode. */
import type { ExperimentRef } from '../experiments.ts';

/** Reads tree nodes, CodeLens arguments and a page's menu context alike; anything else is no reference. */
export function asReference(value: unknown): (ExperimentRef & { trialId?: string }) | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { connectionId, experimentId, trialId } = value as Record<string, unknown>;
  if (typeof connectionId !== 'string' || typeof experimentId !== 'string') return undefined;
  return typeof trialId === 'string' ? { connectionId, experimentId, trialId } : { connectionId, experimentId };
}

/** Key bindings in the tree say so, because they are called without rows. */
export function isFromTree(value: unknown): boolean {
  return value !== null && typeof value === 'object' && 'from' in value && value.from === 'tree';
}
