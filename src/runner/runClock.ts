/** How long an experiment has run, over all sessions, and when its time is up. */
import { type Clock, systemClock, type Timer } from '../system/clock.ts';

export class RunClock {
  #pastMs: number;
  /** Elapsed time of the clock when this session began to run. */
  #sinceMs: number | undefined;
  #limitMs = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  readonly #onTimeUp: () => void;
  readonly #clock: Clock;

  /** @param seconds that earlier sessions ran */
  constructor(seconds: number, onTimeUp: () => void, clock: Clock = systemClock) {
    this.#pastMs = seconds * 1000;
    this.#onTimeUp = onTimeUp;
    this.#clock = clock;
  }

  /** Whole seconds, as NNI's `execDuration`. */
  get seconds(): number {
    return Math.floor(this.#ranMs / 1000);
  }

  get timeIsUp(): boolean {
    return this.#ranMs >= this.#limitMs;
  }

  get running(): boolean {
    return this.#sinceMs !== undefined;
  }

  run(running: boolean): void {
    if (running === this.running) return;
    this.#pastMs = this.#ranMs;
    this.#sinceMs = running ? this.#clock.elapsedMs() : undefined;
    this.#arm();
  }

  /** @param seconds undefined for no limit */
  setLimit(seconds: number | undefined): void {
    this.#limitMs = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000;
    this.#arm();
  }

  dispose(): void {
    this.run(false);
    this.#timer?.cancel();
  }

  get #ranMs(): number {
    return this.#pastMs + (this.#sinceMs === undefined ? 0 : this.#clock.elapsedMs() - this.#sinceMs);
  }

  #arm(): void {
    this.#timer?.cancel();
    if (!this.running || this.#limitMs === Number.POSITIVE_INFINITY || this.timeIsUp) return;
    // Timers may fire a fraction of a millisecond early.
    const leftMs = this.#limitMs - this.#ranMs + 1;
    this.#timer = this.#clock.setTimeout(() => (this.timeIsUp ? this.#onTimeUp() : this.#arm()), leftMs);
  }
}
