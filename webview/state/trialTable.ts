/** The columns, order and filter of the trial table. */
import { formatDuration } from '../../src/model/text/format.ts';
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { startTime, t } from '../strings.ts';
import { flatParameters, type ParameterColumn, valueText } from './parameters.ts';
import { reportedText, resultOf, resultText, secondsOf } from './results.ts';
import { kindOf, type StatusKind, statusKinds, statusWord, trialName } from './trialStatus.ts';

export interface TrialColumn {
  /** `#`, `status`, `metric:<key>`, `parameter:<name>`, `steps`, `duration`, `started`, `message`. */
  id: string;
  title: string;
  numeric: boolean;
  text(row: SeenTrial, now: number): string;
  /** The sort key: numbers before texts; undefined and non-finite values come last in both directions. */
  value(row: SeenTrial, now: number): number | string | undefined;
}

export interface Sort {
  column: string;
  descending: boolean;
}

export function metricTitle(key: string): string {
  return key === 'default' ? t('metric') : key;
}

export function trialColumns(keys: readonly string[], parameters: readonly ParameterColumn[]): TrialColumn[] {
  return [
    {
      id: '#',
      title: '#',
      numeric: true,
      text: trialName,
      value: (row) => (row.number >= 0 ? row.number : row.id),
    },
    {
      id: 'status',
      title: t('status'),
      numeric: false,
      text: (row) => `${statusWord(row.status)}${row.recordedParameters ? ` · ${t('mixed up')}` : ''}`,
      value: (row) => statusKinds.indexOf(kindOf[row.status]),
    },
    ...(keys.length === 0 ? ['default'] : keys).map(metricColumn),
    ...parameters.map(({ name, numeric }): TrialColumn => {
      const value = (row: SeenTrial) => flatParameters(row.parameters).get(name);
      return {
        id: `parameter:${name}`,
        title: name,
        numeric,
        text: (row) => valueText(value(row)),
        value: (row) => {
          const one = value(row);
          return typeof one === 'number' || typeof one === 'string' ? one : valueText(one) || undefined;
        },
      };
    }),
    {
      id: 'steps',
      title: t('steps'),
      numeric: true,
      text: (row) => (row.intermediates > 0 ? String(row.intermediates) : ''),
      value: (row) => row.intermediates,
    },
    {
      id: 'duration',
      title: t('time'),
      numeric: true,
      text: (row, now) => {
        const seconds = secondsOf(row, now);
        return seconds === undefined ? '' : formatDuration(seconds);
      },
      value: (row, now) => secondsOf(row, now),
    },
    {
      id: 'started',
      title: t('started'),
      numeric: false,
      text: (row, now) => (row.startTime === undefined ? '' : startTime(row.startTime, now)),
      value: (row) => row.startTime,
    },
    {
      id: 'message',
      title: t('message'),
      numeric: false,
      text: (row) => row.message ?? '',
      value: (row) => row.message || undefined,
    },
  ];
}

function metricColumn(key: string): TrialColumn {
  return {
    id: `metric:${key}`,
    title: metricTitle(key),
    numeric: true,
    text: (row) => {
      const result = resultOf(row, key);
      if (result) return resultText(result.value);
      return key === 'default' ? (reportedText(row) ?? '') : '';
    },
    value: (row) => resultOf(row, key)?.value,
  };
}

/**
 * Sorts into a new array. Trials with equal values keep the order of `rows`.
 * @param before the last order to start from: a change moves few trials, and checking the rest is fast
 */
export function sortTrials(
  rows: readonly SeenTrial[],
  column: TrialColumn,
  descending: boolean,
  now: number,
  before: readonly SeenTrial[] = [],
): SeenTrial[] {
  const keyed = new Map(rows.map((row, place) => [row.id, { row, place, value: column.value(row, now) }]));
  const started = before.flatMap(({ id }) => {
    const known = keyed.get(id);
    keyed.delete(id);
    return known ?? [];
  });
  const all = [...started, ...keyed.values()];
  all.sort((a, b) => compareValues(a.value, b.value, descending) || a.place - b.place);
  return all.map(({ row }) => row);
}

/** 0 for numbers, 1 for texts, 2 for NaN and infinite values, 3 for missing ones. */
function rank(value: number | string | undefined): number {
  if (typeof value === 'string') return 1;
  if (value === undefined) return 3;
  return Number.isFinite(value) ? 0 : 2;
}

const textOrder = new Intl.Collator(undefined, { numeric: true });

function compareValues(a: number | string | undefined, b: number | string | undefined, descending: boolean): number {
  const rankA = rank(a);
  const rankB = rank(b);
  // Missing values are last in both directions; numbers and texts swap places with the direction.
  if (rankA >= 2 || rankB >= 2) return rankA - rankB;
  const order =
    rankA !== rankB ? rankA - rankB : typeof a === 'string' ? textOrder.compare(a, String(b)) : Number(a) - Number(b);
  return descending ? -order : order;
}

const searchable = new WeakMap<SeenTrial, string>();

function searchText(row: SeenTrial): string {
  let text = searchable.get(row);
  if (text === undefined) {
    const parts = [trialName(row), row.id, statusWord(row.status), row.message ?? ''];
    if (row.recordedParameters) parts.push(t('mixed up'));
    for (const [name, value] of flatParameters(row.parameters)) parts.push(`${name}=${valueText(value)}`);
    const result = resultOf(row, 'default');
    if (result) parts.push(resultText(result.value));
    text = parts.join('\n').toLowerCase();
    searchable.set(row, text);
  }
  return text;
}

/** Trials that hold every word of `text` in number, id, state, message, result or parameters. */
export function filterTrials(
  rows: Iterable<SeenTrial>,
  filter: { text: string; status: StatusKind | 'all' },
): SeenTrial[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept: SeenTrial[] = [];
  for (const row of rows) {
    if (filter.status !== 'all' && kindOf[row.status] !== filter.status) continue;
    if (words.length > 0) {
      const text = searchText(row);
      if (!words.every((word) => text.includes(word))) continue;
    }
    kept.push(row);
  }
  return kept;
}
