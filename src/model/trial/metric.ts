/**
 * Metric values as trials report them: a number, an object with `default`, or anything else JSON-like.
 * NNI carries a value as JSON text inside JSON text, written by Python, so `NaN` and `Infinity` are bare tokens.
 */
import { parseJson } from '../json/parseJson.ts';
import type { MetricType } from './trial.ts';

/** A decoded metric value. `text` is always what was reported, so that nothing is lost when the rest is empty. */
export interface Metric {
  /** The number of interest: the value itself or its `default`; undefined when there is none. May be NaN or infinite. */
  default?: number;
  /** Every numeric entry by key; a bare number is `{ default: n }`. */
  entries: Readonly<Record<string, number>>;
  text: string;
}

/** A metric on our own event stream. `data` is the value's text, one JSON layer less than NNI's column. */
export interface MetricPoint {
  trialId: string;
  type: MetricType;
  sequence: number;
  /** Epoch milliseconds of arrival at the runner. */
  timestamp: number;
  data: string;
}

/** Many metric points, column by column; `trial` indexes `trialIds`. */
export interface MetricColumns {
  trialIds: string[];
  trial: number[];
  type: ('P' | 'F')[];
  sequence: number[];
  timestamp: number[];
  data: string[];
}

/** Takes NNI's `data` column (JSON text of the value text) one layer down. Returns the input when it is not a JSON string. */
export function unwrapMetricData(data: string): string {
  if (!/^\s*"/.test(data)) return data;
  try {
    const inner: unknown = JSON.parse(data);
    return typeof inner === 'string' ? inner : data;
  } catch {
    return data;
  }
}

/** The reverse of {@link unwrapMetricData}: what NNI stores for a reported value text. */
export function wrapMetricData(text: string): string {
  return JSON.stringify(text);
}

/** Decodes a value text. Never throws: text that fits nothing has no entries. Booleans count as 0 and 1, as in Python. */
export function decodeMetric(text: string): Metric {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    return { entries: {}, text };
  }
  const single = asNumber(value);
  if (single !== undefined) return { default: single, entries: { default: single }, text };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return { entries: {}, text };
  const entries: Record<string, number> = {};
  for (const [key, entry] of Object.entries(value)) {
    const number = asNumber(entry);
    if (number !== undefined) entries[key] = number;
  }
  const metric: Metric = { entries, text };
  if (entries.default !== undefined) metric.default = entries.default;
  return metric;
}

function asNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // numpy scalars arrive as zero-dimensional arrays: {"__ndarray__": 5.0, "dtype": "float64", "shape": []}
  if (value === null || typeof value !== 'object' || !('__ndarray__' in value)) return undefined;
  const { __ndarray__: inner } = value;
  return typeof inner === 'object' ? undefined : asNumber(inner);
}
