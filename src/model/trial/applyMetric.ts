/** Applies a reported metric to its trial's row. Server state, poll, store and page all use it. */
import type { MetricPoint } from './metric.ts';
import type { TrialRow } from './trial.ts';

/** The part of a row that metrics change. */
export type ReportedValues = Pick<TrialRow, 'final' | 'latest' | 'intermediates'>;

/**
 * The row after a metric; the same object where the metric changes nothing. The first final result counts: NNI exports that one
 * (`finalMetricData[0]`), and the tuner learns that one. A later one stays in the list of metrics only.
 *
 * @param received how many intermediate results of the trial the reader has, this one included. A row that counts as many already
 * includes this one, as a row does that arrives together with its metrics.
 */
export function applyMetric<Row extends ReportedValues>(
  row: Row,
  metric: Pick<MetricPoint, 'type' | 'sequence' | 'data'>,
  received = row.intermediates + 1,
): Row {
  const { type, sequence, data } = metric;
  if (type === 'FINAL') return row.final === undefined ? { ...row, final: data } : row;
  return received <= row.intermediates ? row : { ...row, latest: { sequence, data }, intermediates: received };
}
