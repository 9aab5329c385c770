/** One manager and its experiments: connecting, following its list, and coming back after it was lost. */

import type { Launched, LaunchRequest, ManagerChange } from '../client/index.ts';
import { withActions } from '../model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import { ExperimentModel } from './experimentModel.ts';
import { type Connector, type ManagerLink, TokenWanted } from './link.ts';

export type ConnectionStatus =
  /** No manager runs, and none was asked for. */
  | { state: 'idle'; since: number }
  | { state: 'connecting'; since: number }
  | { state: 'connected'; since: number; address: string }
  /** `since` is when it was last known to answer, or first asked. `reached` is false when it never answered. */
  | {
      state: 'lost';
      since: number;
      reason: string;
      reached: boolean;
      /** It answers, but wants a token, or another one; trying again is of no use. */
      wantsToken?: true;
    };

/** `structure`: the status, the warnings or the set of experiments changed. */
export type ConnectionEvent = { structure: true };

/** Waits between attempts to come back, in milliseconds; the last one repeats. */
const retryDelays = [200, 500, 1000, 2000, 5000, 10_000, 30_000];
/** A manager that restarts is back within so many attempts; only then is it called lost. */
const patience = 3;
/** While nobody sees a connection to elsewhere, or only a token would help, it is tried at most this often, in milliseconds. */
const hiddenDelay = 60_000;

export interface ConnectionOptions {
  id: string;
  label: string;
  kind: 'local' | 'remote';
  /** Where it is, as the person gave it; the local manager's changes. */
  address?: string;
  connector: Connector;
  /** Whether a manager may be started now. */
  mayStart(): boolean;
}

export class Connection implements Disposable {
  readonly id: string;
  readonly address: string | undefined;
  readonly kind: 'local' | 'remote';
  readonly #options: ConnectionOptions;
  readonly #changed = new Emitter<ConnectionEvent>();
  readonly #modelAdded = new Emitter<ExperimentModel>();
  readonly onDidChange: Event<ConnectionEvent> = this.#changed.event;
  /** Fires before {@link onDidChange}, so that listeners are in place when the first change comes. */
  readonly onDidAddModel: Event<ExperimentModel> = this.#modelAdded.event;

  #label: string;
  #visible = false;
  #status: ConnectionStatus = { state: 'idle', since: Date.now() };
  #models = new Map<string, ExperimentModel>();
  #warnings: readonly string[] = [];
  #link: ManagerLink | undefined;
  #listening: Disposable | undefined;
  #attempt: { start: boolean; done: Promise<void> } | undefined;
  /** For the first experiment of a folder that has none. */
  #waiting: Disposable | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** Since when nothing answers; survives the attempts in between. */
  #unansweredSince: number | undefined;
  /** Aborted when the manager that is connected, or being connected, is not wanted any more. */
  #wanted = new AbortController();

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.#label = options.label;
    this.address = options.address;
    this.kind = options.kind;
    this.#options = options;
  }

  get label(): string {
    return this.#label;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  get models(): ReadonlyMap<string, ExperimentModel> {
    return this.#models;
  }

  /** What keeps the list from being complete, as the manager said last; in words for a person. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Summaries; what runs first, then the newest. */
  get experiments(): ExperimentSummary[] {
    return [...this.#models.values()]
      .map((model) => model.summary)
      .sort((a, b) => Number(b.live) - Number(a.live) || (b.startTime ?? 0) - (a.startTime ?? 0));
  }

  /** The living manager, for requests. Throws in words for a person when there is none. */
  get link(): ManagerLink {
    if (this.#link) return this.#link;
    throw new Error(
      this.#status.state === 'lost'
        ? `${this.label} does not answer: ${this.#status.reason}`
        : `${this.label} is not connected.`,
    );
  }

  /**
   * Connects and resolves when the list of experiments is there, or at once when no manager runs and none may be started.
   * Never rejects: {@link status} says how it went.
   */
  async connect(options: { start: boolean }): Promise<void> {
    for (;;) {
      const { signal } = this.#wanted;
      if (this.#link || signal.aborted) return;
      const { start, done } = this.#attempt ?? { start: options.start, done: this.#try(options, 0, options.start) };
      await done;
      // Where the manager was forgotten meanwhile, the next one is meant.
      if (!signal.aborted && (start || !options.start)) return;
    }
  }

  /**
   * Connects if the folder has experiments or a manager already runs; starts one only where that is allowed. Where there is nothing
   * yet, it connects once there is, as long as somebody looks.
   */
  async show(): Promise<void> {
    if (this.#link) {
      this.#link.refresh?.();
      return;
    }
    const { connector, mayStart } = this.#options;
    const something = await connector.hasExperiments();
    await this.connect({ start: mayStart() && something });
    if (something || this.#link || !this.#visible) return;
    this.#waiting ??= connector.awaitExperiments?.(() => {
      this.#stopWaiting();
      void this.show();
    });
  }

  #stopWaiting(): void {
    this.#waiting?.dispose();
    this.#waiting = undefined;
  }

  /** Launches, starting the manager first when there is none. Resolves when the experiment is in the list. */
  async launch(request: LaunchRequest): Promise<Launched> {
    await this.connect({ start: this.#options.mayStart() });
    const launched = await this.link.launch(request);
    await this.#listed(launched.id);
    return launched;
  }

  /**
   * Asks an experiment to stop; resolves when that was understood. One at an address of its own takes its server along, which
   * is not missed then. Throws the client's errors.
   */
  async stop(experimentId: string): Promise<void> {
    await this.link.experiment(experimentId).stopExperiment();
    const model = this.#models.get(experimentId);
    if (!model?.summary.standalone) return;
    this.#end();
    this.#wanted = new AbortController();
    model.takeSummary(withActions({ ...model.summary, status: 'STOPPED', live: false }));
    this.#setStatus({ state: 'idle', since: Date.now() });
  }

  /** Deletes a stored experiment with its files. Throws the client's errors. */
  async delete(experimentId: string): Promise<void> {
    await this.link.delete(experimentId);
  }

  rename(label: string): void {
    if (label === this.#label) return;
    this.#label = label;
    this.#changed.fire({ structure: true });
  }

  /** Whether somebody sees the list. Nothing that costs a server work is done for a hidden one. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (!visible) this.#stopWaiting();
    this.#link?.look?.(visible);
  }

  /** A person asked: try again now, and read again what failed. */
  async retry(): Promise<void> {
    if (this.#status.state === 'connected') {
      const link = this.#link;
      for (const model of this.#models.values()) {
        if (model.loading.state !== 'failed') continue;
        model.attach(undefined);
        model.attach(link);
      }
      return;
    }
    await this.connect({ start: this.#options.mayStart() });
  }

  /** Forgets the manager, e.g. when another folder was set. */
  disconnect(): void {
    this.#end();
    this.#wanted = new AbortController();
    this.#setModels([]);
    this.#warnings = [];
    this.#setStatus({ state: 'idle', since: Date.now() });
  }

  dispose(): void {
    this.#end();
    for (const model of this.#models.values()) model.dispose();
    this.#models.clear();
    this.#changed.dispose();
    this.#modelAdded.dispose();
  }

  #end(): void {
    clearTimeout(this.#retry);
    this.#stopWaiting();
    this.#wanted.abort();
    // It may take long to notice, and nobody waits for it any more.
    this.#attempt = undefined;
    this.#dropLink();
  }

  /** @param start what those may count on who wait for this attempt */
  #try(options: { start: boolean }, attempts: number, start: boolean): Promise<void> {
    const attempt = { start, done: this.#connect(options, attempts, this.#wanted.signal) };
    this.#attempt = attempt;
    attempt.done = attempt.done.finally(() => {
      if (this.#attempt === attempt) this.#attempt = undefined;
    });
    return attempt.done;
  }

  async #connect({ start }: { start: boolean }, attempts: number, wanted: AbortSignal): Promise<void> {
    clearTimeout(this.#retry);
    const before = this.#status;
    // Attempts in the background do not flicker: what is lost stays lost until it answers.
    const quiet = before.state === 'lost' && attempts > 0;
    if (!quiet && before.state !== 'connecting') this.#setStatus({ state: 'connecting', since: Date.now() });
    let link: ManagerLink | undefined;
    try {
      link = await this.#options.connector.connect({ start });
      if (wanted.aborted) {
        link?.dispose();
        return;
      }
      if (link) return await this.#adopt(link, wanted);
    } catch (error) {
      link?.dispose();
      if (wanted.aborted) return;
      this.#fail(error, attempts);
      return;
    }
    // Nothing runs and nothing may be started.
    if (this.#models.size === 0) this.#setStatus({ state: 'idle', since: Date.now() });
    else this.#fail(new Error('No manager is running.'), attempts);
  }

  #fail(error: unknown, attempts: number): void {
    const reason = messageOf(error);
    const wantsToken = error instanceof TokenWanted;
    const reached = this.#models.size > 0 || (this.#status.state === 'lost' && this.#status.reached);
    const since = this.#unansweredSince ?? this.#status.since;
    if (!reached || wantsToken || attempts >= patience || this.#status.state === 'lost') {
      this.#setStatus({ state: 'lost', since, reason, reached, ...(wantsToken ? { wantsToken } : {}) });
    }
    // A manager that never came up here needs somebody to look at why; one elsewhere may just be late.
    if (!reached && this.kind === 'local') return;
    const usual = retryDelays[Math.min(attempts, retryDelays.length - 1)] ?? 30_000;
    // Past the first moments: a hidden one that was just restarted is back soon, too.
    const useless = wantsToken || (this.kind === 'remote' && !this.#visible);
    const delay = useless && attempts > patience ? hiddenDelay : usual;
    this.#retry = setTimeout(() => {
      if (this.#attempt || this.#link) return;
      void this.#try({ start: reached && this.#options.mayStart() }, attempts + 1, false);
    }, delay);
    this.#retry.unref();
  }

  /** Follows a link until its first list is in, it closes, or it is not wanted any more. */
  #adopt(link: ManagerLink, wanted: AbortSignal): Promise<void> {
    let unwanted = (): void => undefined;
    return new Promise<void>((resolve, reject) => {
      let listed = false;
      unwanted = () => reject(wanted.reason);
      wanted.addEventListener('abort', unwanted);
      this.#listening = link.follow({
        change: (change) => {
          this.#take(change);
          if (change.event !== 'list' || listed) return;
          listed = true;
          this.#link = link;
          this.#stopWaiting();
          link.look?.(this.#visible);
          for (const model of this.#models.values()) model.attach(link);
          this.#setStatus({ state: 'connected', since: Date.now(), address: link.address });
          resolve();
        },
        closed: (reason) => {
          this.#listening?.dispose();
          this.#listening = undefined;
          if (!listed) {
            reject(reason);
            return;
          }
          this.#dropLink();
          if (wanted.aborted) return;
          this.#setStatus({ state: 'connecting', since: Date.now() });
          this.#fail(reason, 0);
        },
      });
    }).finally(() => wanted.removeEventListener('abort', unwanted));
  }

  #dropLink(): void {
    this.#listening?.dispose();
    this.#listening = undefined;
    for (const model of this.#models.values()) model.attach(undefined);
    this.#link?.dispose();
    this.#link = undefined;
  }

  #take(change: ManagerChange): void {
    switch (change.event) {
      case 'list':
        this.#setModels(change.data);
        this.#warnings = [];
        this.#changed.fire({ structure: true });
        return;
      case 'warnings':
        this.#warnings = change.data;
        this.#changed.fire({ structure: true });
        return;
      case 'experiment': {
        const known = this.#models.get(change.data.id);
        if (known) known.takeSummary(change.data);
        else {
          this.#add(change.data);
          this.#changed.fire({ structure: true });
        }
        return;
      }
      case 'removed': {
        const gone = this.#models.get(change.data.id);
        if (!gone) return;
        this.#models.delete(gone.id);
        gone.dispose();
        this.#changed.fire({ structure: true });
      }
    }
  }

  #setModels(summaries: ExperimentSummary[]): void {
    const kept = new Set(summaries.map((summary) => summary.id));
    for (const model of [...this.#models.values()]) {
      if (kept.has(model.id)) continue;
      this.#models.delete(model.id);
      model.dispose();
    }
    for (const summary of summaries) {
      const known = this.#models.get(summary.id);
      if (known) known.takeSummary(summary);
      else this.#add(summary);
    }
  }

  #add(summary: ExperimentSummary): void {
    const model = new ExperimentModel(this.id, summary);
    this.#models.set(summary.id, model);
    this.#modelAdded.fire(model);
    model.attach(this.#link);
  }

  /** The list and the answer to a launch come over different connections, so either may be first. */
  #listed(id: string): Promise<void> {
    if (this.#models.has(id)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        listening.dispose();
        reject(new Error(`Experiment ${id} was started, but ${this.label} does not list it.`));
      }, 10_000);
      const listening = this.onDidAddModel((model) => {
        if (model.id !== id) return;
        clearTimeout(timer);
        listening.dispose();
        resolve();
      });
    });
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status;
    if (status.state === 'connecting') this.#unansweredSince ??= status.since;
    else if (status.state !== 'lost') this.#unansweredSince = undefined;
    this.#changed.fire({ structure: true });
  }
}
