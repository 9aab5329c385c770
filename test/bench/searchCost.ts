/** Measures how long one suggestion after many results, and a resume with them, block a runner's event loop. */
import type { ExperimentConfig } from '../../src/model/config/config.ts';
import type { SearchSpace } from '../../src/model/space/searchSpace.ts';
import { type LoggedEvent, SearchHost } from '../../src/runner/drivers/searchHost.ts';
import { openSearch } from '../../src/runner/drivers/searchThread.ts';
import { type Longest, watchEventLoop } from './eventLoop.ts';

export interface SearchCost {
  results: number;
  dimensions: number;
  /** Milliseconds from the request to the suggestion. */
  suggestionMs: number;
  whileSuggesting: Longest;
  resumingMs: number;
  whileResuming: Longest;
}

/** A resumed search gets this many rows of the log at a time, as in `runner/drivers/searchPast.ts`. */
const pageSize = 250;

/** Measures TPE. */
export async function measureSearch(results = 20_000, dimensions = 8): Promise<SearchCost> {
  const names = Array.from({ length: dimensions }, (_, index) => `x${index}`);
  const space: SearchSpace = Object.fromEntries(names.map((name) => [name, { _type: 'uniform', _value: [0, 1] }]));
  const config = { tuner: { name: 'TPE', classArgs: { seed: 1 } } } as unknown as ExperimentConfig;
  const host = new SearchHost(await openSearch(config), (reason) => {
    throw new Error(reason);
  });
  const loop = watchEventLoop();
  try {
    loop.longest();
    const begun = performance.now();
    await host.begin(space, undefined, pages(names, results));
    const resumingMs = performance.now() - begun;
    const whileResuming = loop.longest();
    const times: number[] = [];
    for (let id = results; id < results + 5; id++) {
      const asked = performance.now();
      await host.ask(1, id, (count) => count);
      times.push(performance.now() - asked);
    }
    const suggestionMs = Math.max(...times);
    return { results, dimensions, suggestionMs, whileSuggesting: loop.longest(), resumingMs, whileResuming };
  } finally {
    loop.dispose();
    await host.dispose();
  }
}

function* pages(names: readonly string[], results: number): Generator<LoggedEvent[]> {
  // A fixed sequence that fills the space: the measurement must not depend on chance.
  let seed = 1;
  const draw = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let first = 0; first < results; first += pageSize) {
    yield Array.from({ length: Math.min(pageSize, results - first) }, (_, index): LoggedEvent => {
      const parameters = Object.fromEntries(names.map((name) => [name, draw()]));
      const value = draw();
      const id = first + index;
      const final = { value, text: String(value) };
      const event = { kind: 'ended', set: id, trialId: `t${id}`, parameters, status: 'SUCCEEDED', final } as const;
      return { event, at: { event: id + 1, metric: id + 1 } };
    });
  }
}
