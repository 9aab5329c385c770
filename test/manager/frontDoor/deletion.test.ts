/** Deleting experiments through the manager: the whole experiment goes, and nothing else, whatever the manifest says. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { followManager } from '../../../src/client/follow/follow.ts';
import { experimentRoot, managerRoutes, nniBase } from '../../../src/wire/routes.ts';
import { Home } from '../../harness/home.ts';
import { type ManagerOptions, ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

const fixtures = join(projectRoot, 'test/fixtures/nni-3.0/experiments');
const nobody = 65534;
const id = 'hfc6tdyj';

describe('a manager that deletes an experiment', () => {
  let home: Home;
  const start = (options: ManagerOptions = {}) => ManagerProcess.start(home, options);
  const folder = (name: string) => join(home.experiments, name);
  async function remove(manager: ManagerProcess, name: string): Promise<{ status: number; error: string }> {
    const response = await manager.fetch(`${managerRoutes.experiments}/${name}`, { method: 'DELETE' });
    const text = await response.text();
    return { status: response.status, error: text === '' ? '' : JSON.parse(text).error };
  }
  async function ids(manager: ManagerProcess): Promise<string[]> {
    return (await manager.client.list()).map((summary) => summary.id);
  }
  /** Entries as NNI would write them. */
  function list(entries: Record<string, object>): void {
    const common = { platform: 'local', tag: [], webuiUrl: [], status: 'STOPPED', logDir: home.experiments };
    const all = Object.entries(entries).map(([name, entry]) => [name, { id: name, ...common, ...entry }]);
    writeFileSync(join(home.experiments, '.experiment'), JSON.stringify(Object.fromEntries(all)));
  }

  beforeEach(async () => {
    home = await Home.make();
    cpSync(join(fixtures, id), folder(id), { recursive: true });
  });
  afterEach(() => home.dispose());

  it('removes the folder and the manifest entry, tells its clients, and leaves the other experiments', async () => {
    cpSync(join(fixtures, 'fcqgwob9'), folder('fcqgwob9'), { recursive: true });
    list({ [id]: {}, fcqgwob9: {} });
    symlinkSync(id, folder('_latest'));
    const manager = await start();
    const leave = new AbortController();
    const removed = new Promise<string>((resolve) => {
      const onChange = ({ event, data }: Parameters<Parameters<typeof followManager>[1]['onChange']>[0]) => {
        if (event === 'list') void manager.client.delete(id);
        else if (event === 'removed') resolve(data.id);
      };
      followManager(manager.client, { onChange }, leave.signal, { retries: 2 }).catch(() => undefined);
    });
    assert.equal(await removed, id);
    leave.abort();
    assert.deepEqual(await ids(manager), ['fcqgwob9']);
    assert.deepEqual(Object.keys(await home.manifest()), ['fcqgwob9']);
    assert.deepEqual(
      readdirSync(home.experiments).filter((name) => name.includes(id) || name === '_latest'),
      [],
    );
    assert.ok(existsSync(folder('fcqgwob9')));
    assert.equal((await remove(manager, id)).status, 404);
    assert.equal((await remove(manager, '..')).status, 404);
  });

  it('removes an experiment that the manifest does not know, and one in another folder', async () => {
    const elsewhere = join(home.path, 'elsewhere');
    cpSync(join(fixtures, id), join(elsewhere, 'far12345'), { recursive: true });
    list({ far12345: { logDir: elsewhere } });
    const manager = await start();
    assert.equal((await remove(manager, id)).status, 204);
    assert.equal((await remove(manager, 'far12345')).status, 204);
    assert.deepEqual(readdirSync(elsewhere), []);
    assert.deepEqual(await ids(manager), []);
  });

  it('refuses while the experiment runs, and deletes it once it has been stopped', async () => {
    const manager = await start();
    const config = runnerConfig(home.experiments, { trialCommand: 'sleep 600', maxTrialNumber: 1 });
    const running = await manager.launch({ action: 'create', config, baseDirectory: home.path });
    const { status, error } = await remove(manager, running.id);
    assert.equal(status, 409);
    assert.match(error, /is running; stop it first/);
    await manager.fetch(`${experimentRoot(running.id)}${nniBase}/experiment`, { method: 'DELETE' });
    await manager.until(running.id, ({ live }) => !live);
    assert.equal((await remove(manager, running.id)).status, 204);
    assert.equal(existsSync(folder(running.id)), false);
  });

  it('never removes a folder that only the manifest calls an experiment', async () => {
    const work = join(home.path, 'work');
    mkdirSync(join(work, 'thesis1'), { recursive: true });
    writeFileSync(join(work, 'thesis1', 'thesis.tex'), 'years of it');
    const name = home.path.split('/').at(-1) ?? assert.fail();
    list({
      thesis1: { logDir: work, tag: ['retiarii'] },
      tmp: { logDir: '/', tag: ['retiarii'] },
      [name]: { logDir: join(home.path, '..'), tag: ['retiarii'] },
    });
    const manager = await start();
    for (const each of ['thesis1', 'tmp']) {
      const { status, error } = await remove(manager, each);
      assert.equal(status, 409, error);
      assert.match(error, /so it is not deleted from here/);
    }
    assert.notEqual((await remove(manager, name)).status, 204);
    assert.ok(existsSync(join(work, 'thesis1', 'thesis.tex')));
    assert.ok(existsSync(home.experiments));
  });

  it('does not take a folder for an experiment because its database is a link to one', async () => {
    const work = join(home.path, 'work');
    mkdirSync(join(work, 'thesis1'), { recursive: true });
    writeFileSync(join(work, 'thesis1', 'thesis.tex'), 'years of it');
    symlinkSync(join(folder(id), 'db'), join(work, 'thesis1', 'db'));
    list({ thesis1: { logDir: work } });
    const manager = await start();
    const { status, error } = await remove(manager, 'thesis1');
    assert.equal(status, 409, error);
    assert.ok(existsSync(join(work, 'thesis1', 'thesis.tex')));
  });

  it('does not follow links, neither in the place of the folder nor inside it', async () => {
    const elsewhere = join(home.path, 'elsewhere');
    cpSync(join(fixtures, id), join(elsewhere, 'real'), { recursive: true });
    symlinkSync(join(elsewhere, 'real'), folder('linked12'));
    symlinkSync(elsewhere, join(folder(id), 'environments', 'out'));
    const manager = await start();
    const { status, error } = await remove(manager, 'linked12');
    assert.equal(status, 409);
    assert.match(error, /is a link to a folder elsewhere/);
    assert.ok(lstatSync(folder('linked12')).isSymbolicLink());
    assert.equal((await remove(manager, id)).status, 204);
    assert.equal(existsSync(folder(id)), false);
    assert.ok(existsSync(join(elsewhere, 'real', 'db', 'nni.sqlite')));
  });

  it('says which files it may not remove, and never lists a half-deleted experiment', async function () {
    if (process.getuid?.() !== 0) this.skip();
    list({ [id]: {} });
    mkdirSync(join(folder(id), 'environments', 'kept'));
    writeFileSync(join(folder(id), 'environments', 'kept', 'file'), '');
    chownSync(home.path, nobody, nobody);
    chownSync(folder(id), nobody, nobody);
    // The experiments folder is another's: nothing in it can be moved.
    chmodSync(home.experiments, 0o755);
    mkdirSync(folder('.trialdeck'));
    chownSync(folder('.trialdeck'), nobody, nobody);
    const manager = await start({ uid: nobody });
    const refused = await remove(manager, id);
    assert.equal(refused.status, 409);
    assert.match(refused.error, /can't be removed/);
    assert.deepEqual(await ids(manager), [id]);
    assert.ok(existsSync(join(folder(id), 'db', 'nni.sqlite')));
    // Now only files deep inside are another's.
    chownSync(home.experiments, nobody, nobody);
    const partly = await remove(manager, id);
    assert.equal(partly.status, 500);
    assert.match(partly.error, /is off the list, but some of its files can't be removed/);
    assert.deepEqual(await ids(manager), []);
    assert.deepEqual(Object.keys(await home.manifest()), []);
  });

  it('leaves nothing of an experiment whose launch was refused', async () => {
    const manager = await start();
    const config = { ...runnerConfig(home.experiments), trialCodeDirectory: join(home.path, 'nowhere') };
    await assert.rejects(manager.launch({ action: 'create', config, baseDirectory: home.path }));
    assert.deepEqual(
      readdirSync(home.experiments).filter((name) => !name.startsWith('.')),
      [id],
    );
  });
});
