/**
 * How trials report their metrics: the contract of every channel. A channel knows nothing of machines and processes; a
 * training service (`trainingServices/trainingService.ts`) knows nothing of metrics.
 */
import type { JsonValue } from '../../model/json/jsonValue.ts';
import type { Trial } from '../trials/trial.ts';

/** How far the reports of one attempt have been read. Only the channel that made it can read it; the database keeps it. */
export type Position = JsonValue;

/** One metric of a trial. */
export interface TrialMetric {
  /** The parameters the trial says it ran. */
  parameterId: string | null;
  type: 'PERIODICAL' | 'FINAL';
  sequence: number;
  /** JSON text of the value. */
  value: string;
}

/** What a trial reported since the last report, in its order. */
export interface TrialReport {
  /** The run of the trial that reported it; see {@link ../trainingServices/trainingService.ts!TrialState}. */
  attempt: number;
  metrics: readonly TrialMetric[];
  /** Says in a few words that the trial wrote something that is not a metric. */
  garbage?: string;
  /** The position after this report. It is stored in the transaction that stores the metrics. */
  position: Position;
}

export interface ChannelEvents {
  reported(trialId: string, report: TrialReport): void;
  /** The trial gave a sign of life after {@link ChannelEvents.silent}. */
  alive(trialId: string): void;
  /**
   * The trial gave no sign of life for longer than the channel allows. A cluster may call a trial running long after its
   * node died (Ray does, for more than a minute).
   *
   * @param sinceMs time of the last sign, in epoch milliseconds
   */
  silent(trialId: string, sinceMs: number): void;
}

/** What a trial needs in order to report. */
export interface TrialLaunch {
  environment: Readonly<Record<string, string>>;
  /** Texts of files by their path below the trial's folder. Empty where the channel reaches that folder itself. */
  files: Readonly<Record<string, string>>;
}

export interface TrialChannel {
  /**
   * Prepares an attempt of a trial and listens to it from now on. An earlier attempt must be closed.
   *
   * @throws Error with a message for a person, when the trial could not be heard; it must not start then
   */
  open(trial: Trial, attempt: number): Promise<TrialLaunch>;
  /**
   * Listens again to an attempt that an earlier runner opened, from where that runner got to.
   *
   * @param position undefined when none was stored
   * @throws Error with a message for a person, when the trial can't be heard
   */
  follow(trial: Trial, attempt: number, position: Position | undefined): Promise<void>;
  /** Reports what is left of an attempt that is over, then listens no more. Harmless for a trial that is not open. */
  close(trialId: string): Promise<void>;
  /** Stops listening to all trials. Those that run go on and can be followed later. */
  dispose(): Promise<void>;
}
