/**
 * The contract of a search algorithm: it proposes parameter sets, learns what came of them, and may stop trials. An assessor is
 * an algorithm that is never asked.
 *
 * Every method may throw or reject. The first failure ends the experiment as ERROR with the message as its reason; only a
 * search space may be refused (see {@link SearchAlgorithm.tell}).
 */
import type { OptimizeMode } from '../model/experiment/experiment.ts';
import type { SearchSpace } from '../model/space/searchSpace.ts';
import type { Parameters, TrialStatus } from '../model/trial/trial.ts';

/** How an algorithm calls a set it proposed; NNI's `parameter_id`. Hyperband's are text, most are numbers. */
export type SetId = number | string;

export interface ProposedSet {
  id: SetId;
  parameters: Parameters;
  /** NNI's `parameter_index`; 0 when absent. */
  index?: number;
}

export interface Answer {
  sets: readonly ProposedSet[];
  /**
   * What an answer without sets means. `later`: asking again may help once something else has happened. `never`: there is
   * nothing more to propose in this search space.
   */
  rest: 'later' | 'never';
}

/** A number that a trial reported. */
export interface Report {
  /** The metric's `default`; never NaN or infinite. */
  value: number;
  /** The whole metric as the trial wrote it (JSON text, Python's dialect). */
  text: string;
}

/** A result from elsewhere. */
export interface KnownResult {
  parameters: Parameters;
  /** Never NaN or infinite. */
  value: number;
}

/** What an algorithm is told. `set` is null for a trial whose parameters a person chose. */
export type SearchEvent = {
  /** Place in the experiment's log; grows from event to event. */
  seq: number;
} & (
  | { kind: 'reported'; set: SetId | null; trialId: string; step: number; report: Report }
  /** The trial is over. `final` when it SUCCEEDED with a usable result, `latest` when it was stopped early after a report. */
  | {
      kind: 'ended';
      set: SetId | null;
      trialId: string;
      parameters: Parameters;
      status: TrialStatus;
      final?: Report;
      latest?: Report;
    }
  /** No trial will run this set: a limit was reached while the algorithm was thinking. */
  | { kind: 'discarded'; set: SetId }
  | { kind: 'imported'; results: readonly KnownResult[] }
  | { kind: 'space'; space: SearchSpace }
  /** The algorithm proposed this set in an earlier life. Told only to one that needs its history. */
  | { kind: 'proposed'; set: SetId; trialId: string; parameters: Parameters }
);

/** Stops a trial early. */
export interface Decision {
  trialId: string;
  /** In a few words for a person. */
  reason: string;
}

/** What an algorithm stored about itself. */
export interface Checkpoint {
  /** The algorithm had been told all events up to here. */
  seq: number;
  state: unknown;
}

export interface Needs {
  /** Is told intermediate results. */
  reports?: boolean;
  /** Computes for longer than a millisecond or so: runs in a thread of its own. */
  thread?: boolean;
  /**
   * Its checkpoint holds only what events can't tell (the state of a random generator, say): after a restart it is told all
   * events from the first on. Without this it is told those after the checkpoint.
   */
  history?: boolean;
}

type Awaitable<T> = T | Promise<T>;

export interface SearchAlgorithm {
  readonly needs?: Needs;
  /**
   * Begins a search, or goes on with one: the events that the checkpoint does not cover follow. Called once, before all else.
   *
   * @param space the search space at the checkpoint, or at the first event that follows
   */
  open(space: SearchSpace, from?: Checkpoint): Awaitable<void>;
  /**
   * Proposes up to `count` sets. Fewer are welcome: the algorithm is asked for the others at once.
   *
   * @param firstId an algorithm without ids of its own calls its sets `firstId`, `firstId + 1`, …
   */
  ask(count: number, firstId: number): Awaitable<Answer>;
  /**
   * Learns of an event, each exactly once, in order. Returns which trials to stop.
   *
   * A `space` that can't be searched is refused by throwing; a `space` event with the old one follows.
   */
  tell(event: SearchEvent): Awaitable<readonly Decision[] | undefined>;
  /**
   * The state after all that was asked and told, JSON-serialisable. It is stored together with the sets that were asked for.
   * An algorithm without this method is told all events after a restart.
   */
  checkpoint?(): Awaitable<unknown>;
  dispose?(): Awaitable<void>;
}

export type Assessor = Omit<SearchAlgorithm, 'ask'>;

/** What an algorithm is made from. */
export interface AlgorithmOptions {
  /** The config's `classArgs`, checked against the rules in `model/config/algorithms.ts`. */
  classArgs: Readonly<Record<string, unknown>>;
  optimizeMode: OptimizeMode;
}
