/** Results of an experiment as the text of a file. */

import type { ExperimentSnapshot } from '../experiment/experiment.ts';
import { parseJson, parseWrittenJson } from '../json/parseJson.ts';
import { numberOf } from '../json/writtenNumber.ts';
import { flatParameters } from '../trial/flatParameters.ts';
import { decodeMetric } from '../trial/metric.ts';
import type { TrialRow } from '../trial/trial.ts';

export interface ExportedTrial {
  /** Its parameters may have written numbers, which stay as they are. */
  row: TrialRow;
  intermediates: { sequence: number; timestamp: number; text: string }[];
}
export type ExportFormat = 'csv' | 'json';

/**
 * CSV: one row a trial, or with curves one row for each intermediate and final result. JSON: NNI's export keys
 * (`parameter`, `value`, `trialJobId`) and what we know beyond them, with curves `intermediate`; where NNI has other parameters
 * on record than the trial ran with, those are `recordedParameter`. Values stay as they were reported; `NaN` and infinities are
 * strings in JSON, which has no such numbers.
 */
export function exportText(trials: readonly ExportedTrial[], format: ExportFormat, curves: boolean): string {
  return format === 'csv' ? csv(trials, curves) : json(trials, curves);
}

function json(trials: readonly ExportedTrial[], curves: boolean): string {
  const rows = trials.map(({ row, intermediates }) => ({
    trialJobId: row.id,
    sequenceId: row.number,
    status: row.status,
    parameter: row.parameters,
    ...(row.recordedParameters ? { recordedParameter: row.recordedParameters } : {}),
    value: row.final === undefined ? null : reported(row.final),
    startTime: row.startTime,
    endTime: row.endTime,
    ...(row.message ? { message: row.message } : {}),
    ...(curves ? { intermediate: intermediates.map(({ text }) => reported(text)) } : {}),
  }));
  return `${JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value), 2)}\n`;
}

function reported(text: string): unknown {
  try {
    return parseWrittenJson(text);
  } catch {
    // Python's JSON has NaN and infinities.
  }
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The numbers of a reported value by key, each as it was written. */
function writtenEntries(text: string): Record<string, unknown> {
  const { entries } = decodeMetric(text);
  const value = reported(text);
  if (numberOf(value) !== undefined) return { default: value };
  const written = Object(value) as Record<string, unknown>;
  const asWritten = (key: string) => (numberOf(written[key]) === undefined ? entries[key] : written[key]);
  return Object.fromEntries(Object.keys(entries).map((key) => [key, asWritten(key)]));
}

function csv(trials: readonly ExportedTrial[], curves: boolean): string {
  const parameters = [...new Set(trials.flatMap(({ row }) => [...flatParameters(row.parameters).keys()]))];
  const metrics = [
    ...new Set(
      trials.flatMap(({ row, intermediates }) => [
        ...(row.final === undefined ? [] : Object.keys(decodeMetric(row.final).entries)),
        ...(curves ? intermediates.flatMap(({ text }) => Object.keys(decodeMetric(text).entries)) : []),
      ]),
    ),
  ].sort((a, b) => Number(b === 'default') - Number(a === 'default'));
  const metricNames = metrics.map((name) => (name === 'default' ? 'metric' : `metric.${name}`));
  const about = ['trial', 'id', 'status', 'start', 'end', 'seconds'];
  const header = [...about, ...(curves ? ['type', 'sequence'] : []), ...parameters, ...metricNames];
  const lines = [header.map(cell).join(',')];
  for (const { row, intermediates } of trials) {
    const flat = flatParameters(row.parameters);
    const start = [
      row.number,
      row.id,
      row.status,
      time(row.startTime),
      time(row.endTime),
      row.startTime !== undefined && row.endTime !== undefined ? (row.endTime - row.startTime) / 1000 : '',
    ];
    const values = parameters.map((name) => flat.get(name));
    const line = (text: string | undefined, extra: unknown[]) => {
      const entries = text === undefined ? {} : writtenEntries(text);
      lines.push([...start, ...extra, ...values, ...metrics.map((name) => entries[name])].map(cell).join(','));
    };
    if (!curves) line(row.final, []);
    else {
      for (const { sequence, text } of intermediates) line(text, ['intermediate', sequence]);
      if (row.final !== undefined || intermediates.length === 0) line(row.final, ['final', '']);
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

function time(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '' : new Date(milliseconds).toISOString();
}

/** RFC 4180. Text that a spreadsheet would run as a formula gets a quote in front. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return String(value);
  if (numberOf(value) !== undefined) return JSON.stringify(value);
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  const text = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The trials of a snapshot with their curves, in order of their number. */
export function exportedTrials({ trials, metrics }: Pick<ExperimentSnapshot, 'trials' | 'metrics'>): ExportedTrial[] {
  const byId = new Map(trials.map((row): [string, ExportedTrial] => [row.id, { row, intermediates: [] }]));
  for (const [index, data] of metrics.data.entries()) {
    if (metrics.type[index] !== 'P') continue;
    byId.get(metrics.trialIds[metrics.trial[index] ?? -1] ?? '')?.intermediates.push({
      sequence: metrics.sequence[index] ?? 0,
      timestamp: metrics.timestamp[index] ?? 0,
      text: data,
    });
  }
  return [...byId.values()].sort((a, b) => a.row.number - b.row.number);
}
