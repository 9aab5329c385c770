/** Metric points column by column, as they grow. */
import type { MetricColumns, MetricPoint } from './metric.ts';

/** Columns without a point. */
export function emptyColumns(): MetricColumns {
  return { trialIds: [], trial: [], type: [], sequence: [], timestamp: [], data: [] };
}

export class MetricTable {
  /** What the wire carries. Grows in place. */
  readonly columns: MetricColumns = emptyColumns();
  readonly #indexes = new Map<string, number>();

  /** @param points to begin with */
  constructor(points: Iterable<MetricPoint> = []) {
    for (const { trialId, type, sequence, timestamp, data } of points)
      this.add(trialId, type, sequence, timestamp, data);
  }

  /** How many points there are. */
  get length(): number {
    return this.columns.trial.length;
  }

  /** @param timestamp epoch milliseconds */
  add(trialId: string, type: MetricPoint['type'], sequence: number, timestamp: number, data: string): void {
    const { columns } = this;
    columns.trial.push(this.#indexOf(trialId));
    columns.type.push(type === 'FINAL' ? 'F' : 'P');
    columns.sequence.push(sequence);
    columns.timestamp.push(timestamp);
    columns.data.push(data);
  }

  /** Adds the points of other columns, whose `trial` indexes their own `trialIds`. */
  append(more: MetricColumns): void {
    const indexes = more.trialIds.map((id) => this.#indexOf(id));
    const { columns } = this;
    for (const [point, trial] of more.trial.entries()) {
      columns.trial.push(indexes[trial] ?? -1);
      columns.type.push(more.type[point] ?? 'P');
      columns.sequence.push(more.sequence[point] ?? 0);
      columns.timestamp.push(more.timestamp[point] ?? 0);
      columns.data.push(more.data[point] ?? '');
    }
  }

  #indexOf(trialId: string): number {
    let index = this.#indexes.get(trialId);
    if (index === undefined) {
      index = this.columns.trialIds.push(trialId) - 1;
      this.#indexes.set(trialId, index);
    }
    return index;
  }
}
