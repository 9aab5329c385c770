/** Trials as NNI names them: states, parameter records and the row everything above storage works with. */

/** NNI's trial states (`ts/nni_manager/common/trainingService.ts`). */
export const trialStatuses = [
  'UNKNOWN',
  'WAITING',
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'USER_CANCELED',
  'EARLY_STOPPED',
  'SYS_CANCELED',
] as const;
export type TrialStatus = (typeof trialStatuses)[number];

/** A state as people see it. `NOT_ENDED`: on record as running or waiting, while no process runs the experiment. */
export type SeenStatus = TrialStatus | 'NOT_ENDED';

/** States a trial never leaves. */
export function isEnded(status: SeenStatus): boolean {
  return status !== 'WAITING' && status !== 'RUNNING' && status !== 'UNKNOWN' && status !== 'NOT_ENDED';
}

/**
 * A parameter set: names to whatever the search space yields; nested choices are nested objects with `_name`. Where a number's value does
 * not show its Python type, runner and manager hold a `WrittenNumber`.
 */
export type Parameters = { readonly [name: string]: unknown };

/** What NNI stores and sends as one `hyperParameters` entry. Add no keys: Python's client rejects unknown ones. */
export interface ParameterRecord {
  /** null for custom trials; a string for bracketed advisors such as Hyperband. */
  parameter_id: number | string | null;
  parameter_source: 'algorithm' | 'customized' | 'resumed';
  parameters: Parameters;
  parameter_index: number;
  placement_constraint?: unknown;
  version_info?: unknown;
}

/** A `trial-jobs` entry exactly as NNI's REST sends it. */
export interface TrialJobInfo {
  trialJobId: string;
  status: TrialStatus;
  /** JSON texts of {@link ParameterRecord}. */
  hyperParameters: string[];
  /** Epoch milliseconds. */
  startTime?: number;
  endTime?: number;
  logPath?: string;
  sequenceId?: number;
  envId?: string;
  message?: string;
  stderrPath?: string;
  /** Only when SUCCEEDED and a final result was reported. */
  finalMetricData?: MetricDataRecord[];
}

/** A `metric-data` row exactly as NNI's REST sends it. */
export interface MetricDataRecord {
  timestamp: number;
  trialJobId: string;
  parameterId: string | null;
  type: MetricType;
  sequence: number;
  /** JSON text of a string that is JSON text of the value (see {@link ./metric.ts}). */
  data: string;
}
export type MetricType = 'PERIODICAL' | 'FINAL';

/** One trial as the store, the tree and the panel see it: NNI's record plus what we know beyond it. */
export interface TrialRow<Status extends SeenStatus = TrialStatus> {
  id: string;
  /** NNI's sequenceId: the number people call the trial by; -1 when NNI stored none. */
  number: number;
  status: Status;
  /** The parameters the trial ran with. */
  parameters: Parameters;
  /** The parameters that its server has on record, where they are wrong: NNI 3.0 hands parameters to the trial that asks first. */
  recordedParameters?: Parameters;
  parameterId: string | null;
  source: ParameterRecord['parameter_source'];
  startTime?: number;
  endTime?: number;
  /** Why it failed, was stopped or is waiting, in a few words for a person. */
  message?: string;
  /** Text of the final result as reported (Python-style JSON, may be `NaN`); absent when none was. */
  final?: string;
  /** Text and sequence of the newest intermediate result. */
  latest?: { sequence: number; data: string };
  /** How many intermediate results are stored. */
  intermediates: number;
}

/** A trial as people see it. */
export type SeenTrial = TrialRow<SeenStatus>;

/** A custom trial, or one taken from the tuner, that has been accepted but has no process yet is WAITING. */
export function canKill(status: SeenStatus): boolean {
  return !isEnded(status);
}
