/**
 * The order of things: what happens is stored first, then it is true (applied to the state and announced), then the rest of
 * the runner acts on it. Batches are stored one after the other, each wholly or not at all.
 *
 * A database that can't be written for a moment (locked by another program) only delays this; nothing is dropped, and as a
 * trial's metric offset is part of the batch that holds its metrics, a runner that ends here has lost nothing either.
 */
import type { ExperimentProfile } from '../../model/experiment/experiment.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { MetricDataRecord } from '../../model/trial/trial.ts';
import type { StoredHandle } from './experimentDatabase.ts';
import type { TrialEventRow } from './experimentState.ts';
import type { LogPosition } from './logPosition.ts';

export interface Batch {
  events?: readonly TrialEventRow[];
  metrics?: readonly MetricDataRecord[];
  profile?: ExperimentProfile;
  /** Handles as they are now. */
  handles?: readonly StoredHandle[];
  /** Trials that need no handle any more. */
  released?: readonly string[];
  /** JSON-serialisable values by name. */
  meta?: Readonly<Record<string, unknown>>;
}

export interface JournalTarget {
  /** In one transaction. Returns the end of the log after it. Throws when it can't. */
  store(batch: Batch): LogPosition;
  apply(batch: Batch): void;
  /** Called once, when storing has failed for {@link patience}; trying goes on. */
  failed(reason: string): void;
}

/** Milliseconds that storing may fail before the experiment is told. */
const patience = 5000;
const firstRetry = 20;
const longestRetry = 1000;

export class Journal {
  #target: JournalTarget;
  #waiting: { batch: Batch; stored: ((at: LogPosition) => void) | undefined }[] = [];
  #failingSince: number | undefined;
  #retry = firstRetry;
  #timer: NodeJS.Timeout | undefined;
  #told = false;
  #working = false;
  #emptied: (() => void)[] = [];

  constructor(target: JournalTarget) {
    this.#target = target;
  }

  /**
   * @param stored runs after the batch is stored, applied and announced; at once if nothing is in the way. It gets the end of
   * the log after this batch
   */
  write(batch: Batch, stored?: (at: LogPosition) => void): void {
    this.#waiting.push({ batch, stored });
    if (this.#timer === undefined) this.#work();
  }

  /** Resolves when everything written so far is stored, with false when that was not possible within this time. */
  async flush(milliseconds: number): Promise<boolean> {
    if (this.#waiting.length === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#emptied.push(resolve)),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      }),
    ]);
    clearTimeout(timer);
    return this.#waiting.length === 0;
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #work(): void {
    // `stored` may write again: that comes after what already waits.
    if (this.#working) return;
    this.#working = true;
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
        let at: LogPosition;
        try {
          at = this.#target.store(next.batch);
        } catch (error) {
          this.#again(error);
          return;
        }
        this.#failingSince = undefined;
        this.#retry = firstRetry;
        this.#waiting.shift();
        this.#target.apply(next.batch);
        next.stored?.(at);
      }
    } finally {
      this.#working = false;
    }
    for (const resolve of this.#emptied.splice(0)) resolve();
  }

  #again(error: unknown): void {
    const now = performance.now();
    this.#failingSince ??= now;
    if (!this.#told && now - this.#failingSince >= patience) {
      this.#told = true;
      const reason = messageOf(error);
      this.#target.failed(reason);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, this.#retry);
    this.#retry = Math.min(this.#retry * 2, longestRetry);
  }
}
