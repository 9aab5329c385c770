import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { freshFolder, projectRoot, removeFolder } from '../../../scripts/folders.ts';
import type { ManifestEntry } from '../../../src/model/experiment/experiment.ts';
import { deferred } from '../../../src/runner/deferred.ts';
import {
  isAlive,
  manifestPath,
  readManifest,
  updateManifest,
  watchManifest,
} from '../../../src/server/storage/manifest.ts';
import { FailingWriter } from '../../harness/failingWriter.ts';

const entry = (id: string, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
  id,
  port: 8080,
  startTime: 1,
  endTime: 'N/A',
  status: 'RUNNING',
  platform: 'local',
  experimentName: 'test',
  tag: [],
  pid: 1,
  webuiUrl: [],
  logDir: '/experiments',
  prefixUrl: null,
  ...more,
});

describe('the manifest of all experiments', () => {
  let root: string;
  const put = (text: string) => writeFile(manifestPath(root), text);
  const written = async () => JSON.parse(await readFile(manifestPath(root), 'utf8'));
  const lock = (pid: number) => join(root, `.experiment.lock.${pid}`);

  beforeEach(async () => {
    root = await freshFolder('manifest');
  });
  afterEach(() => removeFolder(root));

  it('is empty when the file is missing or empty', async () => {
    assert.deepEqual(await readManifest(root), {});
    assert.deepEqual(await readManifest(join(root, 'nowhere')), {});
    await put('');
    assert.deepEqual(await readManifest(root), {});
  });

  it('is read as NNI writes it, without entries that make no sense', async () => {
    const real = entry('abcd1234');
    const bare = { id: 'old', logDir: '/x', port: 1, status: 'STOPPED', more: { kept: true } };
    await put(
      JSON.stringify({ abcd1234: real, old: bare, bad: { id: 3 }, worse: null, worst: 'text', list: [] }, null, 4),
    );
    const manifest = await readManifest(root);
    assert.deepEqual(manifest.abcd1234, real);
    assert.deepEqual(Object.keys(manifest), ['abcd1234', 'old']);
    assert.deepEqual(manifest.old?.tag, []);
  });

  it('has the entries of architecture searches, which have no port, process or absolute folder', async () => {
    await put(readFileSync(join(projectRoot, 'test/fixtures/nni-3.0/experiments/.experiment'), 'utf8'));
    const { j6inbw3e: found, ...others } = await readManifest(root);
    assert.deepEqual(
      [found?.port, found?.pid, found?.experimentName, found?.tag, found?.logDir],
      [undefined, undefined, 'nas-toy', ['retiarii'], join(homedir(), 'nni-experiments')],
    );
    assert.deepEqual(Object.keys(others), ['hfc6tdyj', 'fcqgwob9']);
  });

  it('is empty when it is not a map', async () => {
    for (const text of ['[]', '3', 'null', '"text"']) {
      await put(text);
      assert.deepEqual(await readManifest(root), {}, text);
    }
  });

  it('is read whole when it was half written a moment ago', async () => {
    const text = JSON.stringify({ a: entry('a') });
    await put(text.slice(0, 40));
    const reading = readManifest(root);
    await put(text);
    assert.deepEqual(Object.keys(await reading), ['a']);
  });

  it('is called damaged, by its name, when it stays broken, and is not overwritten', async () => {
    await put('{"a": {"id": "a",');
    await assert.rejects(readManifest(root), (error: Error) => {
      assert.match(error.message, /\.experiment is not valid JSON\. Repair or remove it/);
      return (error as { kind?: string }).kind === 'corrupt';
    });
    await assert.rejects(updateManifest(root, 'b', entry('b')), { kind: 'corrupt' });
    assert.equal(await readFile(manifestPath(root), 'utf8'), '{"a": {"id": "a",');
    assert.deepEqual(await readdir(root), ['.experiment'], 'no lock is left behind');
  });

  it('changes in one entry only, and keeps fields that no program here knows', async () => {
    await put(JSON.stringify({ a: entry('a'), b: { id: 'b', strange: [1] }, c: 'nonsense' }));
    await updateManifest(root, 'a', { status: 'DONE', endTime: 5 });
    assert.deepEqual(await written(), {
      a: entry('a', { status: 'DONE', endTime: 5 }),
      b: { id: 'b', strange: [1] },
      c: 'nonsense',
    });
    await updateManifest(root, 'b', undefined);
    assert.deepEqual(Object.keys(await written()), ['a', 'c']);
    assert.deepEqual(await readdir(root), ['.experiment']);
  });

  it('is made with its folder when it is missing', async () => {
    const deep = join(root, 'a', 'b');
    await updateManifest(deep, 'a', entry('a'));
    assert.deepEqual(Object.keys(await readManifest(deep)), ['a']);
    assert.match(
      readFileSync(manifestPath(deep), 'utf8'),
      /^\{\n {4}"a": \{\n {8}"id"/,
      'four spaces, as NNI writes it',
    );
  });

  it('loses no entry when many write at the same time', async () => {
    const ids = Array.from({ length: 8 }, (_, index) => `e${index}`);
    await Promise.all(ids.map((id) => updateManifest(root, id, entry(id))));
    assert.deepEqual(Object.keys(await readManifest(root)).toSorted(), ids);
  });

  it('loses no entry when two processes write at the same time', async () => {
    // A thread shares the pid, and so the name of the lock file; this thread claims to be another process.
    const source = `
      import { workerData, parentPort } from 'node:worker_threads';
      Object.defineProperty(process, 'pid', { value: 999_999_999 });
      const { updateManifest } = await import(workerData.module);
      parentPort.postMessage('ready');
      for (const id of workerData.ids) await updateManifest(workerData.root, id, { id, logDir: '/x' });
    `;
    const theirs = ['t0', 't1', 't2', 't3', 't4'];
    const module = new URL('../../../src/server/storage/manifest.ts', import.meta.url).href;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { root, ids: theirs, module },
    });
    const over = once(worker, 'exit');
    await once(worker, 'message');
    const ours = ['o0', 'o1', 'o2', 'o3', 'o4'];
    for (const id of ours) await updateManifest(root, id, entry(id));
    assert.deepEqual(await over, [0]);
    assert.deepEqual(Object.keys(await readManifest(root)).toSorted(), [...ours, ...theirs]);
    assert.deepEqual(await readdir(root), ['.experiment']);
  });

  it('waits for another program’s fresh lock before it is written', async () => {
    await writeFile(lock(424242), '');
    let done = false;
    const writing = updateManifest(root, 'a', entry('a')).then(() => {
      done = true;
    });
    // Each try looks into the folder; none of them may write.
    for (let look = 0; look < 5; look++) await readdir(root);
    assert.equal(done, false);
    assert.deepEqual(await readdir(root), ['.experiment.lock.424242']);
    await rm(lock(424242));
    await writing;
    assert.deepEqual(Object.keys(await readManifest(root)), ['a']);
  });

  it('is written past locks that were left behind, by others and under our own pid', async () => {
    const old = new Date(Date.now() - 3000);
    for (const pid of [424242, process.pid]) {
      await writeFile(lock(pid), '');
      await utimes(lock(pid), old, old);
    }
    await updateManifest(root, 'a', entry('a'));
    assert.deepEqual(Object.keys(await readManifest(root)), ['a']);
    assert.deepEqual(
      (await readdir(root)).toSorted(),
      ['.experiment', '.experiment.lock.424242'],
      'theirs is not ours to remove',
    );
  });

  it('can be read at any time while it is written', async () => {
    await updateManifest(root, 'a', entry('a'));
    let over = false;
    const writing = (async () => {
      for (let i = 0; i < 10; i++)
        await updateManifest(root, 'b', entry('b', { experimentName: 'x'.repeat(i * 5000) }));
      over = true;
    })();
    let readings = 0;
    for (; !over; readings++) {
      const text = await readFile(manifestPath(root), 'utf8');
      assert.ok('a' in JSON.parse(text), 'never a half');
    }
    await writing;
    assert.ok(readings > 0);
  });

  it('reports its changes to those who watch it', async () => {
    const changed = deferred<void>();
    const watching = watchManifest(root, () => changed.resolve());
    await updateManifest(root, 'a', entry('a'));
    await changed.promise;
    watching.dispose();
  });

  it('may disappear with its folder while it is watched', async () => {
    const folder = join(root, 'gone');
    await mkdir(folder);
    const watching = watchManifest(folder, () => undefined);
    const gone = deferred<void>();
    const own = watch(root, () => gone.resolve());
    await rm(folder, { recursive: true });
    await gone.promise;
    own.close();
    watching.dispose();
  });

  for (const failure of ['ENOSPC', 'EACCES', 'EIO'] as const) {
    it(`stays as it was when the disk refuses a change with ${failure}, and takes the next one`, async () => {
      await updateManifest(root, 'abcd1234', entry('abcd1234'));
      const before = await written();
      const writer = new FailingWriter(failure);
      await assert.rejects(updateManifest(root, 'abcd1234', { status: 'DONE' }, {}, writer), { name: 'StorageError' });
      assert.deepEqual(await written(), before);
      writer.failure = undefined;
      await updateManifest(root, 'abcd1234', { status: 'DONE' }, {}, writer);
      assert.equal((await written()).abcd1234.status, 'DONE');
    });
  }
});

describe('the check for a living experiment', () => {
  const alive = (status: string, pid: number | undefined, id = 'abc') =>
    isAlive({ id, status, ...(pid === undefined ? {} : { pid }) });

  it('wants a status that is not stopped and a process that runs it', () => {
    assert.ok(!alive('STOPPED', process.pid));
    assert.ok(!alive('RUNNING', undefined));
    assert.ok(!alive('RUNNING', 2 ** 30));
    if (process.platform !== 'linux') return;
    assert.ok(!alive('RUNNING', process.pid), 'the pid of some other program');
    const [first = ''] = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
    assert.ok(alive('RUNNING', process.pid, first), 'a process that names it in its arguments');
  });
});
