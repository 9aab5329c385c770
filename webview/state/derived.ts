/** Values derived from the data for several parts of the page, computed once for each state of the data. */
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { ColorSlots, type CurveMode, chooseCurves } from '../plots/curves/choice.ts';
import { endedHistory, type History, historyOf } from '../plots/history/shape.ts';
import type { ExperimentData } from './experimentData.ts';
import { memoLast } from './memo.ts';
import { orderKeys, ranking } from './results.ts';
import type { StatusKind } from './trialStatus.ts';
import { filterTrials, type Sort, sortTrials, type TrialColumn, trialColumns } from './trialTable.ts';

export interface ShownCurve {
  row: SeenTrial;
  /** Index into the theme's series colours; 0 is the trial in focus. */
  slot: number;
}

export class Derived {
  readonly #slots = new ColorSlots();

  readonly keys: (data: ExperimentData) => string[] = memoLast(
    (data: ExperimentData) => orderKeys(data.metricKeys),
    (data) => [data, data.metricKeys.size],
  );

  readonly ranked: (data: ExperimentData) => SeenTrial[] = memoLast(
    (data: ExperimentData) => ranking(data.rows.values(), data.summary.optimizeMode),
    (data) => [data, data.endedVersion, data.summary.optimizeMode],
  );

  readonly #endedHistory = memoLast(
    (data: ExperimentData, key: string) =>
      endedHistory(data.rows.values(), data.places, key, key === 'default' ? data.summary.optimizeMode : undefined),
    (data, key) => [data, data.endedVersion, key, data.summary.optimizeMode],
  );

  readonly history: (data: ExperimentData, key: string) => History = memoLast(
    (data: ExperimentData, key: string) =>
      historyOf(this.#endedHistory(data, key), data.living.values(), data.places, key),
    (data, key) => [data, data.rowsVersion, key, data.summary.optimizeMode],
  );

  readonly columns: (data: ExperimentData) => TrialColumn[] = memoLast(
    (data: ExperimentData) => trialColumns(this.keys(data), data.parameters),
    (data) => [this.keys(data), data.parameters],
  );

  readonly filtered = memoLast(
    (data: ExperimentData, text: string, status: StatusKind | 'all') =>
      filterTrials(data.rows.values(), { text, status }),
    (data, text, status) => [data, data.rowsVersion, text, status],
  );

  readonly sorted = memoLast(
    (rows: readonly SeenTrial[], column: TrialColumn, sort: Sort, now: number) => {
      this.#order = sortTrials(rows, column, sort.descending, now, this.#order);
      return this.#order;
    },
    // Only the column of running times depends on the clock, and the order among running trials does not change.
    (rows, column, sort) => [rows, column, sort.descending],
  );
  #order: SeenTrial[] = [];

  readonly curves: (
    data: ExperimentData,
    mode: CurveMode,
    count: number,
    selected: string | null,
    focus: string | undefined,
  ) => ShownCurve[] = memoLast(
    (data: ExperimentData, mode: CurveMode, count: number, selected: string | null, focus: string | undefined) => {
      const rows = chooseCurves(data.rows, this.ranked(data), { mode, count, selected });
      const slots = this.#slots.assign(
        rows.map((row) => row.id),
        focus,
      );
      return rows.map((row) => ({ row, slot: slots.get(row.id) ?? 1 }));
    },
    (data, mode, count, selected, focus) => [data, data.rowsVersion, mode, count, selected, focus],
  );
}
