/** How long an experiment has run, over all sessions, and when its time is up. */
export class RunClock {
  #past: number;
  #since: number | undefined;
  #limit = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #onTimeUp: () => void;

  /** @param seconds of the sessions before. */
  constructor(seconds: number, onTimeUp: () => void) {
    this.#past = seconds * 1000;
    this.#onTimeUp = onTimeUp;
  }

  /** Whole seconds, as NNI's `execDuration`. */
  get seconds(): number {
    return Math.floor(this.#milliseconds / 1000);
  }

  get timeIsUp(): boolean {
    return this.#milliseconds >= this.#limit;
  }

  get running(): boolean {
    return this.#since !== undefined;
  }

  run(running: boolean): void {
    if (running === this.running) return;
    this.#past = this.#milliseconds;
    this.#since = running ? performance.now() : undefined;
    this.#arm();
  }

  /** @param seconds undefined for no limit. */
  setLimit(seconds: number | undefined): void {
    this.#limit = seconds === undefined ? Number.POSITIVE_INFINITY : seconds * 1000;
    this.#arm();
  }

  dispose(): void {
    this.run(false);
    clearTimeout(this.#timer);
  }

  get #milliseconds(): number {
    return this.#past + (this.#since === undefined ? 0 : performance.now() - this.#since);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (!this.running || this.#limit === Number.POSITIVE_INFINITY || this.timeIsUp) return;
    const left = this.#limit - this.#milliseconds;
    this.#timer = setTimeout(
      () => (this.timeIsUp ? this.#onTimeUp() : this.#arm()),
      Math.min(left + 1, longestTimeout),
    );
  }
}

/** Longer ones fire at once. */
export const longestTimeout = 2 ** 31 - 1;
