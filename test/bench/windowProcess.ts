/**
 * What a VS Code window does with a large experiment, in a process of its own: connects the store, resumes the experiment, reads its
 * trials and takes what arrives. Prints as JSON how long its event loop, which in VS Code is all extensions', was blocked.
 *
 *     node windowProcess.js EXPERIMENTS_DIRECTORY MANAGER_SCRIPT EXPERIMENT_ID
 */
import { localConnector } from '../../src/store/localConnector.ts';
import { Store } from '../../src/store/store.ts';
import { Feed } from '../../src/ui/panel/feed.ts';
import { type Longest, watchEventLoop } from './eventLoop.ts';

/** The printed result; times in milliseconds. */
export interface Blocked {
  trials: number;
  /** Numbers that were there, and numbers that arrived while it was measured. */
  stored: number;
  arrived: number;
  /** Time until all trials were read. */
  loading: number;
  whileLoading: Longest;
  whileArriving: Longest;
}

/** The measurement ends after this many numbers. */
const awaitedNumbers = 1000;

async function main(experimentsDirectory: string, managerScript: string, id: string): Promise<Blocked> {
  const store = new Store({
    local: localConnector({ experimentsDirectory: () => experimentsDirectory, managerScript }),
    localLabel: 'This machine',
    mayStart: () => true,
  });
  await store.launch({ action: 'resume', id });
  const model = store.experiment('local', id);
  if (!model) throw new Error(`The manager does not list ${id}.`);

  const { longest, dispose } = watchEventLoop();
  const begin = performance.now();
  // An open page reads along, and is the last to have all trials.
  let sent = 0;
  const page = new Feed(model, {
    snapshot: ({ metrics }) => {
      sent += metrics.data.length;
    },
    change: ({ metrics = [] }) => {
      sent += metrics.length;
    },
    failed: (reason) => {
      throw new Error(reason);
    },
  });
  await model.loaded(60_000);
  const loading = performance.now() - begin;
  let stored = 0;
  for (const { intermediates, finals } of model.trials.values()) stored += intermediates.length + finals.length;
  while (sent < stored) await new Promise((resolve) => setImmediate(resolve));
  const whileLoading = longest();

  let arrived = 0;
  await new Promise<void>((resolve) => {
    const listening = model.onDidChange((event) => {
      if (event.kind !== 'change') return;
      arrived += event.change.metrics?.length ?? 0;
      if (arrived < awaitedNumbers) return;
      listening.dispose();
      resolve();
    });
  });
  const whileArriving = longest();
  dispose();
  const blocked = { trials: model.trials.size, stored, arrived, loading, whileLoading, whileArriving };
  page.dispose();
  store.dispose();
  return blocked;
}

const [experimentsDirectory = '', managerScript = '', id = ''] = process.argv.slice(2);
main(experimentsDirectory, managerScript, id).then(
  (blocked) => process.stdout.write(`${JSON.stringify(blocked)}\n`),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
