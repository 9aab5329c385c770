import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { Listener } from '../../../src/runner/rest/serve.ts';
import { defaultServerLimits, type ServerLimits } from '../../../src/server/security/boundedServer.ts';
import type { LiveSource } from '../../../src/server/sources/liveSource.ts';
import { readRunnerToken } from '../../../src/server/storage/runnerToken.ts';

describe('Listener', () => {
  let root: string;
  let listener: Listener;

  async function open(limits: Partial<ServerLimits> = {}): Promise<void> {
    const all = { ...defaultServerLimits(), maxConnections: 200, ...limits };
    listener = await Listener.open({ port: 0, root, id: 'exp', access: 'refuse', limits: all });
  }

  beforeEach(async () => {
    root = await freshFolder('listener');
  });
  afterEach(async () => {
    await listener.close();
    await removeFolder(root);
  });

  const get = async () => (await fetch(`http://127.0.0.1:${listener.port}/nowhere`)).status;
  /** The tests ask for no experiment. */
  const serve = () => listener.serve({ source: {} as LiveSource, experiment: undefined, shutDown: () => undefined });

  it('answers requests that come too early once it serves, and more of them with 503', async () => {
    await open();
    const answers = Array.from({ length: 100 }, get);
    const refused = new Promise<void>((resolve) => {
      let count = 0;
      for (const answer of answers)
        void answer.then((status) => (status === 503 && ++count === 36 ? resolve() : undefined));
    });
    await refused;
    await serve();
    const statuses = await Promise.all(answers);
    assert.equal(statuses.filter((status) => status === 404).length, 64);
    assert.equal(statuses.filter((status) => status === 503).length, 36);
    assert.equal(await get(), 404);
  });

  it('names a port in use, and leaves no token', async () => {
    await open();
    const again = Listener.open({ port: listener.port, root, id: 'other', access: 'refuse' });
    await assert.rejects(again, /is in use/);
    assert.equal(readRunnerToken(root, 'other', process.pid), undefined);
    assert.notEqual(readRunnerToken(root, 'exp', process.pid), undefined);
  });

  it('makes room for another request when one is given up early', async () => {
    await open();
    for (let i = 0; i < 70; i++) {
      const leave = new AbortController();
      const asked = fetch(`http://127.0.0.1:${listener.port}/`, { signal: leave.signal }).catch(() => undefined);
      // The runner has this request once it has answered or parked a later one.
      const socket = connect(listener.port, '127.0.0.1');
      await once(socket, 'connect');
      leave.abort();
      socket.destroy();
      await asked;
    }
    const answer = get();
    await serve();
    assert.equal(await answer, 404);
  });

  it('closes a connection whose body does not come, while others are answered', async () => {
    await open({ requestTimeoutMs: 3000, headersTimeoutMs: 3000, checkIntervalMs: 50 });
    await serve();
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(
      'POST /api/v1/nni/trial-jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    socket.resume();
    assert.equal(await get(), 404);
    await once(socket, 'close');
    assert.equal(await get(), 404);
  });
});
