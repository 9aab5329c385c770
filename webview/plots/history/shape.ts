/** The points of the history plot: what each trial came to, and the best so far. */
import { isEnded, type SeenStatus, type SeenTrial } from '../../../src/model/trial/trial.ts';
import type { XY } from '../../state/curve.ts';
import { resultOf } from '../../state/results.ts';
import { kindOf, type StatusKind } from '../../state/trialStatus.ts';

export interface HistoryGroup {
  kind: StatusKind;
  /** Trial ids, beside `points`. */
  ids: string[];
  points: XY[];
}

export interface History {
  /** One for each kind of trial that has a finite value. */
  groups: HistoryGroup[];
  /** Failed trials that reported no number; `y` means nothing. */
  withoutValue: HistoryGroup;
  /** Corners of the step line; empty for a metric whose better direction is not known. */
  best: XY[];
  /** Trials whose value is NaN or infinite, which no axis can show. */
  notFinite: number;
  /** Whether all values are above zero, as a logarithmic axis needs. */
  positive: boolean;
  /** Largest trial number. */
  last: number;
  /** Smallest and largest value; undefined without one. */
  range: [low: number, high: number] | undefined;
}

/** What does not change while trials run; worked out once for many results of running trials. */
export interface EndedHistory extends Omit<History, 'best' | 'positive' | 'range'> {
  low: number;
  high: number;
  /** Where the best changes. */
  corners: XY[];
}

/**
 * The history of trials that have ended.
 * @param mode the direction of the best-so-far line, which only the default metric has.
 * @param places where trials arrived: there stands one without a number of its own.
 */
export function endedHistory(
  rows: Iterable<SeenTrial>,
  places: ReadonlyMap<string, number>,
  key: string,
  mode: 'maximize' | 'minimize' | undefined,
): EndedHistory {
  const { finals, ...points } = pointsOf(rows, places, key, isEnded);
  return { ...points, corners: mode ? bestSoFar(finals, mode) : [] };
}

/** Together with the trials that have not ended. Points of those that have are the same arrays each time. */
export function historyOf(
  ended: EndedHistory,
  living: Iterable<SeenTrial>,
  places: ReadonlyMap<string, number>,
  key: string,
): History {
  const now = pointsOf(living, places, key, () => true);
  const low = Math.min(ended.low, now.low);
  const high = Math.max(ended.high, now.high);
  const last = Math.max(ended.last, now.last);
  const end = ended.corners.at(-1);
  return {
    groups: [...ended.groups, ...now.groups],
    withoutValue: ended.withoutValue,
    best: end && end[0] < last ? [...ended.corners, [last, end[1]]] : ended.corners,
    notFinite: ended.notFinite + now.notFinite,
    positive: low > 0,
    last,
    range: low <= high ? [low, high] : undefined,
  };
}

function pointsOf(
  rows: Iterable<SeenTrial>,
  places: ReadonlyMap<string, number>,
  key: string,
  wanted: (status: SeenStatus) => boolean,
) {
  const groups = new Map<StatusKind, HistoryGroup>();
  const withoutValue: HistoryGroup = { kind: 'failed', ids: [], points: [] };
  const finals: XY[] = [];
  let notFinite = 0;
  let low = Infinity;
  let high = -Infinity;
  let last = 0;
  for (const row of rows) {
    if (!wanted(row.status)) continue;
    const x = row.number >= 0 ? row.number : (places.get(row.id) ?? 0);
    if (x > last) last = x;
    const kind = kindOf[row.status];
    const result = resultOf(row, key);
    if (!result) {
      if (kind === 'failed') {
        withoutValue.ids.push(row.id);
        withoutValue.points.push([x, 0]);
      }
      continue;
    }
    if (!Number.isFinite(result.value)) {
      notFinite++;
      continue;
    }
    let group = groups.get(kind);
    if (!group) {
      group = { kind, ids: [], points: [] };
      groups.set(kind, group);
    }
    group.ids.push(row.id);
    group.points.push([x, result.value]);
    if (result.value < low) low = result.value;
    if (result.value > high) high = result.value;
    if (result.final) finals.push([x, result.value]);
  }
  return { groups: [...groups.values()], withoutValue, finals, notFinite, low, high, last };
}

/** Only the corners: where the best changes. */
function bestSoFar(finals: readonly XY[], mode: 'maximize' | 'minimize'): XY[] {
  const better = mode === 'maximize' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  const corners: XY[] = [];
  for (const [x, y] of [...finals].sort((a, b) => a[0] - b[0])) {
    const before = corners.at(-1);
    if (!before || better(y, before[1])) corners.push([x, y]);
  }
  return corners;
}

/** The end of an axis that starts at 0 and grows in steps, so that it does not move with every new trial. */
export function steadyEnd(last: number, least = 10): number {
  if (last <= least) return least;
  const step = Math.max(1, 10 ** Math.floor(Math.log10(last)) / 2);
  return Math.ceil(last / step) * step;
}
