/**
 * Calls a search, one call after the other, and keeps the place up to which it was told the log. The first failure is the last
 * call: later answers of a broken search can't be trusted.
 */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { Answer, Decision, ProposedSet, SearchEvent } from '../../search/algorithm.ts';
import type { SearchSession } from '../../search/search.ts';
import { type LogPosition, logStart, sequenceOf } from '../../server/storage/logPosition.ts';

/** `Omit` that keeps the kinds of events apart. */
type WithoutSeq<Event> = Event extends unknown ? Omit<Event, 'seq'> : never;
export type HostedEvent = WithoutSeq<SearchEvent>;

/** An event and the place in the log right after it. */
export interface LoggedEvent {
  event: HostedEvent;
  at: LogPosition;
}

/** The checkpoint of a search as the database has it. */
export interface StoredCheckpoint {
  /** The search had been told the log up to here. */
  at: LogPosition;
  /** Absent when no algorithm has a state. */
  state?: unknown;
  /** Trials it wanted to stop that had not ended yet. */
  stops: readonly Decision[];
}

export interface HostAnswer {
  sets: readonly ProposedSet[];
  /** The answer's, when there are no sets at all. */
  rest: Answer['rest'] | undefined;
  checkpoint: StoredCheckpoint;
}

export class SearchHost {
  readonly #session: SearchSession;
  readonly #onFailure: (reason: string) => void;
  #last: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #at: LogPosition = { ...logStart };
  #stops = new Map<string, Decision>();

  /** @param onFailure called at most once */
  constructor(session: SearchSession, onFailure: (reason: string) => void) {
    this.#session = session;
    this.#onFailure = onFailure;
  }

  get needs(): SearchSession['needs'] {
    return this.#session.needs;
  }

  /**
   * Begins a search, or continues one.
   *
   * @param pages what happened after `from`, or all that happened where the search needs its history
   * @returns the trials it wants to stop
   */
  async begin(
    space: SearchSpace,
    from?: StoredCheckpoint,
    pages: Iterable<readonly LoggedEvent[]> = [],
  ): Promise<readonly Decision[]> {
    await this.#call(async (session) => {
      await session.open(space, from && 'state' in from ? { seq: sequenceOf(from.at), state: from.state } : undefined);
      for (const stop of from?.stops ?? []) this.#stops.set(stop.trialId, stop);
      for (const page of pages) {
        // If the search refuses a space, the old one comes next in the log.
        await this.#tellAll(page);
        // Trials, requests and timers get their turn between two pages.
        await new Promise(setImmediate);
      }
      if (from && sequenceOf(from.at) > sequenceOf(this.#at)) this.#at = from.at;
    });
    return [...this.#stops.values()];
  }

  /**
   * Asks for up to `count` sets.
   *
   * @param keep how many of the sets can be used; the search is told that the others will not be
   * @returns undefined when the search has failed
   */
  ask(count: number, firstId: number, keep: (count: number) => number): Promise<HostAnswer | undefined> {
    return this.#call(async (session) => {
      const answer = await session.ask(count, firstId);
      const kept = keep(answer.sets.length);
      const seq = sequenceOf(this.#at);
      const discarded = answer.sets.slice(kept);
      if (discarded.length > 0) await session.tell(discarded.map(({ id }) => ({ kind: 'discarded', seq, set: id })));
      const state = await session.checkpoint();
      return {
        sets: answer.sets.slice(0, kept),
        rest: answer.sets.length === 0 ? answer.rest : undefined,
        checkpoint: { at: this.#at, ...(state === undefined ? {} : { state }), stops: [...this.#stops.values()] },
      };
    });
  }

  /** Tells of events. Resolves with the trials to stop, each once. */
  async tell(events: readonly LoggedEvent[]): Promise<readonly Decision[]> {
    return (await this.#call(() => this.#tellAll(events)))?.stops ?? [];
  }

  /** Tells of a new search space. Resolves with why it was refused. */
  async tellSpace(space: SearchSpace, at: LogPosition): Promise<string | undefined> {
    return (await this.#call(() => this.#tellAll([{ event: { kind: 'space', space }, at }])))?.refused;
  }

  async dispose(): Promise<void> {
    this.#hasFailed = true;
    await this.#session.dispose();
  }

  async #tellAll(events: readonly LoggedEvent[]): Promise<{ stops: Decision[]; refused?: string }> {
    const last = events.at(-1);
    if (!last) return { stops: [] };
    const told = await this.#session.tell(events.map(({ event, at }) => ({ ...event, seq: sequenceOf(at) })));
    this.#at = last.at;
    const stops = told.stops.filter(({ trialId }) => !this.#stops.has(trialId));
    for (const stop of stops) this.#stops.set(stop.trialId, stop);
    for (const { event } of events) if (event.kind === 'ended') this.#stops.delete(event.trialId);
    return { ...told, stops };
  }

  #call<T>(call: (session: SearchSession) => Promise<T>): Promise<T | undefined> {
    const result = this.#last.then(async () => {
      if (this.#hasFailed) return undefined;
      try {
        return await call(this.#session);
      } catch (error) {
        // A call that was under way when the search was disposed of may fail for that.
        if (!this.#hasFailed) this.#onFailure(messageOf(error));
        this.#hasFailed = true;
        return undefined;
      }
    });
    this.#last = result;
    return result;
  }
}
