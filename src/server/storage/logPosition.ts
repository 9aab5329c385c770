/**
 * A place in an experiment's log. The log is NNI's two append-only tables read as one, in the order their rows were stored;
 * a place is the row number reached in each.
 */
import type { MetricDataRecord } from '../../model/trial/trial.ts';
import type { TrialEventRow } from './experimentState.ts';

export interface LogPosition {
  /** Row number in `TrialJobEvent`. */
  event: number;
  /** Row number in `MetricData`. */
  metric: number;
}

export const logStart: Readonly<LogPosition> = { event: 0, metric: 0 };

/** One number for a place: each stored row raises it by one. */
export function sequenceOf({ event, metric }: LogPosition): number {
  return event + metric;
}

/** A row of the log, with the place right after it. */
export type LogRow =
  | { at: LogPosition; event: TrialEventRow; metric?: never }
  | { at: LogPosition; metric: MetricDataRecord; event?: never };

/** A stored event; `metricsBefore` is absent where another program stored it. */
export interface OrderedEvent {
  row: number;
  event: TrialEventRow;
  metricsBefore?: number;
}

export interface OrderedMetric {
  row: number;
  metric: MetricDataRecord;
}

/**
 * Merges events and metrics into the order in which they were stored. Where the order is not on record, times decide.
 *
 * @param more which of the two lists goes on after its end; the merge stops there
 */
export function mergeLog(
  from: LogPosition,
  events: readonly OrderedEvent[],
  metrics: readonly OrderedMetric[],
  more: { events: boolean; metrics: boolean },
): LogRow[] {
  const rows: LogRow[] = [];
  let at = { ...from };
  let next = 0;
  for (const { row, event, metricsBefore } of events) {
    for (let each = metrics[next]; each; each = metrics[next]) {
      const comesFirst =
        metricsBefore === undefined ? each.metric.timestamp <= event.timestamp : each.row <= metricsBefore;
      if (!comesFirst) break;
      at = { ...at, metric: each.row };
      rows.push({ at, metric: each.metric });
      next++;
    }
    if (next === metrics.length && more.metrics) return rows;
    at = { event: row, metric: Math.max(at.metric, metricsBefore ?? 0) };
    rows.push({ at, event });
  }
  if (more.events) return rows;
  for (const { row, metric } of metrics.slice(next)) {
    at = { ...at, metric: row };
    rows.push({ at, metric });
  }
  return rows;
}
