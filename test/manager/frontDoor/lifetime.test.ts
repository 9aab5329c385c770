/** One manager per folder: its lock file, its rivals, its end, and clients that find it or start it. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import { connectLocalManager, managerLockFile } from '../../../src/client/localManager.ts';
import type { ManagerClient } from '../../../src/client/manager.ts';
import { managerRoutes } from '../../../src/wire/routes.ts';
import type { ManagerLock } from '../../../src/wire/schemas/manager.ts';
import { bundles } from '../../harness/bundles.ts';
import { eventually } from '../../harness/eventually.ts';
import { Home, killHard, untilGone } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

describe('a manager', () => {
  let home: Home;
  let clients: ManagerClient[];
  const realHome = process.env.HOME ?? '';
  const lockFile = () => managerLockFile(home.experiments);

  async function connect(script?: string): Promise<ManagerClient> {
    const managerScript = script ?? (await bundles()).manager;
    const client = await connectLocalManager({ experimentsDirectory: home.experiments, managerScript, start: true });
    clients.push(client);
    return client;
  }

  beforeEach(async () => {
    home = await Home.make();
    clients = [];
    // Managers that clients start take over this process's environment.
    process.env.HOME = home.path;
  });
  afterEach(async () => {
    for (const client of clients) client.dispose();
    process.env.HOME = realHome;
    await home.dispose();
  });

  it('leaves a lock file that only its user can read, and removes it at its end', async () => {
    const manager = await ManagerProcess.start(home);
    const lock = await home.lock();
    assert.equal(statSync(lockFile()).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(lockFile())).mode & 0o777, 0o700);
    const { pid, port, token, version } = lock;
    assert.deepEqual([pid, port, version], [manager.pid, Number(new URL(manager.address).port), packageJson.version]);
    assert.ok(token.length >= 32);
    const { code, stdout, stderr } = await manager.stop();
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(!stdout.includes(token), 'a token is nothing for a log');
    assert.throws(() => statSync(lockFile()), { code: 'ENOENT' });
  });

  it('leaves the first manager of a folder alone and gives way', async () => {
    const first = await ManagerProcess.start(home);
    const before = readFileSync(lockFile(), 'utf8');
    const { code, stdout } = await (await ManagerProcess.spawn(home)).ended;
    assert.equal(code, 0);
    assert.match(
      stdout,
      new RegExp(`A manager of ${home.experiments} runs already \\(process ${first.pid}, port \\d+\\)`),
    );
    assert.equal(readFileSync(lockFile(), 'utf8'), before);
    assert.deepEqual(await first.client.list(), []);
  });

  it('replaces lock files of dead managers, and garbage', async () => {
    const dead = await ManagerProcess.start(home);
    await dead.kill();
    const { pid } = await home.lock();
    assert.equal(pid, dead.pid, 'it is left behind');
    const second = await ManagerProcess.start(home);
    assert.equal((await home.lock()).pid, second.pid);
    await second.stop();

    // A living pid and a used port, neither of them a manager's.
    const lock: ManagerLock = {
      pid: process.pid,
      port: 1,
      host: '127.0.0.1',
      token: 'x',
      version: '0.0.1',
      startTime: 1,
    };
    for (const text of ['', '{"pid": 1', 'garbage', '{}', JSON.stringify(lock)]) {
      writeFileSync(lockFile(), text);
      const manager = await ManagerProcess.start(home);
      assert.equal((await home.lock()).pid, manager.pid, text);
      await manager.stop();
    }
  });

  it('stays alone when many start at once on a dead manager’s lock, and every client gets it', async () => {
    mkdirSync(dirname(lockFile()), { recursive: true });
    const lock = { pid: 2 ** 22 - 1, port: 1, host: '127.0.0.1', token: 'x', version: '0.0.1', startTime: 1 };
    writeFileSync(lockFile(), JSON.stringify(lock));
    const found = await Promise.all(Array.from({ length: 4 }, () => connect()));
    const pids = await Promise.all(found.map(async (client) => (await client.info()).pid));
    assert.deepEqual(new Set(pids), new Set([(await home.lock()).pid]));
  });

  it('ends by itself when idle, but not while an experiment runs or a client listens', async () => {
    const manager = await ManagerProcess.start(home, { args: ['--idle-seconds', '0.3'] });
    const listening = manager.events(managerRoutes.events);
    await listening.next();
    const config = runnerConfig(home.experiments, { trialCommand: 'sleep 600' });
    const { id, pid } = await manager.launch({ action: 'create', config });
    await listening.return(undefined);
    const order: string[] = [];
    const ended = manager.ended.then(() => order.push('manager'));
    const gone = untilGone(pid).then(() => order.push('runner'));
    await manager.client.experiment(id).stopExperiment();
    await Promise.all([ended, gone]);
    assert.deepEqual(order, ['runner', 'manager']);
    assert.throws(() => statSync(lockFile()), { code: 'ENOENT' });
  });

  it('ends on request', async () => {
    const client = await connect();
    const { pid } = await client.info();
    await client.shutdown();
    await untilGone(pid);
  });

  it('of an older version is replaced by the next client; its experiments go on', async () => {
    const older = await ManagerProcess.start(home);
    const config = runnerConfig(home.experiments, { trialCommand: 'sleep 600' });
    const { id, pid } = await older.launch({ action: 'create', config });
    const update = join(home.path, 'update');
    mkdirSync(update);
    symlinkSync(dirname((await bundles()).manager), join(update, 'dist'));
    writeFileSync(join(update, 'package.json'), '{ "version": "99.0.0" }');
    const client = await connect(join(update, 'dist/manager.js'));
    assert.notEqual((await client.info()).pid, older.pid);
    assert.equal((await older.ended).code, 0);
    const found = (await client.list()).find((summary) => summary.id === id);
    assert.deepEqual([found?.status, found?.live, found?.pid], ['RUNNING', true, pid]);
  });

  it('is started anew by the next client after kill -9, and finds runners and trials as they were', async () => {
    const first = await connect();
    const go = join(home.path, 'go');
    const config = runnerConfig(home.experiments, {
      trialCommand: `until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done`,
      trialConcurrency: 2,
      maxTrialNumber: 2,
    });
    const launched = await first.launch({ action: 'create', config });
    await killHard((await first.info()).pid);
    await assert.rejects(first.list(), /connection refused|closed the connection/);
    const second = await connect();
    const [found, ...others] = await second.list();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [found?.id, found?.pid, found?.port, found?.live],
      [launched.id, launched.pid, launched.port, true],
    );
    assert.equal(found?.counts.RUNNING, 2);
    writeFileSync(go, '');
    await eventually(
      'the end of the experiment',
      async () => (await second.experiment(launched.id).summary()).status === 'DONE',
    );
    assert.deepEqual((await second.experiment(launched.id).summary()).counts, { SUCCEEDED: 2 });
  });
});
