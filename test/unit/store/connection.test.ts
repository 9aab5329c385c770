import assert from 'node:assert/strict';
import { Connection } from '../../../src/store/connection.ts';
import { summary } from '../../fixtures/builders.ts';
import { FakeConnector, FakeServer, next } from './samples.ts';

describe('A connection', () => {
  const connections: Connection[] = [];
  let mayStart = true;

  function connection(connector: FakeConnector): Connection {
    const made = new Connection({
      id: 'local',
      label: 'This machine',
      kind: 'local',
      connector,
      mayStart: () => mayStart,
    });
    connections.push(made);
    return made;
  }
  function serverWith(...ids: string[]): FakeServer {
    const server = new FakeServer();
    server.experiments = ids.map((id) => summary({ id }));
    return server;
  }
  const state = (wanted: string) => (made: Connection) =>
    made.status.state === wanted ? Promise.resolve() : next(made.onDidChange, () => made.status.state === wanted);

  beforeEach(() => {
    mayStart = true;
  });
  afterEach(() => {
    for (const made of connections.splice(0)) made.dispose();
  });

  it('lists its experiments when connect resolves', async () => {
    const made = connection(new FakeConnector(serverWith('a', 'b')));
    await made.connect({ start: true });
    assert.equal(made.status.state, 'connected');
    assert.deepEqual([...made.models.keys()], ['a', 'b']);
  });

  it('starts no manager to show an empty folder, nor in an untrusted workspace', async () => {
    const connector = new FakeConnector(undefined);
    connector.something = false;
    const made = connection(connector);
    await made.show();
    connector.something = true;
    mayStart = false;
    await made.show();
    assert.deepEqual(connector.calls, [{ start: false }, { start: false }]);
    assert.equal(made.status.state, 'idle');
  });

  it('connects when an experiment appears in an empty folder while the list is visible', async () => {
    const connector = new FakeConnector(undefined, serverWith('a'));
    connector.something = false;
    const made = connection(connector);
    made.setVisible(true);
    await made.show();
    assert.equal(made.status.state, 'idle');
    const connected = state('connected')(made);
    connector.something = true;
    connector.appear?.();
    await connected;
    assert.deepEqual([...made.models.keys()], ['a']);
    assert.equal(connector.appear, undefined, 'and waits no more');
  });

  it('does not wait for a first experiment while the list is hidden', async () => {
    const connector = new FakeConnector(undefined);
    connector.something = false;
    const made = connection(connector);
    await made.show();
    assert.equal(connector.appear, undefined);
    made.setVisible(true);
    await made.show();
    assert.ok(connector.appear);
    made.setVisible(false);
    assert.equal(connector.appear, undefined);
  });

  it('starts a manager to show the experiments of a folder', async () => {
    const connector = new FakeConnector(serverWith('a'));
    await connection(connector).show();
    assert.deepEqual(connector.calls, [{ start: true }]);
  });

  it('connects once for several callers at the same time', async () => {
    const connector = new FakeConnector(serverWith('a'));
    const made = connection(connector);
    await Promise.all([made.connect({ start: true }), made.connect({ start: true }), made.connect({ start: false })]);
    assert.equal(connector.calls.length, 1);
  });

  it('starts the manager for a caller that needs it after a caller that did not', async () => {
    const connector = new FakeConnector(undefined, serverWith('a'));
    const made = connection(connector);
    await Promise.all([made.connect({ start: false }), made.connect({ start: true })]);
    assert.deepEqual(connector.calls, [{ start: false }, { start: true }]);
    assert.equal(made.status.state, 'connected');
  });

  it('lists, changes and removes experiments as the manager reports them', async () => {
    const server = serverWith('a');
    const made = connection(new FakeConnector(server));
    await made.connect({ start: true });
    server.send({ event: 'experiment', data: summary({ id: 'b', name: 'new' }) });
    server.send({ event: 'experiment', data: summary({ id: 'a', status: 'DONE' }) });
    assert.equal(made.models.get('a')?.summary.status, 'DONE');
    assert.equal(made.models.get('b')?.summary.name, 'new');
    server.send({ event: 'removed', data: { id: 'a' } });
    assert.deepEqual([...made.models.keys()], ['b']);
  });

  it('keeps the manager’s warnings until they are withdrawn, also while the manager was away', async () => {
    const server = serverWith('a');
    const made = connection(new FakeConnector(server, serverWith('a')));
    await made.connect({ start: true });
    const told = next(made.onDidChange);
    server.send({ event: 'warnings', data: ['The manifest is damaged.'] });
    await told;
    assert.deepEqual(made.warnings, ['The manifest is damaged.']);
    server.send({ event: 'warnings', data: [] });
    assert.deepEqual(made.warnings, []);
    server.send({ event: 'warnings', data: ['The manifest is damaged.'] });
    server.list?.closed(new Error('socket closed'));
    await state('connected')(made);
    assert.deepEqual(made.warnings, []);
  });

  it('reconnects by itself and keeps the known experiments meanwhile', async () => {
    const server = serverWith('a');
    const connector = new FakeConnector(server, serverWith('a', 'b'));
    const made = connection(connector);
    await made.connect({ start: true });
    const model = made.models.get('a');
    server.list?.closed(new Error('socket closed'));
    assert.equal(made.status.state, 'connecting');
    assert.ok(server.disposed);
    assert.equal(made.models.get('a'), model);
    await state('connected')(made);
    assert.equal(made.models.get('a'), model, 'the same object, so that views keep what they hold');
    assert.deepEqual([...made.models.keys()], ['a', 'b']);
    assert.deepEqual(connector.calls.at(-1), { start: true }, 'a manager that died is started again');
  });

  it('does not restart a dead manager in an untrusted workspace', async () => {
    const server = serverWith('a');
    const connector = new FakeConnector(server, serverWith('a'));
    const made = connection(connector);
    mayStart = false;
    await made.connect({ start: false });
    server.list?.closed(new Error('socket closed'));
    await state('connected')(made);
    assert.deepEqual(connector.calls.at(-1), { start: false });
  });

  it('tells since when and why it is lost, and connects again on retry', async () => {
    const connector = new FakeConnector('the manager ended with code 1');
    const made = connection(connector);
    await made.connect({ start: true });
    assert.equal(made.status.state, 'lost');
    assert.deepEqual(made.status.state === 'lost' && { reason: made.status.reason, reached: made.status.reached }, {
      reason: 'the manager ended with code 1',
      reached: false,
    });
    assert.throws(() => made.server, /This machine does not answer: the manager ended with code 1/);
    connector.servers.splice(0, 1, serverWith('a'));
    await made.retry();
    assert.equal(made.status.state, 'connected');
  });

  it('does not hang when the manager ends before it has sent its list', async () => {
    const server = new FakeServer();
    server.followList = (listener) => {
      queueMicrotask(() => listener.closed(new Error('gone')));
      return { dispose() {} };
    };
    const made = connection(new FakeConnector(server));
    await made.connect({ start: true });
    assert.equal(made.status.state, 'lost');
  });

  it('drops a manager that it is still connecting to, and connects to the next one at once', async () => {
    const slow = serverWith('a');
    const connector = new FakeConnector(serverWith('b'));
    let come = (_server: FakeServer): void => undefined;
    connector.connect = () =>
      new Promise((resolve) => {
        come = resolve;
      });
    const made = connection(connector);
    const first = made.connect({ start: true });
    made.disconnect();
    connector.connect = async () => connector.servers[0] as FakeServer;
    await made.connect({ start: true });
    assert.deepEqual([...made.models.keys()], ['b']);
    come(slow);
    await first;
    assert.ok(slow.disposed);
    assert.deepEqual([...made.models.keys()], ['b']);
  });

  it('is connected to the next manager when connect resolves after a disconnect', async () => {
    const connector = new FakeConnector(serverWith('a'), serverWith('b'));
    const made = connection(connector);
    const connected = made.connect({ start: false });
    made.disconnect();
    await connected;
    assert.deepEqual([...made.models.keys()], ['b']);
  });

  it('drops a manager that does not send its list', async () => {
    const silent = new FakeServer();
    silent.followList = () => ({ dispose() {} });
    const made = connection(new FakeConnector(silent, serverWith('b')));
    const first = made.connect({ start: true });
    await new Promise((resolve) => setImmediate(resolve));
    made.disconnect();
    await first;
    assert.ok(silent.disposed);
    await made.connect({ start: true });
    assert.equal(made.status.state, 'connected');
  });

  it('lists the launched experiment when launch resolves, whichever message comes first', async () => {
    const server = serverWith();
    const made = connection(new FakeConnector(server));
    const launched = made.launch({ action: 'create', configFile: '/x/config.yml' });
    await state('connected')(made);
    setImmediate(() => server.send({ event: 'experiment', data: summary({ id: 'new1' }) }));
    assert.equal((await launched).id, 'new1');
    assert.ok(made.models.has('new1'));
  });

  it('refuses a launch with the reason when there is no manager', async () => {
    const made = connection(new FakeConnector('spawn node ENOENT'));
    await assert.rejects(made.launch({ action: 'create' }), /This machine does not answer: spawn node ENOENT/);
  });
});
