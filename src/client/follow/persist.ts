/** Repeats an attempt that has to last, and reports whether it is connected, connecting or lost. */
import { type Clock, systemClock } from '../../system/clock.ts';
import { ClientError, NotFoundError, RejectedError } from '../errors.ts';

export type FollowState =
  /** A try is under way; `reason` is the failure before it. */
  | { state: 'connecting'; since: number; reason?: string }
  | { state: 'connected'; since: number }
  /** Several tries failed; more follow. `since` is the time of the last answer, or of the first try. */
  | { state: 'lost'; since: number; reason: string };

export interface PersistOptions {
  signal: AbortSignal;
  onState?(state: FollowState): void;
  /** Failures in a row that are retried; the next one is thrown. Default: no limit. */
  retries?: number;
  clock?: Clock;
}

/** Waits before each try in a row; the last one repeats. Stretched at random, so that many clients do not come at once. */
const delaysMs = [0, 100, 300, 1000, 2000, 5000, 10_000];
/** Failures in a row after which the server counts as lost. */
const minLostFailures = 3;
/** An attempt that lasted this long has worked: the next try comes at once. */
const minWorkedMs = 5000;

/**
 * Runs `attempt` again and again until the signal aborts, and then resolves. An attempt calls `connected` when the server answers as it
 * should, and `progress` when something new came.
 *
 * @throws the last ClientError when `retries` are used up or another try can't help; at once any other error: a retry would not cure it
 */
export async function persist(
  attempt: (progress: { connected(): void; progress(): void }) => Promise<void>,
  options: PersistOptions,
): Promise<void> {
  const { signal, retries = Number.POSITIVE_INFINITY, clock = systemClock } = options;
  let state = { state: 'connecting', since: clock.now() } as FollowState;
  let lastAnswer = state.since;
  const setState = (next: FollowState) => {
    const isSame =
      next.state === state.state && ('reason' in next ? next.reason : '') === ('reason' in state ? state.reason : '');
    if (isSame || signal.aborted) return;
    state = next;
    options.onState?.(state);
  };
  options.onState?.(state);
  let failures = 0;
  // Also counts tries that end without an error, such as a stream that is closed as soon as it is opened.
  let tries = 0;
  while (!signal.aborted) {
    const started = clock.elapsedMs();
    let reason: string | undefined;
    try {
      await attempt({
        connected: () => {
          failures = 0;
          lastAnswer = clock.now();
          setState({ state: 'connected', since: lastAnswer });
        },
        progress: () => {
          tries = 0;
          lastAnswer = clock.now();
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ClientError) || isFinal(error)) throw error;
      failures++;
      if (failures > retries) throw error;
      reason = error.message;
    }
    if (signal.aborted) return;
    if (clock.elapsedMs() - started > minWorkedMs) tries = 0;
    if (reason !== undefined) {
      if (failures >= minLostFailures || state.state === 'lost') setState({ state: 'lost', since: lastAnswer, reason });
      else setState({ state: 'connecting', since: clock.now(), reason });
    }
    const waitMs = (delaysMs[Math.min(tries, delaysMs.length - 1)] ?? 0) * (1 + Math.random() / 4);
    tries++;
    if (waitMs > 0) await clock.delay(waitMs, signal).catch(() => undefined);
  }
}

/** Whether the server answered, and will answer the same next time. */
function isFinal(error: ClientError): boolean {
  if (error instanceof NotFoundError) return true;
  return error instanceof RejectedError && (error.status === 401 || error.status === 403);
}
