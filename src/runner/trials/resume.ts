/** Reads from a stored experiment what its next runner takes over. */
import { unwrapMetricData } from '../../model/trial/metric.ts';
import { isEnded, type MetricDataRecord, type ParameterRecord, type TrialRow } from '../../model/trial/trial.ts';
import type { StoredRun } from '../../server/storage/storedRun.ts';
import type { Inheritance } from '../lifecycle.ts';
import type { TrainingService } from '../trainingServices/trainingService.ts';
import type { Trial } from './trial.ts';
import type { AdoptedTrial } from './trialRuns.ts';
import { usableReport } from './verdict.ts';

export interface StoredTrial {
  row: TrialRow;
  /** The record it is bound to; undefined when none was stored. */
  record: ParameterRecord | undefined;
  stored: StoredRun | undefined;
  /** Its intermediate results, in the order they were stored. */
  reports(): readonly MetricDataRecord[];
}

/** A trial that has not ended; it may have a process. */
export interface Unfinished extends Omit<AdoptedTrial, 'stored'> {
  stored: StoredRun | undefined;
}

export interface StoredPast {
  inheritance: Omit<Inheritance, 'waiting' | 'adopt'>;
  /** One above the highest numeric id of a set. */
  nextSetId: number;
  unfinished: Unfinished[];
}

/** Sorts out the stored trials. Numbers go on where they ended (NNI starts them again low, so that they collide). */
export function readPast(trials: Iterable<StoredTrial>): StoredPast {
  const unfinished: Unfinished[] = [];
  let count = 0;
  let lastNumber = -1;
  let lastSetId = -1;
  for (const { row, record, stored, reports } of trials) {
    count++;
    lastNumber = Math.max(lastNumber, row.number);
    if (typeof record?.parameter_id === 'number') lastSetId = Math.max(lastSetId, record.parameter_id);
    if (isEnded(row.status) || !record) continue;
    unfinished.push({
      trial: { id: row.id, number: row.number, record },
      stored,
      isRunning: row.status !== 'WAITING',
      startTime: row.startTime ?? Date.now(),
      final: row.final,
      latest: latestReport(reports()),
    });
  }
  return { inheritance: { trials: count, nextTrialNumber: lastNumber + 1 }, nextSetId: lastSetId + 1, unfinished };
}

/** Text of the last intermediate result that a search can use. */
export function latestReport(reports: readonly MetricDataRecord[]): string | undefined {
  return reports.map(({ data }) => unwrapMetricData(data)).findLast((text) => usableReport(text));
}

/** Sorts unfinished trials into those that were submitted and those that still wait. */
export async function findProcesses(
  unfinished: readonly Unfinished[],
  service: Pick<TrainingService, 'find'>,
): Promise<Pick<Inheritance, 'waiting' | 'adopt'>> {
  const waiting: Trial[] = [];
  const adopt: Inheritance['adopt'][number][] = [];
  for (const { trial, stored, isRunning, ...rest } of unfinished) {
    const handle = stored?.handle ?? (await service.find(trial.id));
    // A trial that started never starts again under its id: its metrics would mix with those of the first life.
    if (handle !== undefined || isRunning) {
      const run: StoredRun = { trialId: trial.id, attempt: 1, ...stored, ...(handle === undefined ? {} : { handle }) };
      adopt.push({ trial, stored: run, isRunning, ...rest });
    } else waiting.push({ ...trial, record: { ...trial.record, parameter_source: resumedSource(trial.record) } });
  }
  return { waiting, adopt };
}

function resumedSource(record: ParameterRecord): ParameterRecord['parameter_source'] {
  return record.parameter_source === 'customized' ? 'customized' : 'resumed';
}
