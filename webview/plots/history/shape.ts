/** The shape of the history plot: a point for each trial's result, and the best so far. */
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
  /** Failed trials without a number; their `y` has no meaning. */
  withoutValue: HistoryGroup;
  /** Corners of the step line; empty for a metric whose better direction is not known. */
  best: XY[];
  /** Trials whose value is NaN or infinite, which an axis can't show. */
  notFinite: number;
  /** Whether all values are above zero, which a logarithmic axis needs. */
  positive: boolean;
  /** Largest trial number. */
  last: number;
  /** Smallest and largest value; undefined without a value. */
  range: [low: number, high: number] | undefined;
}

/** The part that running trials do not change, computed once for many of their results. */
export interface EndedHistory extends Omit<History, 'best' | 'positive' | 'range'> {
  low: number;
  high: number;
  /** Where the best changes. */
  corners: XY[];
}

/**
 * The history of trials that have ended.
 * @param mode the direction of the best-so-far line, which only the default metric has.
 * @param places positions by arrival, used for trials without a number
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

/** Adds the trials that have not ended. Reuses the arrays of the ended ones. */
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

/** The corners of the step line: where the best changes. */
function bestSoFar(finals: readonly XY[], mode: 'maximize' | 'minimize'): XY[] {
  const better = mode === 'maximize' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b;
  const corners: XY[] = [];
  for (const [x, y] of [...finals].sort((a, b) => a[0] - b[0])) {
    const before = corners.at(-1);
    if (!before || better(y, before[1])) corners.push([x, y]);
  }
  return corners;
}

/** The end of an axis from 0. It grows in steps, so that the axis does not move with every new trial. */
export function steadyEnd(last: number, least = 10): number {
  if (last <= least) return least;
  const step = Math.max(1, 10 ** Math.floor(Math.log10(last)) / 2);
  return Math.ceil(last / step) * step;
}
