/** Runs long loops in slices, so that the extension host stays responsive. */

/** Length of a slice: a tenth of a pause that a person or another extension notices. */
const budgetMs = 8;
/** Steps between two reads of the clock, which costs more than most steps. */
const stride = 64;

/** Lets the event loop turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs `step` for each item and lets the event loop turn when the budget is used up. Ends when `step` returns false. */
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
