/** What a window knows, the store over the real client, while its manager is killed: nothing is lost, and nothing pretended. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionStatus } from '../../../src/store/connectionStatus.ts';
import type { ExperimentModel } from '../../../src/store/experimentModel.ts';
import { localConnector } from '../../../src/store/localConnector.ts';
import { Store } from '../../../src/store/store.ts';
import { bundles } from '../../harness/bundles.ts';
import { Home, killHard } from '../../harness/home.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

describe('a window whose manager is killed', () => {
  let home: Home;
  let store: Store;
  let mayStart: boolean;
  let seen: ConnectionStatus[];
  const userHome = process.env.HOME;
  const gate = (number: number) => join(home.path, `gate${number}`);
  const open = (number: number) => writeFileSync(gate(number), '');
  const pass = (number: number) => `until [ -e '${gate(number)}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done`;

  beforeEach(async () => {
    home = await Home.make();
    // The window starts the manager with its own environment, and what is started here must be found again.
    process.env.HOME = home.path;
    mayStart = true;
    const managerScript = (await bundles()).manager;
    store = new Store({
      local: localConnector({ experimentsDirectory: () => home.experiments, managerScript }),
      localLabel: 'This machine',
      mayStart: () => mayStart,
    });
    seen = [];
    store.local.onDidChange(() => {
      if (seen.at(-1) !== store.local.status) seen.push(store.local.status);
    });
  });
  afterEach(async () => {
    store.dispose();
    process.env.HOME = userHome;
    await home.dispose();
  });

  /** Resolves as soon as the store says something that fits. */
  function until(what: string, fits: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (ended: () => void) => {
        clearTimeout(timer);
        listening.dispose();
        ended();
      };
      const listening = store.onDidChange(() => fits() && end(resolve));
      const timer = setTimeout(() => end(() => reject(new Error(`Waited in vain for ${what}.`))), 40_000);
      if (fits()) end(resolve);
    });
  }

  /** A trial that reports 0 to 49, passes the first gate, reports 50 to 99, passes the second and ends. */
  async function start(): Promise<ExperimentModel> {
    const half = (from: number) => `for i in $(seq ${from} ${from + 49}); do report PERIODICAL $i $i; done`;
    const trialCommand = shellTrial(`${half(0)}; ${pass(1)}; ${half(50)}; ${pass(2)}; report FINAL 1`);
    const config = runnerConfig(home.experiments, { experimentName: 'kept', trialCommand, maxTrialNumber: 1 });
    const { experimentId } = await store.launch({ action: 'create', config });
    const model = store.experiment('local', experimentId) ?? assert.fail();
    model.follow();
    return model;
  }
  const numbers = (model: ExperimentModel) =>
    [...model.trials.values()].flatMap(({ intermediates }) => intermediates.text.map(Number));
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  it('comes back by itself to the experiment, which never ended, with every number', async () => {
    const model = await start();
    await until('the first numbers', () => numbers(model).length > 0);
    const { pid } = await home.lock();
    // In the middle of what arrives.
    await killHard(pid);
    open(1);
    await until('another manager', () => seen.at(-1)?.state === 'connected' && seen.length > 2);
    assert.notEqual((await home.lock()).pid, pid);
    await until('all numbers', () => model.loading.state === 'loaded' && numbers(model).length >= 100);
    assert.deepEqual(numbers(model), upTo(100));
    assert.equal(store.experiment('local', model.id), model);
    assert.deepEqual([model.summary.live, model.summary.name], [true, 'kept']);
    open(2);
    await until('the end of the search', () => model.summary.status === 'DONE');
    assert.deepEqual(model.summary.counts, { SUCCEEDED: 1 });
    assert.deepEqual(
      seen.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]),
      ['connecting', 'connected', 'connecting', 'connected'],
    );
  });

  it('that may not start a manager says since when and why it is cut off, keeps its data, and catches up', async () => {
    const model = await start();
    await until('the first half', () => numbers(model).length === 50);
    mayStart = false;
    const killed = Date.now();
    await killHard((await home.lock()).pid);
    await until('the loss', () => store.local.status.state === 'lost');
    const { status } = store.local;
    assert.ok(status.state === 'lost' && status.reached && status.since >= killed && status.since <= Date.now());
    assert.equal(status.reason, 'No manager is running.');
    assert.throws(() => store.client('local', model.id), /This machine does not answer: No manager is running\./);
    // What was known stays, and is not called current.
    assert.deepEqual(numbers(model), upTo(50));
    assert.deepEqual([model.loading.state, model.summary.status], ['unloaded', 'NO_MORE_TRIAL']);
    open(1);
    open(2);
    mayStart = true;
    await until('the way back', () => store.local.status.state === 'connected');
    await until('the end of the search', () => model.summary.status === 'DONE' && numbers(model).length >= 100);
    assert.deepEqual(numbers(model), upTo(100));
    const since = seen.flatMap((each) => (each.state === 'lost' ? each.since : []));
    assert.deepEqual(new Set(since), new Set([status.since]), 'it says the same time for as long as it is lost');
  });
});
