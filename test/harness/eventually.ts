/** Polls for a state without an event, such as the end of a process that is not a child. */
import { setTimeout as delay } from 'node:timers/promises';

/** The first value that is neither undefined nor false. Rejects when there is none before the deadline. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await delay(20);
  }
}
