/** A trial's results as numbers by metric key. */
import { formatNumber } from '../../src/model/text/format.ts';
import { decodeMetric, type Metric } from '../../src/model/trial/metric.ts';
import { isEnded, type SeenTrial } from '../../src/model/trial/trial.ts';

/** A trial's value of one metric key. */
export interface Result {
  /** May be NaN or infinite. */
  value: number;
  /** False for the newest intermediate result of a trial without a final one. */
  final: boolean;
}

interface Decoded {
  final: Metric | undefined;
  latest: Metric | undefined;
}

// A changed row is a new object, so a decoded result stays valid as long as its row exists.
const decoded = new WeakMap<SeenTrial, Decoded>();

function decode(row: SeenTrial): Decoded {
  let known = decoded.get(row);
  if (!known) {
    known = {
      final: row.final === undefined ? undefined : decodeMetric(row.final),
      latest: row.latest === undefined ? undefined : decodeMetric(row.latest.data),
    };
    decoded.set(row, known);
  }
  return known;
}

/** Checks own properties only: a trial may name an entry `constructor`. */
export function entryOf(metric: Metric | undefined, key: string): number | undefined {
  return metric && Object.hasOwn(metric.entries, key) ? metric.entries[key] : undefined;
}

/** The final result, else the newest intermediate one; undefined when neither has this key. */
export function resultOf(row: SeenTrial, key: string): Result | undefined {
  const { final, latest } = decode(row);
  const last = entryOf(final, key);
  if (last !== undefined) return { value: last, final: true };
  // A final dict may lack a key that intermediate results have: use the newest of those.
  const value = entryOf(latest, key);
  return value === undefined ? undefined : { value, final: false };
}

/** A final result without a number, for example a text; undefined when the result holds a number. */
export function reportedText(row: SeenTrial): string | undefined {
  const { final } = decode(row);
  return final && Object.keys(final.entries).length === 0 ? final.text : undefined;
}

/** For a column: always four digits, even trailing zeros, so that the decimal points align. */
export function resultText(value: number): string {
  const size = Math.abs(value);
  const plain = !Number.isInteger(value) && size >= 0.01 && size < 1000;
  return plain ? value.toPrecision(4) : formatNumber(value);
}

/** Adds the metric keys in the trial's results. */
export function addMetricKeys(row: SeenTrial, keys: Set<string>): void {
  const { final, latest } = decode(row);
  if (final) for (const key of Object.keys(final.entries)) keys.add(key);
  if (latest) for (const key of Object.keys(latest.entries)) keys.add(key);
}

/** `default` first, the others by name. */
export function orderKeys(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => Number(b === 'default') - Number(a === 'default') || (a < b ? -1 : 1));
}

/** Trials with a finite final default metric, the best first. */
export function ranking(rows: Iterable<SeenTrial>, mode: 'maximize' | 'minimize'): SeenTrial[] {
  const ranked: { row: SeenTrial; value: number }[] = [];
  for (const row of rows) {
    const result = resultOf(row, 'default');
    if (result?.final && Number.isFinite(result.value) && isEnded(row.status))
      ranked.push({ row, value: result.value });
  }
  const sign = mode === 'maximize' ? -1 : 1;
  ranked.sort((a, b) => sign * (a.value - b.value) || a.row.number - b.row.number);
  return ranked.map(({ row }) => row);
}

/** Seconds a trial has run; undefined before it starts. */
export function secondsOf(row: SeenTrial, now: number): number | undefined {
  if (row.startTime === undefined) return undefined;
  const end = row.endTime ?? (isEnded(row.status) || row.status === 'NOT_ENDED' ? undefined : now);
  return end === undefined ? undefined : Math.max(0, end - row.startTime) / 1000;
}
