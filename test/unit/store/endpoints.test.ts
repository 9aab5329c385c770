import assert from 'node:assert/strict';
import { Connection } from '../../../src/store/connection.ts';
import { TokenWantedError } from '../../../src/store/serverConnection.ts';
import { Store, type StoreChange } from '../../../src/store/store.ts';
import { snapshot, summary, trial } from '../../fixtures/builders.ts';
import { eventually } from '../../harness/eventually.ts';
import { ScriptedNni } from '../client/scriptedNni.ts';
import { FakeConnector, FakeServer, next } from './samples.ts';

describe('Several connections', () => {
  let nni: ScriptedNni;
  let store: Store;
  const token = async () => undefined;

  beforeEach(async () => {
    nni = await new ScriptedNni().open();
    const server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' })];
    server.snapshots.set('exp1', snapshot([trial(0)]));
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
  });
  afterEach(async () => {
    store.dispose();
    await nni.scene.close();
  });
  const add = (prefix = '') =>
    store.addEndpoint({ id: 'nni', label: 'NNI', address: nni.scene.address + prefix, token });

  it('exist beside each other and send the same events as a single one', async () => {
    await store.local.connect({ start: true });
    const changes: StoreChange[] = [];
    store.onDidChange((change) => changes.push(change));
    const connection = add();
    assert.equal(add(), connection, 'one for each id');
    assert.deepEqual(
      store.connections.map(({ id }) => id),
      ['local', 'nni'],
    );
    await store.show();
    assert.equal(connection.status.state, 'connected');
    const model = store.experiment('nni', 'hfc6tdyj');
    assert.ok(model?.summary.standalone);
    await eventually('the connection to be told of', () =>
      changes.some(({ connections }) => connections.has(connection)),
    );
    const rows = await store.trials('nni', 'hfc6tdyj');
    assert.equal(rows[0]?.id, model.summary.best?.trialId);
    assert.equal(rows.length, nni.jobs.length);
    assert.ok(store.experiment('local', 'exp1'));
  });

  it('are removed with their experiments, except the local one', async () => {
    const connection = add();
    await connection.show();
    const told = next(store.onDidChange, ({ connections }) => connections.has(connection));
    store.removeConnection('nni');
    store.removeConnection('local');
    await told;
    assert.deepEqual(
      store.connections.map(({ id }) => id),
      ['local'],
    );
    assert.equal(connection.models.size, 0);
    const before = nni.asked.length;
    // It can be added again, and is another one then.
    const again = add();
    await again.show();
    assert.notEqual(again, connection);
    assert.ok(nni.asked.length > before);
  });

  it('are shown without waiting for a server that does not answer', async () => {
    nni.instead = () => () => undefined;
    add();
    await store.show();
    assert.equal(store.local.status.state, 'connected');
    assert.equal(store.connection('nni')?.status.state, 'connecting');
  });

  it('to a real NNI refuse what only a manager can do, and use its prefix', async () => {
    nni.prefix = '/my/pre';
    const connection = add('/my/pre/oview');
    await connection.show();
    assert.equal(store.summary('nni', 'hfc6tdyj')?.urlPrefix, 'my/pre');
    await assert.rejects(store.launch({ action: 'resume', id: 'hfc6tdyj' }, 'nni'), /no manager/);
    await assert.rejects(store.delete('nni', 'hfc6tdyj'), /no manager/);
  });

  it('tell why they are lost, keep what was read, and read only what is new after they reconnect', async () => {
    store.setVisible(true);
    const connection = add();
    await connection.show();
    const model = store.experiment('nni', 'hfc6tdyj') ?? assert.fail('not listed');
    const watching = model.follow();
    await model.loaded();
    const { size } = model.trials;
    nni.instead = () => (_request, response) => void response.destroy();
    const { status } = await eventually(
      'it to be lost',
      () => connection.status.state === 'lost' && connection,
      60_000,
    );
    assert.ok(
      status.state === 'lost' && status.reached && /closed the connection/.test(status.reason),
      JSON.stringify(status),
    );
    assert.equal(model.trials.size, size);
    nni.instead = () => undefined;
    nni.scene.requests.length = 0;
    await connection.retry();
    assert.equal(connection.status.state, 'connected');
    await eventually('the trials to be followed again', () => model.loading.state === 'loaded', 60_000);
    assert.ok(!nni.asked.includes('/metric-data'), 'all metrics were read again');
    assert.equal(nni.mostAtOnce, 1);
    watching.dispose();
  });

  it('become idle, not lost, when the only experiment was stopped from this window', async () => {
    const connection = add();
    await connection.show();
    let stopped = false;
    nni.instead = (path) => {
      if (!path.endsWith('/experiment')) return undefined;
      return (request, response) => {
        stopped = request.method === 'DELETE';
        response.end(stopped ? '' : JSON.stringify(nni.profile));
        // Its process ends.
        if (stopped) response.once('close', () => void nni.scene.close());
      };
    };
    await store.stop('nni', 'hfc6tdyj');
    assert.ok(stopped);
    assert.equal(connection.status.state, 'idle');
    const left = store.summary('nni', 'hfc6tdyj');
    assert.deepEqual([left?.status, left?.live], ['STOPPED', false]);
  });
});

describe('A connection to a remote server', () => {
  const make = (connector: FakeConnector) =>
    new Connection({
      id: 'x',
      label: 'gpu box',
      kind: 'remote',
      address: 'http://x:1',
      connector,
      mayStart: () => false,
    });

  it('tells its server whether the list is visible, also a server that comes later', async () => {
    const server = new FakeServer();
    const connection = make(new FakeConnector(server));
    connection.setVisible(true);
    await connection.show();
    connection.setVisible(false);
    connection.setVisible(false);
    assert.deepEqual(server.visibilities, [true, false]);
    connection.dispose();
  });

  it('reports at once that the server wants a token', async () => {
    const connector = new FakeConnector('');
    connector.connect = async () => {
      throw new TokenWantedError('a token is wanted');
    };
    const connection = make(connector);
    await connection.show();
    const { status } = connection;
    assert.ok(status.state === 'lost' && status.wantsToken && !status.reached);
    connection.dispose();
  });

  it('can be renamed', async () => {
    const connection = make(new FakeConnector(new FakeServer()));
    const told = next(connection.onDidChange);
    connection.rename('other box');
    await told;
    assert.equal(connection.label, 'other box');
    connection.dispose();
  });
});
