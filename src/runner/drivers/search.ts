/** The driver of a hyper-parameter search: asks the search for sets when there is room, and tells it what came of them. */
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Answer, Decision, KnownResult } from '../../search/algorithm.ts';
import type { SearchSession } from '../../search/search.ts';
import type { LogPosition } from '../../server/storage/logPosition.ts';
import type { StoredReport } from '../events.ts';
import type { ConfigUpdate } from '../rest/profileUpdate.ts';
import type { Trial } from '../trials/trial.ts';
import { usableReport, type Verdict } from '../trials/verdict.ts';
import type { Driver, DriverContext, Supply } from './driver.ts';
import { type LoggedEvent, SearchHost } from './searchHost.ts';
import { checkpointKey, type SearchPast, spaceEvent, spaceEventData, tunerStateKey } from './searchPast.ts';

export class SearchDriver implements Driver {
  readonly #session: SearchSession;
  readonly #past: SearchPast | undefined;
  #host: SearchHost;
  #context: DriverContext | undefined;
  #space: SearchSpace = {};
  #nextId: number;
  /** The last answer's `rest`, if it had no sets. */
  #rest: Answer['rest'] | undefined;
  #askAgain = false;
  #thinking = false;
  /** Removes the state of version 0.1.0 with the first checkpoint that is newer. */
  #outdated: Readonly<Record<string, null>>;

  /** @param past of a resumed experiment */
  constructor(session: SearchSession, past?: SearchPast) {
    this.#session = session;
    this.#past = past;
    this.#nextId = past?.nextId ?? 0;
    this.#outdated = past?.isOfVersion010 ? { [tunerStateKey]: null } : {};
    this.#host = new SearchHost(session, (reason) => this.#context?.fail(reason));
  }

  get supply(): Supply {
    if (this.#rest === undefined) return 'more';
    return this.#askAgain ? 'perhaps' : 'none';
  }

  get thinking(): boolean {
    return this.#thinking;
  }

  async start(context: DriverContext, space: SearchSpace): Promise<readonly Decision[]> {
    this.#context = context;
    this.#space = space;
    const past = this.#past;
    if (!past) return this.#host.begin(space);
    const { needs } = this.#session;
    const from = past.checkpoint;
    const stops = await this.#host.begin(past.spaceFor(needs, space), from, past.pages(needs));
    // The runner may have died between the two places where a changed space is stored; version 0.1.0 knew only the profile.
    const told = past.lastSpace ?? space;
    if (JSON.stringify(told) !== JSON.stringify(space)) await this.#change(told, space);
    return stops;
  }

  room(free: number): void {
    if (this.#thinking || this.supply === 'none') return;
    this.#thinking = true;
    this.#askAgain = false;
    const context = this.#open;
    const keep = (count: number) => Math.min(count, context.placesLeft());
    void this.#host.ask(free, this.#nextId, keep).then((answer) => {
      this.#thinking = false;
      if (!answer) return;
      this.#rest = answer.rest;
      const { sets, checkpoint } = answer;
      for (const { id } of sets) if (typeof id === 'number') this.#nextId = Math.max(this.#nextId, id + 1);
      if (sets.length > 0) context.submit(sets, { ...this.#outdated, [checkpointKey]: checkpoint });
      this.#outdated = {};
      context.supplyChanged();
    });
  }

  reported(trial: Trial, reports: readonly StoredReport[]): void {
    if (!this.#session.needs.reports) return;
    const set = trial.record.parameter_id;
    const events: LoggedEvent[] = reports.flatMap(({ type, step, text, at }) => {
      const report = usableReport(text);
      if (type !== 'PERIODICAL' || !report) return [];
      return [{ event: { kind: 'reported' as const, set, trialId: trial.id, step, report }, at }];
    });
    this.#tell(events);
  }

  ended({ id, record }: Trial, { status, final, latest }: Verdict, at: LogPosition): void {
    const { parameter_id: set, parameters } = record;
    const results = { ...(final ? { final } : {}), ...(latest ? { latest } : {}) };
    this.#tell([{ event: { kind: 'ended', set, trialId: id, parameters, status, ...results }, at }]);
    this.#happened();
  }

  imported(results: readonly KnownResult[], at: LogPosition): void {
    this.#tell([{ event: { kind: 'imported', results }, at }]);
    this.#happened();
  }

  /**
   * The change is stored before the search is told: a resumed search is told it at the same place. A space that the search
   * refuses is followed by the old one, in the log, too.
   */
  async update({ set: { searchSpace: space } }: ConfigUpdate): Promise<void> {
    if (!space) return;
    const old = this.#space;
    const refused = await this.#change(old, space);
    if (refused !== undefined) {
      await this.#change(space, old);
      throw new Error(`The tuner can't search this space: ${refused}`);
    }
    this.#askAgain = this.#rest !== undefined;
  }

  dispose(): Promise<void> {
    return this.#host.dispose();
  }

  async #change(from: SearchSpace, to: SearchSpace): Promise<string | undefined> {
    const at = await this.#open.store(spaceEvent, spaceEventData(from, to));
    const refused = await this.#host.tellSpace(to, at);
    if (refused === undefined) this.#space = to;
    return refused;
  }

  #tell(events: readonly LoggedEvent[]): void {
    if (events.length === 0) return;
    void this.#host.tell(events).then((stops) => {
      for (const stop of stops) this.#open.stopTrial(stop);
    });
  }

  /** Another try may give something, unless the search has said that it has used up the space. */
  #happened(): void {
    if (this.#rest === 'later') this.#askAgain = true;
    this.#open.supplyChanged();
  }

  get #open(): DriverContext {
    if (!this.#context) throw new Error('The driver has not been started.');
    return this.#context;
  }
}
