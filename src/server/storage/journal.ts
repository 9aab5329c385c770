/**
 * Stores what happens before it counts. A batch is stored first, then applied to the state in memory, then the rest of the
 * process acts on it. Batches are stored one after the other, each wholly or not at all.
 *
 * A database that can't be written for a moment (locked by another program) only delays this: nothing is dropped. A batch with
 * metrics also holds the position in the trial's reports, so a process that is killed here has lost nothing either.
 */
import type { ExperimentProfile } from '../../model/experiment/experiment.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { MetricDataRecord } from '../../model/trial/trial.ts';
import { type Clock, systemClock, type Timer } from '../../system/clock.ts';
import type { TrialEventRow } from './experimentState.ts';
import type { LogPosition } from './logPosition.ts';
import type { StoredRun } from './storedRun.ts';

export interface Batch {
  events?: readonly TrialEventRow[];
  metrics?: readonly MetricDataRecord[];
  profile?: ExperimentProfile;
  /** Trials that run again. Their reports from an earlier attempt no longer count. */
  putAside?: readonly { trialId: string; attempt: number }[];
  /** Trials that have not ended, as they are now. */
  runs?: readonly StoredRun[];
  /** Trials that have ended. */
  released?: readonly string[];
  /** JSON-serialisable values by name. */
  meta?: Readonly<Record<string, unknown>>;
}

export interface JournalTarget {
  /** Stores the batch in one transaction. Returns the end of the log after it. Throws when it can't. */
  store(batch: Batch): LogPosition;
  apply(batch: Batch): void;
}

/** Storing may fail for this long before the owner hears of it. */
const maxFailingMs = 5000;
const firstRetryMs = 20;
const maxRetryMs = 1000;

export class Journal {
  #target: JournalTarget;
  #waiting: { batch: Batch; stored: ((at: LogPosition) => void) | undefined }[] = [];
  #failingSinceMs: number | undefined;
  #retryMs = firstRetryMs;
  #clock: Clock;
  #timer: Timer | undefined;
  #failed: ((reason: string) => void) | undefined;
  #working = false;
  #emptied: (() => void)[] = [];

  constructor(target: JournalTarget, clock: Clock = systemClock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Calls `failed` once, when storing has failed for five seconds. The journal goes on trying. */
  onFailure(failed: (reason: string) => void): void {
    this.#failed = failed;
  }

  /**
   * @param stored runs after the batch is stored, applied and announced; at once if nothing is in the way. It gets the end of
   * the log after this batch
   */
  write(batch: Batch, stored?: (at: LogPosition) => void): void {
    this.#waiting.push({ batch, stored });
    if (this.#timer === undefined) this.#work();
  }

  /** Resolves when everything written so far is stored; with false when that takes longer than the given time. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#waiting.length === 0) return true;
    let timer: Timer | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#emptied.push(resolve)),
      new Promise<void>((resolve) => {
        timer = this.#clock.setTimeout(resolve, timeoutMs);
      }),
    ]);
    timer?.cancel();
    return this.#waiting.length === 0;
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #work(): void {
    // `stored` may write again. Such a batch comes after those that already wait.
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
        this.#failingSinceMs = undefined;
        this.#retryMs = firstRetryMs;
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
    const now = this.#clock.elapsedMs();
    this.#failingSinceMs ??= now;
    if (now - this.#failingSinceMs >= maxFailingMs) {
      const failed = this.#failed;
      this.#failed = undefined;
      failed?.(messageOf(error));
    }
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, maxRetryMs);
  }
}
