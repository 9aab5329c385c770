/**
 * What a VS Code window does with a large experiment that the real NNI runs, in a process of its own: follows it at NNI's address,
 * or through the manager of this machine, which reads NNI's database. Prints a line of JSON when all trials were read, and another
 * one after some seconds of following.
 *
 *     node guestProcess.js EXPERIMENTS_DIRECTORY MANAGER_SCRIPT EXPERIMENT_ID SECONDS [ADDRESS]
 */
import { setTimeout as delay } from 'node:timers/promises';
import { localConnector } from '../../src/store/localConnector.ts';
import { Store } from '../../src/store/store.ts';
import { Feed } from '../../src/ui/panel/feed.ts';
import { type Longest, watchEventLoop } from './eventLoop.ts';

/** Of one stretch of time; times in milliseconds. */
export interface Stretch {
  took: number;
  trials: number;
  /** Numbers that came in it. */
  numbers: number;
  blocked: Longest;
}

async function main([directory = '', managerScript = '', id = '', seconds = '', address]: string[]): Promise<void> {
  const store = new Store({
    local: localConnector({ experimentsDirectory: () => directory, managerScript }),
    localLabel: 'This machine',
    mayStart: () => true,
  });
  // Load the program before measuring.
  await import('../../src/client/index.ts');
  const { longest } = watchEventLoop();
  let begin = performance.now();
  const connection =
    address === undefined
      ? store.local
      : store.addEndpoint({ id: 'nni', label: 'NNI', address, token: async () => undefined });
  connection.setVisible(true);
  await connection.connect({ start: address === undefined });
  const model = store.experiment(connection.id, id);
  if (!model) throw new Error(`${id} is not listed: ${JSON.stringify(connection.status)}`);
  let numbers = 0;
  // An open page reads along, and is the last to have all trials.
  new Feed(model, {
    snapshot: ({ metrics }) => {
      numbers += metrics.data.length;
    },
    change: ({ metrics = [] }) => {
      numbers += metrics.length;
    },
    failed: (reason) => {
      throw new Error(reason);
    },
  });
  await model.loaded(300_000);
  let stored = 0;
  for (const { intermediates, finals } of model.trials.values()) stored += intermediates.length + finals.length;
  while (numbers < stored) await delay(1);
  const tell = (): void => {
    const took = performance.now() - begin;
    const stretch: Stretch = { took, trials: model.trials.size, numbers, blocked: longest() };
    process.stdout.write(`${JSON.stringify(stretch)}\n`);
    begin = performance.now();
    numbers = 0;
  };
  tell();
  await delay(Number(seconds) * 1000);
  tell();
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
