/** Several changes of an experiment as one. */
import type { MetricPoint } from '../trial/metric.ts';
import type { TrialRow } from '../trial/trial.ts';
import type { ExperimentChange } from './experiment.ts';

/** A change before it has a revision. */
export type UnnumberedChange = Omit<ExperimentChange, 'revision'>;

/** Collects changes in order. Its time grows with the size of the changes, not with their number. */
export class ChangeMerger {
  #latest: Pick<ExperimentChange, 'summary' | 'config'> = {};
  readonly #rows = new Map<string, TrialRow>();
  #metrics: MetricPoint[] = [];
  readonly #removed = new Set<string>();

  add(change: UnnumberedChange): void {
    const { summary, config, trials = [], metrics = [], removedTrials = [] } = change;
    if (summary) this.#latest.summary = summary;
    if (config) this.#latest.config = config;
    for (const id of removedTrials) {
      this.#removed.add(id);
      this.#rows.delete(id);
    }
    if (removedTrials.length > 0) {
      const gone = new Set(removedTrials);
      this.#metrics = this.#metrics.filter(({ trialId }) => !gone.has(trialId));
    }
    for (const row of trials) this.#rows.set(row.id, row);
    for (const point of metrics) this.#metrics.push(point);
  }

  /** The newest summary, config and rows, all points in order, and the trials that were removed. */
  merged(): UnnumberedChange {
    return {
      ...this.#latest,
      ...(this.#rows.size > 0 ? { trials: [...this.#rows.values()] } : {}),
      ...(this.#metrics.length > 0 ? { metrics: this.#metrics } : {}),
      ...(this.#removed.size > 0 ? { removedTrials: [...this.#removed] } : {}),
    };
  }
}

export function mergeChanges(changes: Iterable<UnnumberedChange>): UnnumberedChange {
  const merger = new ChangeMerger();
  for (const change of changes) merger.add(change);
  return merger.merged();
}
