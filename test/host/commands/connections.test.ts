/** Connecting to a manager as a person does it: what is asked, what is kept where, and what the store has then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InputBoxOptions, Memento, SecretStorage } from 'vscode';
import { Store } from '../../../src/store/store.ts';
import { Dismissed, Refusal } from '../../../src/ui/commands/refusal.ts';
import type { Services } from '../../../src/ui/commands/services.ts';
import { connectManager } from '../../../src/ui/connections/connect.ts';
import {
  changeToken,
  forgetConnection,
  renameConnection,
  retryConnection,
} from '../../../src/ui/connections/manage.ts';
import { RememberedConnections } from '../../../src/ui/connections/rememberedConnections.ts';
import { FakeConnector } from '../../unit/store/samples.ts';
import { eventually } from '../waiting.ts';
import { answer, runningExperiment } from './fakes.ts';

describe('connecting to a manager', () => {
  let server: Server;
  let address: string;
  let token = 'secret';
  let store: Store;
  let connections: RememberedConnections;
  let services: Services;
  let dialogs: ReturnType<typeof answer> | undefined;
  const kept = new Map<string, unknown>();
  const secrets = new Map<string, string>();
  const revealed: unknown[] = [];

  const memory = {
    get: (key: string) => kept.get(key),
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as unknown as Memento;
  const vault = {
    get: async (key: string) => secrets.get(key),
    store: async (key: string, value: string) => void secrets.set(key, value),
    delete: async (key: string) => void secrets.delete(key),
  } as unknown as SecretStorage;

  function makeWindow(): void {
    store = new Store({ local: new FakeConnector(undefined), localLabel: 'here', mayStart: () => false });
    connections = new RememberedConnections(store, memory, vault);
    const explorer = { reveal: async (row: unknown) => void revealed.push(row), focus: async () => undefined };
    // The commands see the part of each service they use.
    services = { store, connections, explorer } as unknown as Services;
  }
  /** Answers input boxes in order. */
  function answering(...answers: (string | undefined)[]): { asked: InputBoxOptions[] } {
    dialogs?.restore();
    const asked: InputBoxOptions[] = [];
    dialogs = answer({
      showInputBox: (options: InputBoxOptions) => {
        asked.push(options);
        return answers[asked.length - 1];
      },
    });
    return { asked };
  }

  beforeEach(async () => {
    kept.clear();
    secrets.clear();
    revealed.length = 0;
    token = 'secret';
    server = createServer((request, response) => {
      const send = (value: unknown, status = 200) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      const path = request.url?.replace('/api/v1/trialdeck/', '');
      if (path === 'manager')
        return send({ name: 'trialdeck-manager', version: '0.1.0', pid: 1, experimentsDirectory: '/e' });
      if (request.headers.authorization !== `Bearer ${token}`) return send({ error: 'a token is wanted' }, 401);
      if (path === 'experiments') return send([runningExperiment()]);
      if (path !== 'manager/events') return send({ error: 'nothing' }, 404);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write(`event: list\ndata: ${JSON.stringify([runningExperiment()])}\n\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    makeWindow();
  });
  afterEach(() => {
    dialogs?.restore();
    dialogs = undefined;
    store.dispose();
    server.closeAllConnections();
    server.close();
  });

  const connect = async () => {
    answering(address, 'secret', 'gpu box');
    await connectManager(services);
    return store.connection(address) ?? assert.fail('no connection');
  };

  it('asks for address, token and name, and shows its experiments', async () => {
    const { asked } = answering(`${address}/`, 'guessed', 'secret', 'gpu box');
    await connectManager(services);
    assert.deepEqual(
      asked.map(({ password }) => password ?? false),
      [false, true, true, false],
    );
    assert.match(asked[1]?.prompt ?? '', /asks for a token/);
    assert.match(asked[2]?.prompt ?? '', /not the token/);
    assert.equal(asked[3]?.value, address.replace('http://', ''));
    const connection = store.connection(address);
    assert.equal(connection?.label, 'gpu box');
    assert.equal(connection?.status.state, 'connected');
    assert.equal(connection?.models.size, 1);
    assert.deepEqual(revealed, [{ connectionId: address }]);
  });

  it('explains a wrong address while the user types', async () => {
    const { asked } = answering(undefined);
    await assert.rejects(connectManager(services), Dismissed);
    const check = asked[0]?.validateInput as (text: string) => string | undefined;
    assert.equal(check('gpu1:8080'), undefined);
    assert.equal(check(''), undefined);
    assert.match(check('what is this') ?? '', /not an address/);
    assert.match(check('gpu1') ?? '', /port/);
    assert.match(check('ftp://gpu1:21') ?? '', /http/);
  });

  it('adds nothing when nothing answers, and offers a retry', async () => {
    server.closeAllConnections();
    server.close();
    answering(address);
    const refused = await connectManager(services).then(
      () => assert.fail('connected'),
      (error: unknown) => error,
    );
    assert.ok(refused instanceof Refusal);
    assert.match(refused.message, /connection refused/);
    assert.equal(refused.remedy?.command, 'trialdeck.connectManager');
    assert.deepEqual(refused.remedy.args, [address]);
    assert.equal(store.connections.length, 1);
    assert.equal(kept.size, 0);
  });

  it('stores the token only in the secret storage, and restores the connection after a reload', async () => {
    await connect();
    assert.deepEqual([...secrets.values()], ['secret']);
    assert.doesNotMatch(JSON.stringify([...kept]), /secret/);
    store.dispose();
    makeWindow();
    const again = store.connection(address);
    assert.equal(again?.label, 'gpu box');
    assert.equal(again.status.state, 'idle', 'it is not connected before it is looked at');
    await store.show();
    assert.equal(again.status.state, 'connected');
  });

  it('reveals the existing connection when its address is given again', async () => {
    await connect();
    const { asked } = answering(`${address}/oview`);
    await connectManager(services);
    assert.equal(asked.length, 1, 'the token is known');
    assert.equal(store.connections.length, 2);
    assert.equal(revealed.length, 2);
  });

  it('asks for a new token when the manager has another one', async () => {
    const connection = await connect();
    token = 'another';
    connection.disconnect();
    await connection.show();
    const { status } = connection;
    assert.ok(status.state === 'lost' && status.wantsToken);
    answering('another');
    await changeToken(services, { kind: 'connection', connectionId: connection.id });
    assert.deepEqual([...secrets.values()], ['another']);
    await eventually(
      async () => (connection.status.state === 'connected' ? true : undefined),
      'the connection to come back',
    );
  });

  it('renames it, and forgets it with its token', async () => {
    const connection = await connect();
    answering('the other box');
    await renameConnection(services, { kind: 'connection', connectionId: connection.id });
    assert.equal(connection.label, 'the other box');
    await retryConnection(services, { kind: 'connection', connectionId: connection.id });
    await forgetConnection(services, { kind: 'connection', connectionId: connection.id });
    assert.equal(store.connection(address), undefined);
    assert.equal(secrets.size, 0);
    store.dispose();
    makeWindow();
    assert.equal(store.connections.length, 1);
    await assert.rejects(forgetConnection(services), Refusal);
  });

  it('skips stored connections that cannot be read', () => {
    kept.set('trialdeck.connections', [null, 5, { address: 5, label: 'x' }, { address: 'http://a:1', label: 'a' }]);
    store.dispose();
    makeWindow();
    assert.deepEqual(
      store.connections.map(({ id }) => id),
      ['local', 'http://a:1'],
    );
  });
});
