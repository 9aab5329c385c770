/** Trials, metrics and results as NNI's Python client shows them: JSON inside JSON opened, missing things absent. */
import { decodeMetric, type Metric, parsePythonJson, unwrapMetricData } from '../model/metric.ts';
import type {
  MetricDataRecord,
  MetricType,
  ParameterRecord,
  Parameters,
  TrialJobInfo,
  TrialStatus,
} from '../model/trial.ts';
import { parseWritten } from '../model/writtenNumber.ts';
import { parameterRecordSchema, parse } from './decode.ts';

/** `TrialMetricData` of `nni.experiment`. */
export interface TrialMetricData {
  /** Epoch milliseconds. */
  timestamp: number;
  trialJobId: string;
  parameterId: string | null;
  type: MetricType;
  sequence: number;
  data: Metric;
}

/** `TrialJob` of `nni.experiment`. */
export interface TrialJob {
  trialJobId: string;
  status: TrialStatus;
  hyperParameters: ParameterRecord[];
  logPath?: string;
  /** Epoch milliseconds. */
  startTime?: number;
  endTime?: number;
  finalMetricData: TrialMetricData[];
  stderrPath?: string;
  sequenceId?: number;
  envId?: string;
  message?: string;
}

/** `TrialResult` of `nni.experiment`. */
export interface TrialResult {
  parameter: Parameters;
  /** The final result: usually a number, or an object with `default`; the text itself when it is no JSON. */
  value: unknown;
  trialJobId: string;
}

export function toTrialMetricData(record: MetricDataRecord): TrialMetricData {
  return { ...record, data: decodeMetric(unwrapMetricData(record.data)) };
}

export function toTrialJob(info: TrialJobInfo): TrialJob {
  const { hyperParameters, finalMetricData, ...rest } = info;
  return {
    ...rest,
    hyperParameters: hyperParameters.flatMap((text) => parseParameterRecord(text) ?? []),
    finalMetricData: (finalMetricData ?? []).map(toTrialMetricData),
  };
}

/** The record in one `hyperParameters` entry; undefined when it is none. */
export function parseParameterRecord(text: string): ParameterRecord | undefined {
  const value = parsedOr(text, undefined);
  return parse(parameterRecordSchema, value);
}

/** As {@link parseParameterRecord}, with numbers as they were written; `NaN` and its like are not JSON and are read the other way. */
export function parseWrittenRecord(text: string): ParameterRecord | undefined {
  try {
    return parse(parameterRecordSchema, parseWritten(text));
  } catch {
    return parseParameterRecord(text);
  }
}

export function toTrialResult(exported: { parameter: Parameters; value: string; trialJobId: string }): TrialResult {
  return { ...exported, value: parsedOr(exported.value, exported.value) };
}

function parsedOr(text: string, otherwise: unknown): unknown {
  try {
    return parsePythonJson(text);
  } catch {
    return otherwise;
  }
}
