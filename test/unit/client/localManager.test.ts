/** Finding and starting managers, with stand-ins: the real one is met in test/manager. */
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { ManagerStartError } from '../../../src/client/errors.ts';
import {
  connectLocalManager,
  type LocalManagerOptions,
  managerLockFile,
  managerLogFile,
} from '../../../src/client/localManager.ts';
import type { ManagerClient } from '../../../src/client/manager.ts';
import { json, Scene } from './scene.ts';

/** A manager that does nothing but be there, until it is shut down. */
const standIn = (version: string) => `
  const { createServer } = require('node:http');
  const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  const folder = process.argv[3];
  const lock = join(folder, '.trialdeck', 'manager.json');
  const about = { pid: process.pid, version: '${version}' };
  const server = createServer((request, response) => {
    const open = request.url === '/api/v1/trialdeck/manager';
    if (!open && request.headers.authorization !== 'Bearer token') return response.writeHead(401).end('{"error": "token"}');
    if (open) return response.end(JSON.stringify({ name: 'trialdeck-manager', experimentsDirectory: folder, ...about }));
    if (!request.url.endsWith('/shutdown')) return response.end('[]');
    response.end('', () => {
      rmSync(lock);
      process.exit(0);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    mkdirSync(join(folder, '.trialdeck'), { recursive: true });
    writeFileSync(lock, JSON.stringify({ port, host: '127.0.0.1', token: 'token', startTime: 1, ...about }));
  });
`;

describe('The manager of this machine', () => {
  let outer: string;
  let folder: string;
  const clients: ManagerClient[] = [];

  beforeEach(async () => {
    outer = await freshFolder('local');
    folder = join(outer, 'experiments');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) {
      await client.shutdown().catch(() => undefined);
      client.dispose();
    }
    await removeFolder(outer);
  });

  /** A package of this version, whose manager is this script. */
  async function installed(version: string, source = standIn(version)): Promise<string> {
    const script = join(outer, version, 'dist', 'manager.cjs');
    await mkdir(dirname(script), { recursive: true });
    await writeFile(join(outer, version, 'package.json'), JSON.stringify({ version }));
    await writeFile(script, source);
    return script;
  }
  async function connect(managerScript: string, more: Partial<LocalManagerOptions> = {}): Promise<ManagerClient> {
    const client = await connectLocalManager({ experimentsDirectory: folder, managerScript, start: true, ...more });
    assert.ok(client);
    clients.push(client);
    return client;
  }
  const lockWith = async (lock: object | string) => {
    await mkdir(dirname(managerLockFile(folder)), { recursive: true });
    await writeFile(managerLockFile(folder), typeof lock === 'string' ? lock : JSON.stringify(lock));
  };

  it('is not started when `start` is false', async () => {
    const managerScript = await installed('1.0.0');
    const options = { experimentsDirectory: folder, managerScript, start: false };
    assert.equal(await connectLocalManager(options), undefined);
    await assert.rejects(stat(folder), 'nor is its folder made');
  });

  it('is started when none runs, found when one runs, and only its owner can read its secrets', async () => {
    const script = await installed('1.0.0');
    const first = await connect(script);
    assert.deepEqual(await first.list(), [], 'it takes the token');
    const again = await connect(script, { start: false });
    assert.equal((await again.info()).pid, (await first.info()).pid);
    assert.equal((await stat(dirname(managerLockFile(folder)))).mode & 0o77, 0);
    assert.equal((await stat(managerLogFile(folder))).mode & 0o77, 0);
  });

  for (const [name, lock] of [
    ['half a lock file', '{"pid": 1, "po'],
    ['a lock file of another shape', { pid: 'one' }],
    [
      'the lock of a process that is gone',
      { pid: 2 ** 30, port: 9, host: '127.0.0.1', token: 't', version: '1', startTime: 1 },
    ],
    [
      'the lock of a living process that does not serve',
      { pid: process.pid, port: 9, host: '127.0.0.1', token: 't', version: '1', startTime: 1 },
    ],
  ] as const) {
    it(`is started past ${name}`, async () => {
      await lockWith(lock);
      assert.equal((await (await connect(await installed('1.0.0'))).info()).version, '1.0.0');
    });
  }

  it('is not confused with another program at its port, which does not get the token', async () => {
    const scene = await new Scene().open();
    const { port } = new URL(scene.address);
    await lockWith({
      pid: process.pid,
      port: Number(port),
      host: '127.0.0.1',
      token: 'secret',
      version: '1',
      startTime: 1,
    });
    const managerScript = await installed('1.0.0');
    const strangers = [
      { some: 'thing' },
      { name: 'trialdeck-manager', version: '1', pid: 1, experimentsDirectory: folder },
      { name: 'trialdeck-manager', version: '1', pid: process.pid, experimentsDirectory: '/elsewhere' },
    ];
    for (const stranger of strangers) {
      scene.answer = json(stranger);
      const found = await connectLocalManager({ experimentsDirectory: folder, managerScript, start: false });
      assert.equal(found, undefined, JSON.stringify(stranger));
    }
    assert.equal(scene.headers.length, strangers.length);
    for (const headers of scene.headers) assert.equal(headers.authorization, undefined);
    await scene.close();
  });

  it('is replaced by a newer version, not by an older or equal one', async () => {
    const old = await connect(await installed('1.9.0'));
    const { pid } = await old.info();
    assert.equal((await (await connect(await installed('1.8.0'))).info()).pid, pid);
    const info = await (await connect(await installed('1.10.0'))).info();
    assert.equal(info.version, '1.10.0');
    assert.notEqual(info.pid, pid);
  });

  it('is reported with the end of its log when it ends while it starts', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const script = await installed(
      '1.0.0',
      `console.log(${JSON.stringify(lines)}); console.error('no SQLite'); process.exit(3);`,
    );
    await assert.rejects(connect(script), (error: unknown) => {
      assert.ok(error instanceof ManagerStartError);
      assert.match(error.message, /^Could not start the manager: It ended with code 3\. See .*manager\.log\n/);
      assert.equal(error.log.at(-1), 'no SQLite');
      assert.equal(error.log.length, 10);
      return true;
    });
    // What an earlier one said is not blamed on the next.
    const silent = join(dirname(script), 'silent.cjs');
    await writeFile(silent, 'process.exit(4)');
    await assert.rejects(
      connect(silent),
      (error: unknown) => error instanceof ManagerStartError && error.log.length === 0,
    );
    assert.match(await readFile(managerLogFile(folder), 'utf8'), /no SQLite/);
  });

  it('is reported when it does not answer in time', async () => {
    // It ends by itself, so that nothing is left behind.
    const script = await installed('1.0.0', 'setTimeout(() => undefined, 2000)');
    await assert.rejects(
      connect(script, { startTimeout: 100 }),
      /It did not come up within 0\.1 s\. See .*manager\.log/,
    );
  });

  it('is reported when it can’t be started', async () => {
    const script = await installed('1.0.0');
    await assert.rejects(
      connect(script, { nodePath: join(outer, 'no-node') }),
      /Could not start the manager: .*ENOENT/,
    );
    await writeFile(join(outer, 'file'), '');
    const below = { experimentsDirectory: join(outer, 'file', 'experiments') };
    await assert.rejects(connect(script, below), /cannot be written: .* Choose another experiments folder\./);
  });

  it('is not waited for after an abort', async () => {
    const script = await installed('1.0.0', 'setTimeout(() => undefined, 2000)');
    const controller = new AbortController();
    const reason = new Error('enough');
    const connecting = connect(script, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(connecting, reason);
  });
});
