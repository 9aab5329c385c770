/** Trying again, honestly: how connected something is that has to last, and when to try next. */
import { type Clock, systemClock } from '../../system/clock.ts';
import { ClientError, NotFoundError, RejectedError } from '../errors.ts';

export type FollowState =
  /** Asked, or asked again; `reason` is why. */
  | { state: 'connecting'; since: number; reason?: string }
  | { state: 'connected'; since: number }
  /** It does not come back. Trying goes on. `since` is when it last answered, or was first asked. */
  | { state: 'lost'; since: number; reason: string };

export interface PersistOptions {
  signal: AbortSignal;
  onState?(state: FollowState): void;
  /** After so many failures in a row the last one is thrown. Endless by default. */
  retries?: number;
  clock?: Clock;
}

/** Milliseconds before each try in a row; the last repeats. Stretched by chance, so that many clients do not come at once. */
const delays = [0, 100, 300, 1000, 2000, 5000, 10_000];
/** Failures in a row after which it counts as lost. */
const patience = 3;
/** What lasted so many milliseconds has worked, so that the next failure is a first one. */
const worked = 5000;

/**
 * Runs `attempt` again and again until the signal aborts, and then resolves. An attempt calls `connected` when the server answers as it
 * should, and `progress` when something new came. What is no ClientError is thrown on: it is nothing that trying again would cure.
 */
export async function persist(
  attempt: (progress: { connected(): void; progress(): void }) => Promise<void>,
  options: PersistOptions,
): Promise<void> {
  const { signal, retries = Number.POSITIVE_INFINITY, clock = systemClock } = options;
  let state = { state: 'connecting', since: clock.now() } as FollowState;
  let lastAnswer = state.since;
  const become = (next: FollowState) => {
    const same =
      next.state === state.state && ('reason' in next ? next.reason : '') === ('reason' in state ? state.reason : '');
    if (same || signal.aborted) return;
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
          become({ state: 'connected', since: lastAnswer });
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
    if (clock.elapsedMs() - started > worked) tries = 0;
    if (reason !== undefined) {
      if (failures >= patience || state.state === 'lost') become({ state: 'lost', since: lastAnswer, reason });
      else become({ state: 'connecting', since: clock.now(), reason });
    }
    const wait = (delays[Math.min(tries, delays.length - 1)] ?? 0) * (1 + Math.random() / 4);
    tries++;
    if (wait > 0) await clock.delay(wait, signal).catch(() => undefined);
  }
}

/** It answered, and will answer the same next time. */
function isFinal(error: ClientError): boolean {
  if (error instanceof NotFoundError) return true;
  return error instanceof RejectedError && (error.status === 401 || error.status === 403);
}
