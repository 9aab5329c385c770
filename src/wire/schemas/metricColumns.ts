/** Metric columns as a server of ours sends them. By hand: there may be millions of points. */
import * as v from 'valibot';
import type { MetricColumns } from '../../model/trial/metric.ts';
import { emptyColumns } from '../../model/trial/metricColumns.ts';
import { isRecord } from './schema.ts';

/** Points that are not whole are left out. */
export const metricColumnsSchema = v.pipe(v.unknown(), v.transform(readColumns));

function readColumns(value: unknown): MetricColumns {
  if (!isRecord(value)) return emptyColumns();
  const { trialIds, trial, type, sequence, timestamp, data } = value;
  if (!isList(trialIds) || !isList(trial) || !isList(type)) return emptyColumns();
  if (!isList(sequence) || !isList(timestamp) || !isList(data)) return emptyColumns();
  const ids = trialIds.map(String);
  const { length } = trial;
  const even = [type, sequence, timestamp, data].every((column) => column.length === length);
  if (even && isNumbers(trial) && isTypes(type) && isNumbers(sequence) && isNumbers(timestamp) && isTexts(data)) {
    const known = trial.every((index) => ids[index] !== undefined);
    if (known) return { trialIds: ids, trial, type, sequence, timestamp, data };
  }
  const whole: MetricColumns = { ...emptyColumns(), trialIds: ids };
  for (let point = 0; point < length; point++) {
    const [index, kind, number, time, text] = [trial, type, sequence, timestamp, data].map((column) => column[point]);
    if (typeof index !== 'number' || ids[index] === undefined || (kind !== 'P' && kind !== 'F')) continue;
    if (typeof number !== 'number' || typeof time !== 'number' || typeof text !== 'string') continue;
    whole.trial.push(index);
    whole.type.push(kind);
    whole.sequence.push(number);
    whole.timestamp.push(time);
    whole.data.push(text);
  }
  return whole;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isNumbers(column: unknown[]): column is number[] {
  return column.every((value) => typeof value === 'number');
}

function isTexts(column: unknown[]): column is string[] {
  return column.every((value) => typeof value === 'string');
}

function isTypes(column: unknown[]): column is MetricColumns['type'] {
  return column.every((value) => value === 'P' || value === 'F');
}
