/** The direction of a search: whether a higher or a lower result is better. */
import type { OptimizeMode } from './experiment.ts';

interface Algorithms {
  tuner?: unknown;
  advisor?: unknown;
  assessor?: unknown;
}

/**
 * The direction a config asks for: the tuner's, else the assessor's. TPE and Anneal minimise by default (their constructors in
 * nni/algorithms/hpo). Random and GridSearch have no direction; for them a higher value is shown as better.
 */
export function optimizeModeOf(config: Algorithms): OptimizeMode {
  for (const algorithm of [config.tuner, config.advisor, config.assessor]) {
    const { name, classArgs } = asAlgorithm(algorithm);
    const mode = classArgs?.optimize_mode;
    if (mode === 'maximize' || mode === 'minimize') return mode;
    if (name !== undefined && /^(tpe|tpe_legacy|anneal)$/i.test(name)) return 'minimize';
  }
  return 'maximize';
}

function asAlgorithm(value: unknown): { name?: string; classArgs?: Record<string, unknown> } {
  if (typeof value !== 'object' || value === null) return {};
  const { name, classArgs } = value as { name?: unknown; classArgs?: unknown };
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof classArgs === 'object' && classArgs !== null ? { classArgs: classArgs as Record<string, unknown> } : {}),
  };
}
