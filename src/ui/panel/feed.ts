/** Sends one experiment's data to one page: a snapshot, then each change at once. Free of vscode. */
import { mergeChanges } from '../../model/experiment/change.ts';
import type { ExperimentChange, ExperimentSnapshot } from '../../model/experiment/experiment.ts';
import { decodeMetric, type MetricPoint } from '../../model/trial/metric.ts';
import { MetricTable } from '../../model/trial/metricColumns.ts';
import type { TrialRow } from '../../model/trial/trial.ts';
import type { Disposable } from '../../store/emitter.ts';
import type { ExperimentModel } from '../../store/experimentModel.ts';

export interface FeedTarget {
  snapshot(snapshot: ExperimentSnapshot): void;
  change(change: ExperimentChange): void;
  /** Called when the trials can't be read. */
  failed(reason: string): void;
}

/** Milliseconds during which changes are merged. The first change after a pause goes at once. */
const mergeIntervalMs = 10;
/** Limits of one message: serializing it blocks the extension host. */
const maxRowsPerMessage = 2000;
const maxPointsPerMessage = 5000;

/** Longer values are sent as their numbers, or cut, so that they do not block the window. In characters. */
const maxTextChars = 20_000;

export class Feed implements Disposable {
  readonly #model: ExperimentModel;
  readonly #target: FeedTarget;
  readonly #watching: Disposable;
  readonly #listening: Disposable;
  /** Starts at 0 for each page, so that the page notices a gap. Independent of the server's revisions. */
  #revision = 0;
  /** Changes waiting for the rest of a large snapshot, or for the end of {@link mergeIntervalMs}. */
  #waiting: ExperimentChange[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastSent = Number.NEGATIVE_INFINITY;
  /** Number of snapshots begun, so that the slices of an outdated one stop; 0 before the first. */
  #snapshot = 0;
  #slicing = false;
  #disposed = false;

  constructor(model: ExperimentModel, target: FeedTarget) {
    this.#model = model;
    this.#target = target;
    this.#listening = model.onDidChange((event) => {
      if (event.kind === 'snapshot') void this.#sendSnapshot();
      else if (event.kind === 'change') this.#take(event.change);
      else if (model.loading.state === 'failed') target.failed(model.loading.reason);
    });
    this.#watching = model.follow();
    if (model.loading.state === 'loaded') void this.#sendSnapshot();
    else if (model.loading.state === 'failed') target.failed(model.loading.reason);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#listening.dispose();
    this.#watching.dispose();
  }

  #take(change: ExperimentChange): void {
    if (this.#snapshot === 0) return;
    this.#waiting.push(change);
    if (this.#slicing || this.#timer) return;
    const wait = this.#lastSent + mergeIntervalMs - performance.now();
    if (wait <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    if (first) this.#send(others.length === 0 ? first : { revision: 0, ...mergeChanges([first, ...others]) });
  }

  #send(change: ExperimentChange): void {
    this.#lastSent = performance.now();
    const { trials, metrics } = change;
    this.#target.change({
      ...change,
      ...(trials && { trials: trials.map(lightRow) }),
      ...(metrics && { metrics: metrics.map(lightPoint) }),
      revision: ++this.#revision,
    });
  }

  /** Sends the rest of a large snapshot as changes, the metrics of the best and newest trials first. */
  async #sendSnapshot(): Promise<void> {
    const snapshot = ++this.#snapshot;
    const model = this.#model;
    const { config } = model;
    if (!config) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    const rows = [...model.trials.values()].map((trial) => trial.row);
    const points = pointsOf(model);
    this.#revision++;
    this.#lastSent = performance.now();
    this.#slicing = true;
    const first = take(points, maxPointsPerMessage);
    this.#target.snapshot({
      session: model.session,
      revision: this.#revision,
      summary: model.summary,
      config,
      trials: rows.slice(0, maxRowsPerMessage).map(lightRow),
      metrics: new MetricTable(first.map(lightPoint)).columns,
    });
    for (let from = maxRowsPerMessage; from < rows.length; from += maxRowsPerMessage) {
      if (!(await this.#turn(snapshot))) return;
      this.#send({ revision: 0, trials: rows.slice(from, from + maxRowsPerMessage) });
    }
    if (first.length === maxPointsPerMessage) {
      for (;;) {
        if (!(await this.#turn(snapshot))) return;
        const metrics = take(points, maxPointsPerMessage);
        if (metrics.length === 0) break;
        this.#send({ revision: 0, metrics });
      }
    }
    this.#slicing = false;
    this.#flush();
  }

  /** Yields to the event loop. @returns false when a newer snapshot has begun meanwhile */
  async #turn(snapshot: number): Promise<boolean> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    return !this.#disposed && snapshot === this.#snapshot;
  }
}

/**
 * All points, trial by trial. Read while new ones arrive: those come as changes of their own, so each series is read only up
 * to its length at the start.
 */
function pointsOf(model: ExperimentModel): Iterator<MetricPoint> {
  const trials = model.order.slice().flatMap((id) => {
    const trial = model.trials.get(id);
    if (!trial) return [];
    return [{ id, trial, intermediates: trial.intermediates.length, finals: trial.finals.length }];
  });
  return (function* () {
    for (const { id, trial, intermediates, finals } of trials) {
      yield* trial.intermediates.points(id, 'PERIODICAL', intermediates);
      yield* trial.finals.points(id, 'FINAL', finals);
    }
  })();
}

function take<T>(items: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  while (taken.length < count) {
    const next = items.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

function lightRow(row: TrialRow): TrialRow {
  const { final = '', latest } = row;
  if (final.length <= maxTextChars && (latest?.data.length ?? 0) <= maxTextChars) return row;
  return {
    ...row,
    ...(final && { final: lightText(final) }),
    ...(latest && { latest: { ...latest, data: lightText(latest.data) } }),
  };
}

function lightPoint(point: MetricPoint): MetricPoint {
  return point.data.length <= maxTextChars ? point : { ...point, data: lightText(point.data) };
}

/** Shortens a reported value: its numbers only, or the beginning of its text. @param value Python's JSON, as reported */
function lightText(text: string): string {
  if (text.length <= maxTextChars) return text;
  const entries = Object.entries(decodeMetric(text).entries);
  const numbers = entries.map(([key, value]) => `${JSON.stringify(key)}: ${String(value)}`).join(', ');
  return numbers && numbers.length <= maxTextChars ? `{${numbers}}` : JSON.stringify(`${text.slice(0, 1000)}…`);
}
