/** One experiment as this window knows it: its summary always, its trials and numbers while a view follows it. */
import type { ExperimentChange, ExperimentSnapshot, ExperimentSummary } from '../model/experiment/experiment.ts';
import { applyMetric } from '../model/trial/applyMetric.ts';
import type { TrialRow } from '../model/trial/trial.ts';
import { type Disposable, Emitter, type Event } from './emitter.ts';
import { TrialOrder } from './order.ts';
import { Series } from './series.ts';
import type { ServerConnection } from './serverConnection.ts';
import { forEachInSlices, turn } from './slices.ts';

/** A trial and its numbers. Rows are replaced, never changed, so that one may be kept and compared. */
export interface Trial {
  row: TrialRow;
  readonly intermediates: Series;
  readonly finals: Series;
}

export type ModelEvent =
  /** All trials were replaced: read for the first time, or after the stream could not be continued. */
  | { kind: 'snapshot' }
  /** A change came over the stream. `order`: {@link ExperimentModel.order} has changed. */
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

/** Trials stay followed this long after the last follower left, so that a quick look away costs nothing. */
const lingerMs = 2000;

export class ExperimentModel implements Disposable {
  readonly connectionId: string;
  readonly id: string;
  readonly #changed = new Emitter<ModelEvent>();
  readonly onDidChange: Event<ModelEvent> = this.#changed.event;

  #summary: ExperimentSummary;
  #content: Content = emptyContent();
  #loading: Loading = { state: 'unloaded' };
  #server: ServerConnection | undefined;
  #followers = 0;
  #following: Disposable | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Changes that arrive while a snapshot is being read in; undefined at other times. */
  #waiting: ExperimentChange[] | undefined;
  #load = 0;
  #isDisposed = false;

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
  get isFollowed(): boolean {
    return this.#followers > 0;
  }

  /** Keeps trials and metrics flowing until the result is disposed. Each caller disposes its own. */
  follow(): Disposable {
    this.#followers++;
    clearTimeout(this.#lingerTimer);
    // A new follower after a failure gets another try.
    if (this.#loading.state === 'failed') this.#stopFollowing();
    this.#startFollowing();
    let isReleased = false;
    return {
      dispose: () => {
        if (isReleased) return;
        isReleased = true;
        this.#followers--;
        if (this.#followers > 0 || this.#isDisposed) return;
        this.#lingerTimer = setTimeout(() => this.#stopFollowing(), lingerMs);
        this.#lingerTimer.unref();
      },
    };
  }

  /**
   * Resolves when the trials are there. They stay followed only while a view follows them.
   *
   * @throws an Error with the reason when they can't be read, or do not arrive in time
   */
  async loaded(timeoutMs = 15_000): Promise<void> {
    if (this.#loading.state === 'loaded') return;
    const following = this.follow();
    let timer: NodeJS.Timeout | undefined;
    let subscription: Disposable | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const settle = () => {
          if (this.#loading.state === 'loaded') resolve();
          else if (this.#loading.state === 'failed') reject(new Error(this.#loading.reason));
        };
        subscription = this.onDidChange(settle);
        timer = setTimeout(
          () => reject(new Error(`The trials of ${this.#summary.name} did not arrive within ${timeoutMs / 1000} s.`)),
          timeoutMs,
        );
        settle();
      });
    } finally {
      clearTimeout(timer);
      subscription?.dispose();
      following.dispose();
    }
  }

  /** Sets the server that the trials are followed on; undefined when it was lost. */
  attach(server: ServerConnection | undefined): void {
    if (server === this.#server) return;
    this.#stopFollowing();
    this.#server = server;
    if (this.#followers > 0) this.#startFollowing();
  }

  /** Applies a summary from the list's stream, unless the experiment's own stream has brought a newer one. */
  applySummary(summary: ExperimentSummary): void {
    const known = this.#summary;
    if (this.#following && known.live && summary.live && summary.durationAt < known.durationAt) return;
    this.#apply({ revision: this.#content.revision, summary });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#stopFollowing();
    this.#changed.dispose();
  }

  #startFollowing(): void {
    if (this.#following || !this.#server || this.#isDisposed) return;
    if (this.#loading.state !== 'loaded') this.#setLoading({ state: 'loading' });
    this.#following = this.#server.followExperiment(this.id, {
      snapshot: (snapshot) => void this.#applySnapshot(snapshot),
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

  #stopFollowing(): void {
    clearTimeout(this.#lingerTimer);
    this.#following?.dispose();
    this.#following = undefined;
    this.#waiting = undefined;
    this.#load++;
    // The trials stay for the next follower, but are out of date from now on.
    if (!this.#isDisposed && this.#loading.state !== 'unloaded') this.#setLoading({ state: 'unloaded' });
  }

  /** Builds the new content aside, a slice at a time, then swaps it in: no view sees half a snapshot. */
  async #applySnapshot(snapshot: ExperimentSnapshot): Promise<void> {
    const load = ++this.#load;
    this.#waiting = [];
    const content: Content = {
      ...emptyContent(),
      config: snapshot.config,
      session: snapshot.session,
      revision: snapshot.revision,
    };
    const isCurrent = () => load === this.#load;
    await turn();
    await forEachInSlices(snapshot.trials, (row) => {
      content.trials.set(row.id, { row, intermediates: new Series(), finals: new Series() });
      return isCurrent();
    });
    const { trialIds, trial, type, sequence, timestamp, data } = snapshot.metrics;
    const byIndex = trialIds.map((id) => content.trials.get(id));
    await forEachInSlices(trial.keys(), (point) => {
      const target = byIndex[trial[point] ?? -1];
      const series = type[point] === 'F' ? target?.finals : target?.intermediates;
      series?.append(sequence[point] ?? 0, timestamp[point] ?? 0, data[point] ?? '');
      return isCurrent();
    });
    if (!isCurrent()) return;
    content.order.reset(snapshot.trials, snapshot.summary.best?.trialId);
    // Sorting takes a slice of its own, and so does what the listeners do.
    await turn();
    if (!isCurrent()) return;
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
