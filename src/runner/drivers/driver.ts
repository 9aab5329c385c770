/**
 * The contract between an experiment's lifecycle and what decides which trials run: a search today. The lifecycle owns states,
 * clock, limits and the journal; a driver submits trials through the context that it gets.
 */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Decision, KnownResult, ProposedSet } from '../../search/algorithm.ts';
import type { LogPosition } from '../../server/storage/logPosition.ts';
import type { StoredReport } from '../events.ts';
import type { ConfigUpdate } from '../rest/profileUpdate.ts';
import type { Trial } from '../trials/trial.ts';
import type { Verdict } from '../trials/verdict.ts';

/**
 * What a driver can still give. `more`: it can be asked. `perhaps`: it had nothing when it was asked, and something has happened
 * since. `none`: it has nothing before something happens.
 */
export type Supply = 'more' | 'perhaps' | 'none';

export interface DriverContext {
  /** How many further trials the limits allow; 0 when the experiment takes none. */
  placesLeft(): number;
  /** Stores a trial for each set, all of them and `meta` in one transaction, and queues them. */
  submit(sets: readonly ProposedSet[], meta: Readonly<Record<string, unknown>>): void;
  /** Ends a trial as EARLY_STOPPED with the reason as its message. Does nothing to one that has ended. */
  stopTrial(decision: Decision): void;
  /** Stores an event that belongs to no trial. Resolves with its place in the log. */
  store(name: string, data: string): Promise<LogPosition>;
  /** {@link Driver.supply} or {@link Driver.thinking} is different now. */
  supplyChanged(): void;
  /** Ends the experiment as ERROR. */
  fail(reason: string): void;
}

export interface Driver {
  readonly supply: Supply;
  /** Whether sets may come without being asked for again. */
  readonly thinking: boolean;
  /**
   * Begins, or goes on where an earlier runner was. Resolves with trials to stop. It reports its own failure to
   * {@link DriverContext.fail} and does not reject.
   */
  start(context: DriverContext, space: SearchSpace): Promise<readonly Decision[]>;
  /** Trials may be submitted: up to `free` can start now. */
  room(free: number): void;
  reported(trial: Trial, reports: readonly StoredReport[]): void;
  ended(trial: Trial, verdict: Verdict, at: LogPosition): void;
  /** Results from elsewhere were stored at this place. */
  imported(results: readonly KnownResult[], at: LogPosition): void;
  /** Takes a change of the config. Rejects with a message for a person when it can't, and then keeps to the old config. */
  update(update: ConfigUpdate): Promise<void>;
  dispose(): Promise<void>;
}
