/** One experiment as this window knows it: its summary always, its trials and numbers while somebody watches. */
import type { ExperimentChange, ExperimentSnapshot, ExperimentSummary } from '../model/experiment/experiment.ts';
import { applyMetric } from '../model/trial/applyMetric.ts';
import type { TrialRow } from '../model/trial/trial.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import type { ManagerLink } from './link.ts';
import { TrialOrder } from './order.ts';
import { Series } from './series.ts';
import { forEachInSlices, turn } from './slices.ts';

/** A trial and its numbers. Rows are replaced, never changed, so that one may be kept and compared. */
export interface Trial {
  row: TrialRow;
  readonly intermediates: Series;
  readonly finals: Series;
}

export type ModelEvent =
  /** Everything is another: trials were read for the first time, or the stream could not be continued. */
  | { kind: 'snapshot' }
  /** What came over the stream. `order`: {@link ExperimentModel.order} is another one now. */
  | { kind: 'change'; change: ExperimentChange; order: boolean }
  /** Reading trials began, failed, or ended. */
  | { kind: 'loading' };

export type Loading = { state: 'unloaded' | 'loading' | 'loaded' } | { state: 'failed'; reason: string };

interface Content {
  trials: Map<string, Trial>;
  order: TrialOrder;
  config: ExperimentSnapshot['config'] | undefined;
  session: string;
  revision: number;
}

/** How long trials stay followed after the last watcher left, so that a quick look away costs nothing. Milliseconds. */
const linger = 2000;

export class ExperimentModel implements Disposable {
  readonly connectionId: string;
  readonly id: string;
  readonly #changed = new Emitter<ModelEvent>();
  readonly onDidChange: Event<ModelEvent> = this.#changed.event;

  #summary: ExperimentSummary;
  #content: Content = emptyContent();
  #loading: Loading = { state: 'unloaded' };
  #link: ManagerLink | undefined;
  #watchers = 0;
  #following: Disposable | undefined;
  #lingering: NodeJS.Timeout | undefined;
  /** Changes that arrived while a snapshot was being taken in; undefined when none is. */
  #waiting: ExperimentChange[] | undefined;
  #load = 0;
  #disposed = false;

  constructor(connectionId: string, summary: ExperimentSummary) {
    this.connectionId = connectionId;
    this.id = summary.id;
    this.#summary = summary;
  }

  get summary(): ExperimentSummary {
    return this.#summary;
  }
  /** By id, in order of arrival. Empty until {@link loading} says `loaded`. */
  get trials(): ReadonlyMap<string, Trial> {
    return this.#content.trials;
  }
  /** Best first, running next, then newest. */
  get order(): TrialOrder {
    return this.#content.order;
  }
  get config(): ExperimentSnapshot['config'] | undefined {
    return this.#content.config;
  }
  get session(): string {
    return this.#content.session;
  }
  get revision(): number {
    return this.#content.revision;
  }
  get loading(): Loading {
    return this.#loading;
  }
  get watched(): boolean {
    return this.#watchers > 0;
  }

  /** Keeps trials and metrics flowing until disposed. Counted: each caller disposes its own. */
  watch(): Disposable {
    this.#watchers++;
    clearTimeout(this.#lingering);
    // Who looks again after a failure wants another try.
    if (this.#loading.state === 'failed') this.#unfollow();
    this.#follow();
    let released = false;
    return {
      dispose: () => {
        if (released) return;
        released = true;
        this.#watchers--;
        if (this.#watchers > 0 || this.#disposed) return;
        this.#lingering = setTimeout(() => this.#unfollow(), linger);
        this.#lingering.unref();
      },
    };
  }

  /**
   * Resolves when the trials are there; they stay followed only while somebody watches.
   * Rejects with the reason when they can't be read, or are not there after `timeout` milliseconds.
   */
  async loaded(timeout = 15_000): Promise<void> {
    if (this.#loading.state === 'loaded') return;
    const watching = this.watch();
    let timer: NodeJS.Timeout | undefined;
    let listening: Disposable | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          if (this.#loading.state === 'loaded') resolve();
          else if (this.#loading.state === 'failed') reject(new Error(this.#loading.reason));
        };
        listening = this.onDidChange(look);
        timer = setTimeout(
          () => reject(new Error(`The trials of ${this.#summary.name} did not arrive within ${timeout / 1000} s.`)),
          timeout,
        );
        look();
      });
    } finally {
      clearTimeout(timer);
      listening?.dispose();
      watching.dispose();
    }
  }

  /** The connection calls this with each new link, and with undefined when it is lost. */
  attach(link: ManagerLink | undefined): void {
    if (link === this.#link) return;
    this.#unfollow();
    this.#link = link;
    if (this.#watchers > 0) this.#follow();
  }

  /** A summary from the manager's own stream. The experiment's stream may already have told a newer one. */
  takeSummary(summary: ExperimentSummary): void {
    const known = this.#summary;
    if (this.#following && known.live && summary.live && summary.durationAt < known.durationAt) return;
    this.#apply({ revision: this.#content.revision, summary });
  }

  dispose(): void {
    this.#disposed = true;
    this.#unfollow();
    this.#changed.dispose();
  }

  #follow(): void {
    if (this.#following || !this.#link || this.#disposed) return;
    if (this.#loading.state !== 'loaded') this.#setLoading({ state: 'loading' });
    this.#following = this.#link.followExperiment(this.id, {
      snapshot: (snapshot) => void this.#takeSnapshot(snapshot),
      change: (change) => {
        if (this.#waiting) this.#waiting.push(change);
        else if (change.revision > this.#content.revision) this.#apply(change);
      },
      failed: (reason) => {
        this.#waiting = undefined;
        this.#load++;
        this.#setLoading({ state: 'failed', reason: reason.message });
      },
    });
  }

  #unfollow(): void {
    clearTimeout(this.#lingering);
    this.#following?.dispose();
    this.#following = undefined;
    this.#waiting = undefined;
    this.#load++;
    // What was read stays for the next look, but is not current any more.
    if (!this.#disposed && this.#loading.state !== 'unloaded') this.#setLoading({ state: 'unloaded' });
  }

  /** Builds the new content aside, a slice at a time, and puts it in place whole: nobody sees half a snapshot. */
  async #takeSnapshot(snapshot: ExperimentSnapshot): Promise<void> {
    const load = ++this.#load;
    this.#waiting = [];
    const content: Content = {
      ...emptyContent(),
      config: snapshot.config,
      session: snapshot.session,
      revision: snapshot.revision,
    };
    const current = () => load === this.#load;
    await turn();
    await forEachInSlices(snapshot.trials, (row) => {
      content.trials.set(row.id, { row, intermediates: new Series(), finals: new Series() });
      return current();
    });
    const { trialIds, trial, type, sequence, timestamp, data } = snapshot.metrics;
    const byIndex = trialIds.map((id) => content.trials.get(id));
    await forEachInSlices(trial.keys(), (point) => {
      const target = byIndex[trial[point] ?? -1];
      const series = type[point] === 'F' ? target?.finals : target?.intermediates;
      series?.append(sequence[point] ?? 0, timestamp[point] ?? 0, data[point] ?? '');
      return current();
    });
    if (!current()) return;
    content.order.reset(snapshot.trials, snapshot.summary.best?.trialId);
    // Sorting takes a slice of its own, and so does what the listeners do.
    await turn();
    if (!current()) return;
    this.#content = content;
    this.#summary = snapshot.summary;
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#loading = { state: 'loaded' };
    this.#changed.fire({ kind: 'snapshot' });
    for (const change of waiting) {
      if (change.revision > this.#content.revision) this.#apply(change);
    }
  }

  #apply(change: ExperimentChange): void {
    const { trials, order } = this.#content;
    let moved = false;
    this.#content.revision = change.revision;
    if (change.config) this.#content.config = change.config;
    for (const id of change.removedTrials ?? []) {
      trials.delete(id);
      moved = order.remove(id) || moved;
    }
    for (const row of change.trials ?? []) {
      const known = trials.get(row.id);
      if (known) known.row = row;
      else trials.set(row.id, { row, intermediates: new Series(), finals: new Series() });
      moved = order.update(row) || moved;
    }
    for (const point of change.metrics ?? []) {
      const target = trials.get(point.trialId);
      if (!target) continue;
      const series = point.type === 'FINAL' ? target.finals : target.intermediates;
      series.append(point.sequence, point.timestamp, point.data);
      target.row = applyMetric(target.row, point, target.intermediates.length);
    }
    if (change.summary) {
      this.#summary = change.summary;
      moved = order.setBest(change.summary.best?.trialId, (id) => trials.get(id)?.row) || moved;
    }
    this.#changed.fire({ kind: 'change', change, order: moved });
  }

  #setLoading(loading: Loading): void {
    this.#loading = loading;
    this.#changed.fire({ kind: 'loading' });
  }
}

function emptyContent(): Content {
  return { trials: new Map(), order: new TrialOrder(), config: undefined, session: '', revision: 0 };
}
