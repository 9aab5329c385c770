/** When a connection tries again to reach its server, and when it calls the server lost. */

/** Waits before each retry; the last one repeats. */
const retryDelaysMs = [200, 500, 1000, 2000, 5000, 10_000];
const maxRetryDelayMs = 30_000;
/** Retries that a manager needs at most to come back after a restart. */
const maxQuietRetries = 3;
/** Wait when a retry helps nobody: the list is hidden, or the server wants a token. */
const pointlessRetryDelayMs = 60_000;

/** @param retries failed retries so far; @param isPointless whether a person must act, or look, before a retry makes sense */
export function retryDelayMs(retries: number, isPointless: boolean): number {
  // A server that was just restarted is back soon, so the first retries never wait long.
  if (isPointless && retries > maxQuietRetries) return pointlessRetryDelayMs;
  return retryDelaysMs[retries] ?? maxRetryDelayMs;
}

/** Whether a server that answered before is to be called lost after so many failed retries. */
export function isLostAfter(retries: number): boolean {
  return retries >= maxQuietRetries;
}
