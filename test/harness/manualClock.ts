/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from '../../src/system/clock.ts';

interface Pending {
  atMs: number;
  action(): void;
}

export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #pending = new Set<Pending>();

  /** @param startMs the initial time of {@link now}, in milliseconds since 1970 */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Timers and delays that have not fired. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  setTimeout(action: () => void, delayMs: number): Timer {
    const entry: Pending = { atMs: this.#elapsedMs + Math.max(0, delayMs), action };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry), unref: () => undefined };
  }

  setInterval(action: () => void, intervalMs: number): Timer {
    let timer: Timer;
    const repeat = (): void => {
      timer = this.setTimeout(repeat, intervalMs);
      action();
    };
    timer = this.setTimeout(repeat, intervalMs);
    return { cancel: () => timer.cancel(), unref: () => undefined };
  }

  delay(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.cancel();
        reject(Object.assign(new Error('The operation was aborted'), { name: 'AbortError', cause: signal?.reason }));
      };
      const timer = this.setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, delayMs);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Advances the time and fires the due timers in order. Promises settle between two timers and may start new ones. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#elapsedMs + byMs;
    for (;;) {
      await settle();
      const next = [...this.#pending].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > endMs) break;
      this.#move(next.atMs - this.#elapsedMs);
      this.#pending.delete(next);
      next.action();
    }
    this.#move(endMs - this.#elapsedMs);
    await settle();
  }

  /** Sets the wall clock, as a person or a time server does; elapsed time and timers do not notice. */
  setWallClock(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  #move(byMs: number): void {
    this.#elapsedMs += byMs;
    this.#nowMs += byMs;
  }
}

/** Promise callbacks run before the next turn of the event loop. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
