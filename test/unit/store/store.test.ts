import assert from 'node:assert/strict';
import { Store, type StoreChange } from '../../../src/store/store.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeConnector, FakeServer, next } from './samples.ts';

describe('The store', () => {
  let server: FakeServer;
  let store: Store;

  beforeEach(() => {
    server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' })];
    server.snapshots.set('exp1', snapshot([trial(0, { status: 'RUNNING' }), trial(1)]));
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
  });
  afterEach(() => store.dispose());

  it('names what changed, many changes in one event', async () => {
    await store.local.connect({ start: true });
    const model = store.experiment('local', 'exp1');
    assert.ok(model);
    await model.loaded();
    const watching = model.follow();
    await next(store.onDidChange, (change) => change.experiments.has(model));
    const changes: StoreChange[] = [];
    store.onDidChange((change) => changes.push(change));
    for (let sequence = 0; sequence < 500; sequence++) {
      server.change('exp1', { revision: 2 + sequence, metrics: [point('t0', sequence, 0.5)] });
    }
    await next(store.onDidChange);
    assert.equal(changes.length, 1);
    const delta = changes[0]?.experiments.get(model);
    assert.deepEqual([...(delta?.trials ?? [])], ['t0']);
    assert.equal(delta?.order, false);
    assert.equal(model.trials.get('t0')?.intermediates.length, 500);
    watching.dispose();
  });

  it('reads trials for a caller, best first', async () => {
    server.snapshots.set(
      'exp1',
      snapshot([trial(0), trial(1), trial(2)], [], {
        summary: summary({ best: { trialId: 't1', trialNumber: 1, value: 1, time: 1 } }),
      }),
    );
    await store.local.connect({ start: true });
    const rows = await store.trials('local', 'exp1');
    assert.deepEqual(
      rows.map((row) => row.id),
      ['t1', 't2', 't0'],
    );
    await assert.rejects(store.trials('local', 'nobody'), /There is no experiment nobody/);
  });

  it('announces an experiment that was launched from this window', async () => {
    server.experiments = [];
    const launched = next(store.onDidLaunch);
    await store.local.connect({ start: true });
    queueMicrotask(() => server.send({ event: 'experiment', data: summary({ id: 'new1' }) }));
    const reference = await store.launch({ action: 'create', configFile: '/x/config.yml' });
    assert.deepEqual(reference, { connectionId: 'local', experimentId: 'new1' });
    assert.equal((await launched).id, 'new1');
  });

  it('explains that nothing is connected', () => {
    assert.throws(() => store.client('local', 'exp1'), /This machine is not connected/);
    assert.throws(() => store.client('elsewhere', 'exp1'), /There is no connection elsewhere/);
  });
});
