/** What several parts of the page work out of the data, each worked out once for each state of the data. */
import type { TrialRow } from '../../src/model/trial.ts';
import { ColorSlots, type CurveMode, chooseCurves } from './curveChoice.ts';
import type { ExperimentData } from './experimentData.ts';
import { type History, historyOf } from './history.ts';
import { memoLast } from './memo.ts';
import { type ParameterColumn, parameterColumns } from './parameters.ts';
import { metricKeys, ranking } from './results.ts';
import type { StatusKind } from './trialStatus.ts';
import { filterTrials, type Sort, sortTrials, type TrialColumn, trialColumns } from './trialTable.ts';

/** Rows whose order is worked out at most so often; milliseconds. */
export interface ShownCurve {
  row: TrialRow;
  /** Index into the theme's series colours; 0 is the one in focus. */
  slot: number;
}

export class Derived {
  readonly #slots = new ColorSlots();

  readonly keys: (data: ExperimentData) => string[] = memoLast(
    (data: ExperimentData) => {
      const keys = metricKeys(data.rows.values());
      // The same array while the keys are the same, so that what depends on them stays.
      this.#keys = this.#keys.join('\n') === keys.join('\n') ? this.#keys : keys;
      return this.#keys;
    },
    (data) => [data, data.rowsVersion],
  );
  #keys: string[] = [];

  readonly parameters: (data: ExperimentData) => ParameterColumn[] = memoLast(
    (data: ExperimentData) => parameterColumns(data.rows.values()),
    (data) => [data, data.parametersVersion],
  );

  readonly ranked: (data: ExperimentData) => TrialRow[] = memoLast(
    (data: ExperimentData) => ranking(data.rows.values(), data.summary.optimizeMode),
    (data) => [data, data.rowsVersion, data.summary.optimizeMode],
  );

  readonly history: (data: ExperimentData, key: string) => History = memoLast(
    (data: ExperimentData, key: string) =>
      historyOf(data.rows.values(), key, key === 'default' ? data.summary.optimizeMode : undefined),
    (data, key) => [data, data.rowsVersion, key, data.summary.optimizeMode],
  );

  readonly columns: (data: ExperimentData) => TrialColumn[] = memoLast(
    (data: ExperimentData) => trialColumns(this.keys(data), this.parameters(data)),
    (data) => [this.keys(data), this.parameters(data)],
  );

  readonly filtered = memoLast(
    (data: ExperimentData, text: string, status: StatusKind | 'all') =>
      filterTrials(data.rows.values(), { text, status }),
    (data, text, status) => [data, data.rowsVersion, text, status],
  );

  readonly sorted = memoLast(
    (rows: readonly TrialRow[], column: TrialColumn, sort: Sort, now: number) =>
      sortTrials(rows, column, sort.descending, now),
    // Only a column of running times depends on the clock, and their order among themselves does not.
    (rows, column, sort) => [rows, column, sort.descending],
  );

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
