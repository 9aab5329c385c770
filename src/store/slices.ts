/** Long loops in pieces, so that the extension host answers others meanwhile. */

/** What a piece may take: a tenth of what a person or another extension would notice. */
const budgetMs = 8;
/** The clock is read once for so many steps; reading it for each would cost more than most steps. */
const stride = 64;

/** Lets others who live in this process have their turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs `step` for each item and lets the event loop turn whenever the budget is used up. False from `step` ends it. */
export async function forEachInSlices<T>(items: Iterable<T>, step: (item: T) => boolean | undefined): Promise<void> {
  let started = performance.now();
  let count = 0;
  for (const item of items) {
    if (step(item) === false) return;
    if (++count % stride === 0 && performance.now() - started > budgetMs) {
      await turn();
      started = performance.now();
    }
  }
}
