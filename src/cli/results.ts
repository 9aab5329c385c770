/** The table of results: the best trials with their parameters and durations. */
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { formatDuration, formatNumber } from '../model/text/format.ts';
import { flatParameters } from '../model/trial/flatParameters.ts';
import { decodeMetric } from '../model/trial/metric.ts';
import type { Parameters, TrialRow } from '../model/trial/trial.ts';
import { table } from './table.ts';

/** The default metric of a trial's final result; undefined when it is not a finite number. */
export function finalValue(row: TrialRow): number | undefined {
  const value = row.final === undefined ? undefined : decodeMetric(row.final).default;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Sorts trials: the best first, those without a metric last in order of their number. */
export function ranked(trials: Iterable<TrialRow>, mode: ExperimentSummary['optimizeMode']): TrialRow[] {
  const sign = mode === 'maximize' ? -1 : 1;
  return [...trials].sort((a, b) => {
    const [x, y] = [finalValue(a), finalValue(b)];
    if (x === undefined || y === undefined)
      return Number(x === undefined) - Number(y === undefined) || a.number - b.number;
    return sign * (x - y) || a.number - b.number;
  });
}

/** @param width of the terminal, in characters */
export function resultsTable(trials: readonly TrialRow[], width: number): string {
  return table(
    [
      { title: 'TRIAL', align: 'right' },
      { title: 'METRIC', align: 'right' },
      { title: 'DURATION', align: 'right' },
      { title: 'STATUS' },
      { title: 'PARAMETERS' },
    ],
    trials.map((row) => [
      trialName(row),
      metricText(row),
      durationText(row),
      row.status,
      parametersText(row.parameters),
    ]),
    width,
  );
}

/** `7`, or the id of a trial that has no number. */
export function trialName(row: Pick<TrialRow, 'id' | 'number'>): string {
  return row.number >= 0 ? String(row.number) : row.id;
}

/** The default metric of the final result, else the result's text, else nothing. */
export function metricText(row: TrialRow): string {
  if (row.final === undefined) return '';
  const value = decodeMetric(row.final).default;
  return value === undefined ? shorten(row.final, 20) : formatNumber(value);
}

export function durationText(row: TrialRow): string {
  if (row.startTime === undefined) return '';
  if (row.endTime === undefined && row.status !== 'RUNNING') return '';
  return formatDuration(Math.max(0, (row.endTime ?? Date.now()) - row.startTime) / 1000);
}

/** `lr=0.01 layers=2`; a nested choice as `layer=dense layer.units=64`. */
export function parametersText(parameters: Parameters): string {
  return [...flatParameters(parameters)]
    .map(([name, value]) => `${name}=${typeof value === 'number' ? formatNumber(value) : plainText(value)}`)
    .join(' ');
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
