/** Time as the product sees it: the date, elapsed time and timers. A test replaces it with a clock that it moves by hand. */
import { setTimeout as nodeDelay } from 'node:timers/promises';

export interface Timer {
  /** Does nothing when the timer has fired or was cancelled. */
  cancel(): void;
  /** Lets the process end while the timer still runs. */
  unref(): void;
}

export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. Jumps when someone sets the machine's clock. */
  now(): number;
  /** Milliseconds since an arbitrary moment, as `performance.now()`. Never jumps. */
  elapsedMs(): number;
  /** Calls `action` once. Any delay works, also one longer than Node's own limit of 24.8 days. */
  setTimeout(action: () => void, delayMs: number): Timer;
  setInterval(action: () => void, intervalMs: number): Timer;
  /** Resolves after the delay; rejects with an `AbortError` when the signal aborts first. */
  delay(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Node fires a timer with a longer delay at once. */
const maxTimeoutMs = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  setTimeout(action, delayMs) {
    let timer: NodeJS.Timeout;
    let keepsAlive = true;
    const start = (leftMs: number): void => {
      const nextMs = Math.min(leftMs, maxTimeoutMs);
      timer = setTimeout(() => (leftMs > nextMs ? start(leftMs - nextMs) : action()), nextMs);
      if (!keepsAlive) timer.unref();
    };
    start(delayMs);
    return {
      cancel: () => clearTimeout(timer),
      unref: () => {
        keepsAlive = false;
        timer.unref();
      },
    };
  },
  setInterval(action, intervalMs) {
    const timer = setInterval(action, intervalMs);
    return { cancel: () => clearInterval(timer), unref: () => void timer.unref() };
  },
  delay: (delayMs, signal) => nodeDelay(delayMs, undefined, signal ? { signal } : {}),
};
