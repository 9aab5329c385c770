/**
 * Where trials run: the contract of every training service. A service starts, stops, finds and adopts trials. It knows
 * nothing of metrics; a channel (`channels/channel.ts`) carries those.
 *
 * `test/unit/runner/trainingServiceContract.ts` holds every service to this.
 */
import type { JsonValue } from '../../model/json/jsonValue.ts';
import type { TrialFiles } from '../../server/sources/trialFiles.ts';
import type { TrialLaunch } from '../channels/channel.ts';
import type { Trial } from '../trials/trial.ts';

/** Finds a trial again after its runner died. Only the service that made it can read it; the database keeps it. */
export type Handle = JsonValue;

export interface TrialEnd {
  /** Undefined when a signal ended the trial, or when its exit code is unknown (then `signal` is undefined too). */
  exitCode?: number;
  signal?: string;
  /** Says in a few words why the trial ended, where neither exit code nor signal does: its node was lost, for instance. */
  reason?: string;
  /** Epoch milliseconds. */
  endTime: number;
}

export type TrialState =
  /** The engine accepted the trial and starts it later. */
  | { state: 'queued'; reason: string }
  /** The trial runs. The same attempt may be told again when it was queued, silent or lost in between. */
  | {
      state: 'running';
      /** Epoch milliseconds. */
      startTime: number;
      /**
       * 1 for the first run, and one more each time the trial runs again from its beginning, as clusters let it after a node
       * failed. Metrics of an earlier attempt don't count.
       */
      attempt: number;
      /** Present when the handle has changed, for instance because this attempt is another job. */
      handle?: Handle;
      /** The engine's own name for the trial, for the log: `process 12`, `Slurm job 812`. */
      engineName?: string;
    }
  /** The engine calls it running, but nothing was heard of it since (epoch milliseconds). */
  | { state: 'silent'; since: number }
  /** Its node can't be reached. The trial may come back, run again, or end; the service decides when to give it up. */
  | { state: 'lost'; reason: string }
  /** The last state of a trial. */
  | { state: 'ended'; end: TrialEnd };

export interface TrainingServiceEvents {
  changed(trialId: string, state: TrialState): void;
  /** {@link TrainingService.room} may answer differently now, for another reason than the end of a trial. */
  roomChanged(): void;
}

/** Whether another trial can start now, as far as this service's own resources go. */
export type Room =
  | {
      free: true;
      /** How many further trials can start; absent where the service sets no limit. */
      trials?: number;
    }
  | { free: false; reason: string };

/** `ended`: the trial has ended, and {@link TrialState} said so. `kept`: it can't be stopped now, and why. */
export type StopOutcome = { outcome: 'ended' } | { outcome: 'kept'; reason: string };

export interface TrainingService {
  /** NNI's `environmentId` of the trials: the node or cluster they run on. */
  readonly environmentId: string;
  /** Checks before any trial starts what all of them need. Rejects with a message for a person. */
  prepare(): Promise<void>;
  room(): Room;
  /**
   * Starts a trial, or queues it. Rejects with a message for a person when it can't be started. States may be told before
   * the promise settles.
   *
   * @param launch gives what an attempt needs in order to report; call it once for each attempt, before that starts
   */
  submit(trial: Trial, launch: (attempt: number) => Promise<TrialLaunch>): Promise<Handle>;
  /**
   * Ends a trial with all its processes. It may be called at any time and any number of times: before {@link submit} has
   * settled (which rejects then), after the end, and for an unknown trial. A stop that is kept is carried out as soon as the
   * engine allows it.
   */
  stop(trialId: string): Promise<StopOutcome>;
  /**
   * Takes over a trial of an earlier runner and tells its state, also an end that no runner saw.
   *
   * @param handle undefined when none was stored
   */
  adopt(trial: Trial, handle: Handle | undefined): Promise<void>;
  /** Looks for a trial whose runner died before it stored a handle; undefined when the trial never started. */
  find(trialId: string): Promise<Handle | undefined>;
  /** Where a person finds the trial's files: an absolute path, or an address. NNI's `logPath`. */
  location(trialId: string): string;
  files(trialId: string): TrialFiles;
  /** Stops watching. Running trials go on where the engine lets them. */
  dispose(): Promise<void>;
}
