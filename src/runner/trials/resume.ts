/** What a resumed experiment takes over from its stored past. */

import { parseWrittenJson } from '../../model/json/parseJson.ts';

import { decodeMetric } from '../../model/trial/metric.ts';
import { isEnded, type ParameterRecord, type TrialRow } from '../../model/trial/trial.ts';
import type { FinishedTrial } from '../../search/tuner.ts';
import type { StoredRun } from '../../server/storage/storedRun.ts';
import type { Inheritance } from '../experiment.ts';
import type { TrainingService } from '../trainingServices/trainingService.ts';
import type { Trial } from './trial.ts';
import type { AdoptedTrial } from './trialRuns.ts';

export interface StoredTrial {
  row: TrialRow;
  /** The record it is bound to; undefined when none was stored. */
  record: ParameterRecord | undefined;
  stored: StoredRun | undefined;
}

/** A trial that has not ended; it may have a process. */
export interface Unfinished extends Omit<AdoptedTrial, 'stored'> {
  stored: StoredRun | undefined;
}

export interface StoredPast {
  inheritance: Omit<Inheritance, 'waiting' | 'adopt'>;
  unfinished: Unfinished[];
}

/**
 * Sorts out the stored trials. Numbers go on where they ended (NNI starts them again low, so that they collide).
 *
 * @param imported texts of what was imported earlier, as stored
 * @param tunerState what the tuner last said of itself
 */
export function readPast(trials: Iterable<StoredTrial>, imported: Iterable<string>, tunerState: unknown): StoredPast {
  const results: { trial: FinishedTrial; endTime: number }[] = [];
  const fruitless: TrialRow['parameters'][] = [];
  const pending = new Map<number, TrialRow['parameters']>();
  const unfinished: Unfinished[] = [];
  let count = 0;
  let lastNumber = -1;
  let lastParameterId = -1;
  for (const { row, record, stored } of trials) {
    count++;
    lastNumber = Math.max(lastNumber, row.number);
    const parameterId = record?.parameter_id;
    if (typeof parameterId === 'number') lastParameterId = Math.max(lastParameterId, parameterId);
    const value = row.final === undefined ? undefined : decodeMetric(row.final).default;
    if (row.status === 'SUCCEEDED' && value !== undefined && Number.isFinite(value)) {
      results.push({ trial: { parameters: row.parameters, value }, endTime: row.endTime ?? 0 });
    } else if (isEnded(row.status) && typeof parameterId === 'number') fruitless.push(row.parameters);
    if (isEnded(row.status) || !record) continue;
    if (typeof parameterId === 'number') pending.set(parameterId, record.parameters);
    unfinished.push({
      trial: { id: row.id, number: row.number, record },
      stored,
      isRunning: row.status !== 'WAITING',
      startTime: row.startTime ?? Date.now(),
      final: row.final,
    });
  }
  // The order in which a search that was never interrupted would have learned of them.
  const finished = results.sort((a, b) => a.endTime - b.endTime).map(({ trial }) => trial);
  for (const text of imported) finished.push(...readImported(text));
  return {
    inheritance: {
      past: { finished, pending, fruitless, ...(tunerState == null ? {} : { state: tunerState }) },
      trials: count,
      nextTrialNumber: lastNumber + 1,
      nextParameterId: lastParameterId + 1,
    },
    unfinished,
  };
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

function readImported(text: string): FinishedTrial[] {
  let data: unknown;
  try {
    data = parseWrittenJson(text);
  } catch {
    return [];
  }
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: { parameter?: unknown; value?: unknown } | null) => {
    const { parameter, value } = entry ?? {};
    if (parameter === null || typeof parameter !== 'object') return [];
    const number = decodeMetric(typeof value === 'string' ? value : JSON.stringify(value ?? null)).default;
    if (number === undefined || !Number.isFinite(number)) return [];
    return [{ parameters: parameter as FinishedTrial['parameters'], value: number }];
  });
}
