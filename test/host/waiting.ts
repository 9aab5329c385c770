/** Waiting for something a person would see, by events and not by time. */
import type { Disposable, Event } from 'vscode';

/** Resolves with the first defined value `look` gives: now, or after one of the events. Rejects after `limitMs`. */
export function until<T>(
  look: () => T | undefined,
  events: Event<never>[] | Event<unknown>[],
  what: string,
  limitMs = 100_000,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const subscriptions: Disposable[] = [];
    const finish = (end: () => void) => {
      clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
      end();
    };
    const timer = setTimeout(() => finish(() => reject(new Error(`Waited in vain for ${what}.`))), limitMs);
    const check = () => {
      const value = look();
      if (value !== undefined) finish(() => resolve(value));
    };
    for (const event of events as Event<unknown>[]) subscriptions.push(event(check));
    check();
  });
}

/** For what VS Code gives no event of, such as a CodeLens: asks again until it is there. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: string, limitMs = 100_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
