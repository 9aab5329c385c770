/**
 * The status, number and first final result of each trial, replayed from NNI's tables. Counts and best result depend on nothing else, so
 * lists replay only this; {@link ExperimentState} adds the rest.
 */
import { type BestResult, betterResult } from '../../model/experiment/bestResult.ts';
import type { OptimizeMode } from '../../model/experiment/experiment.ts';
import { isEnded, type TrialRow, type TrialStatus, trialStatuses } from '../../model/trial/trial.ts';

export interface TalliedTrial {
  row: TrialRow;
  /** NNI ran it, so the record may differ from what happened. */
  byNni: boolean;
  /** A person asked for its end. */
  cancelAsked: boolean;
}

/** The part of a `TrialJobEvent` row that changes the tally. */
export interface StatusEvent {
  timestamp: number;
  event: string;
  sequenceId?: number;
}

export class TrialTally<Trial extends TalliedTrial> {
  readonly optimizeMode: OptimizeMode;
  #trials = new Map<string, Trial>();
  #counts = new Map<TrialStatus, number>();
  #best: BestResult | undefined;
  #nniUntil: number;
  #make: (trial: TalliedTrial) => Trial;
  #unexplained = new Set<string>();
  #numbers = new Set<number>();
  #highestNumber = -1;

  /**
   * @param nniUntil epoch milliseconds; trials that began before then were run by NNI, see {@link ExperimentDatabase.nniUntil}
   * @param make adds a caller's own fields to a new trial
   */
  constructor(optimizeMode: OptimizeMode, nniUntil: number, make: (trial: TalliedTrial) => Trial) {
    this.optimizeMode = optimizeMode;
    this.#nniUntil = nniUntil;
    this.#make = make;
  }

  /** By id, in order of the first event. */
  get trials(): ReadonlyMap<string, Trial> {
    return this.#trials;
  }

  /** Replays an event of a trial. */
  applyEvent(trialId: string, event: StatusEvent): Trial {
    const trial = this.#trial(trialId, event.timestamp);
    const { row } = trial;
    if (row.number < 0 && typeof event.sequenceId === 'number') row.number = this.#freeNumber(event.sequenceId);
    this.#setStatus(trial, event);
    return trial;
  }

  /**
   * Replays a final result. A second one does not replace the first, which is what the tuner got.
   *
   * @param data the value's text
   */
  applyFinal(trial: Trial, data: string, timestamp: number): void {
    if (trial.row.final !== undefined) return;
    trial.row.final = data;
    this.rank(trial, timestamp);
  }

  /** Compares a trial's new final result with the best one. */
  rank({ row }: Trial, timestamp: number): void {
    this.#best = betterResult(this.#best, row, timestamp, this.optimizeMode);
  }

  /** Forgets the best result, for a caller that ranks all results again. */
  forgetBest(): void {
    this.#best = undefined;
  }

  /** Trials that NNI recorded as cancelled by the user though no user asked for it. */
  get unexplainedCancels(): ReadonlySet<string> {
    return this.#unexplained;
  }

  /** Marks one of the {@link unexplainedCancels} as stopped early. Returns whether it was one. */
  stoppedEarly(trialId: string, message: string): boolean {
    const trial = this.#trials.get(trialId);
    if (!trial || !this.#unexplained.delete(trialId)) return false;
    trial.row.message = message;
    this.#changeStatus(trial, 'EARLY_STOPPED');
    return true;
  }

  /** Number of trials per state; states without trials are absent. */
  counts(): Partial<Record<TrialStatus, number>> {
    const counts: Partial<Record<TrialStatus, number>> = {};
    for (const status of trialStatuses) {
      const count = this.#counts.get(status);
      if (count) counts[status] = count;
    }
    return counts;
  }

  get best(): BestResult | undefined {
    return this.#best;
  }

  #trial(id: string, began: number): Trial {
    let trial = this.#trials.get(id);
    if (!trial) {
      trial = this.#make({
        row: {
          id,
          number: -1,
          status: 'UNKNOWN',
          parameters: {},
          parameterId: null,
          source: 'algorithm',
          intermediates: 0,
        },
        byNni: began < this.#nniUntil,
        cancelAsked: false,
      });
      this.#trials.set(id, trial);
      this.#count('UNKNOWN', 1);
    }
    return trial;
  }

  #setStatus(trial: Trial, event: StatusEvent): void {
    const { row } = trial;
    const status = statusOf(event.event);
    if (status === undefined) return;
    // NNI lets a late cancel rewrite an ended trial and hide its result. Here an ended trial keeps its state.
    if ((row.status === 'SUCCEEDED' || row.status === 'FAILED') && status === 'USER_CANCELED') return;
    // NNI may store the end before the request that caused it.
    if (event.event === 'USER_TO_CANCEL' && isEnded(row.status)) return;
    if (status === 'RUNNING' || (status === 'WAITING' && row.startTime === undefined)) row.startTime = event.timestamp;
    if (isEnded(status)) row.endTime = event.timestamp;
    else delete row.endTime;
    if (event.event === 'USER_TO_CANCEL') trial.cancelAsked = true;
    if (trial.byNni && status === 'USER_CANCELED' && !trial.cancelAsked) this.#unexplained.add(row.id);
    else this.#unexplained.delete(row.id);
    if (status !== row.status) this.#changeStatus(trial, status);
  }

  #changeStatus({ row }: Trial, status: TrialStatus): void {
    this.#count(row.status, -1);
    row.status = status;
    this.#count(status, 1);
  }

  #count(status: TrialStatus, change: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + change);
  }

  /** A resumed NNI counts its trials from a low number again; people need a number that means one trial. */
  #freeNumber(asked: number): number {
    const number = this.#numbers.has(asked) ? this.#highestNumber + 1 : asked;
    this.#numbers.add(number);
    this.#highestNumber = Math.max(this.#highestNumber, number);
    return number;
  }
}

/** NNI's mapping of stored events to states; undefined for events that change none. */
function statusOf(event: string): TrialStatus | undefined {
  if (event === 'USER_TO_CANCEL') return 'USER_CANCELED';
  if (event === 'ADD_RESUMED') return 'WAITING';
  return isStatus(event) ? event : undefined;
}

const statuses: ReadonlySet<string> = new Set(trialStatuses);
function isStatus(event: string): event is TrialStatus {
  return statuses.has(event);
}
