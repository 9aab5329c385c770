/** Where trials run. The runner binds a parameter set to a trial before it is started and never changes it. */
import type { ParameterRecord } from '../../model/trial/trial.ts';

export interface TrialSpec {
  id: string;
  number: number;
  record: ParameterRecord;
}

/** What a running trial is known by after its runner died: enough to adopt it. JSON-serialisable. */
export interface TrialHandle {
  trialId: string;
  /** Bytes of the metric file consumed so far; stored in the same transaction as the metrics read from it. */
  metricsOffset: number;
  /** Process id of the trial's process group leader, and its start time as the system tells it, against reused pids. */
  pid?: number;
  pidStart?: string;
  [key: string]: unknown;
}

/** A trial's report, in the order it was made. `value` is the value's JSON text; `parameterId` what the trial says it ran. */
export interface TrialMetric {
  parameterId: string | null;
  type: 'PERIODICAL' | 'FINAL';
  sequence: number;
  value: string;
}

export interface TrialEnd {
  /** Undefined when the process was killed by a signal, or when nobody knows (then `signal` is undefined too). */
  exitCode?: number;
  signal?: string;
  /** Epoch milliseconds. */
  endTime: number;
}

export interface TrainingServiceEvents {
  started(trialId: string, handle: TrialHandle, startTime: number): void;
  /** `offset` is the metric file offset after these metrics. The runner must have stored them when this returns. */
  metrics(trialId: string, metrics: readonly TrialMetric[], offset: number): void;
  /** Bytes the trial wrote that are no metric: a broken frame or JSON. Shown as the trial's message; nothing is invented. */
  garbage(trialId: string, reason: string, offset: number): void;
  /** The last event of a trial; every metric written before the end has been given to `metrics`. */
  ended(trialId: string, end: TrialEnd): void;
  /** {@link TrainingService.hasRoom} may answer differently now, for another reason than the end of a trial. */
  roomChanged?(): void;
}

export interface TrainingService {
  /** Checks, before anything is started, what every trial will need. Rejects with a message for a person. */
  prepare(): Promise<void>;
  /** Rejects with a message for a person when the process can't be started (command or folder missing, no GPU of that index). */
  start(spec: TrialSpec): Promise<TrialHandle>;
  /** Ends the whole process tree: SIGINT, after a grace period SIGKILL. Resolves when it is gone. Harmless on an ended trial. */
  stop(trialId: string): Promise<void>;
  /** Takes over a trial of a dead runner: reads the metrics since the offset, then follows it, or reports its end if it ended meanwhile. */
  adopt(handle: TrialHandle): Promise<void>;
  /**
   * Looks for a trial of which nothing but its id was stored before its runner died: what {@link adopt} needs when it was
   * started after all, undefined when it never was.
   */
  find(trialId: string): Promise<TrialHandle | undefined>;
  /** True when another trial can start now as far as this service's own resources (GPUs) go. */
  hasRoom(): boolean;
  /** Absolute path of the trial's folder. */
  trialDirectory(trialId: string): string;
  /** The end of the trial's error output, for the reason of a failure; empty when there is none. */
  trialErrors(trialId: string): string;
  /** Stops watching and listening; running trials go on. */
  dispose(): Promise<void>;
}
