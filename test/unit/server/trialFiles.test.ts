import assert from 'node:assert/strict';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import Fastify from 'fastify';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { registerNniRoutes } from '../../../src/server/rest/nniRoutes.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';
import { ChangeStream } from '../../../src/server/sources/changes.ts';
import { filesInFolder, readTail } from '../../../src/server/sources/trialFiles.ts';
import { openConfined } from '../../../src/server/storage/confinedFile.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { experimentLayout } from '../../../src/server/storage/layout.ts';

describe('files of a trial', () => {
  let outer: string;
  let folder: string;

  before(async () => {
    outer = await freshFolder('files');
    folder = join(outer, 'trial');
    await mkdir(join(folder, 'output'), { recursive: true });
    await mkdir(join(outer, 'trial-2'));
    await writeFile(join(folder, 'trial.stdout'), 'héllo\nworld\n');
    await writeFile(join(folder, 'empty'), '');
    await writeFile(join(folder, 'output', 'model.bin'), 'model');
    await writeFile(join(outer, 'secret'), 'secret');
    await writeFile(join(outer, 'trial-2', 'trial.stdout'), 'secret');
    await symlink(join(outer, 'secret'), join(folder, 'out'));
    await symlink(outer, join(folder, 'up'));
    await symlink('output/model.bin', join(folder, 'in'));
    await symlink('loop', join(folder, 'loop'));
  });
  after(() => removeFolder(outer));

  const contents = async (name: string, range?: { tail?: number; offset?: number }) => {
    const { stream, ...about } = await openConfined(folder, name, range);
    return { ...about, text: await text(stream) };
  };

  it('are read by their names and by NNI’s short ones', async () => {
    assert.equal((await contents('stdout')).text, 'héllo\nworld\n');
    assert.equal((await contents('trial.stdout')).text, 'héllo\nworld\n');
    assert.equal((await contents('output/model.bin')).text, 'model');
    assert.equal((await contents('in')).text, 'model');
    assert.deepEqual(await contents('empty'), { size: 0, start: 0, text: '' });
  });

  it('are read from a byte on, or the last bytes', async () => {
    assert.deepEqual(await contents('stdout', { tail: 6 }), { size: 13, start: 7, text: 'world\n' });
    assert.deepEqual(await contents('stdout', { offset: 7 }), { size: 13, start: 7, text: 'world\n' });
    assert.deepEqual(await contents('stdout', { tail: 0 }), { size: 13, start: 13, text: '' });
    assert.deepEqual(await contents('stdout', { tail: 99 }), { size: 13, start: 0, text: 'héllo\nworld\n' });
    assert.deepEqual(await contents('stdout', { offset: 99 }), { size: 13, start: 13, text: '' });
  });

  it('are not given twice when they grow while they are read', async () => {
    await writeFile(join(folder, 'growing'), 'one');
    const first = await openConfined(folder, 'growing');
    await appendFile(join(folder, 'growing'), 'two');
    assert.equal(await text(first.stream), 'one');
    assert.equal((await contents('growing', { offset: first.size })).text, 'two');
  });

  const outside = [
    '../secret',
    '../trial-2/trial.stdout',
    '..',
    '.',
    '',
    '/etc/hostname',
    'output/../../secret',
    'out',
    'up/secret',
    'up/trial-2/trial.stdout',
    'output',
    'none',
    'trial.stdout/x',
    'loop',
    'a\0b',
    'x'.repeat(5000),
  ];
  for (const name of outside) {
    it(`${JSON.stringify(name.slice(0, 40))} is no file of it`, () =>
      assert.rejects(openConfined(folder, name), { name: 'StorageError', kind: 'missing' }));
  }

  it('whatever is asked for, nothing outside is read', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.constantFrom('..', '.', 'up', 'out', 'secret', 'trial-2', 'trial', 'trial.stdout', 'output', '', '~'),
          {
            maxLength: 6,
          },
        ),
        async (parts) => {
          const found = await contents(parts.join('/')).catch(() => undefined);
          assert.ok(!found?.text.includes('secret'), parts.join('/'));
        },
      ),
      { numRuns: 300 },
    ));

  it('of a folder that is gone are missing', () =>
    assert.rejects(openConfined(join(outer, 'gone'), 'stdout'), { kind: 'missing' }));

  it('are listed with their sizes, links left out', async () => {
    const names = (await filesInFolder(folder).list()).map(({ name, bytes }) => `${name} ${bytes}`);
    assert.ok(names.includes('output/model.bin 5'), names.join());
    assert.ok(names.includes('trial.stdout 13'), names.join());
    assert.ok(!names.some((name) => /^(in|out|up|loop) /.test(name)), names.join());
    assert.deepEqual(await filesInFolder(join(outer, 'gone')).list(), []);
  });

  it('are read as text from the end; a missing one is empty', async () => {
    assert.equal(await readTail(filesInFolder(folder), 'stdout', 6), 'world\n');
    assert.equal(await readTail(filesInFolder(folder), 'stderr', 6), '');
  });

  it('over REST are those of known trials, also where a foreign database has odd ones', async () => {
    const state = new ExperimentState('maximize');
    for (const trialJobId of ['aaaaa', '..', '../../../secret', '.']) {
      state.applyEvent({ timestamp: 1, trialJobId, event: 'SUCCEEDED' });
    }
    const directory = join(outer, 'experiment');
    const trial = experimentLayout.trial(directory, 'aaaaa');
    await mkdir(trial, { recursive: true });
    await writeFile(join(trial, 'trial.log'), 'log');
    await writeFile(join(trial, '..', 'trial.log'), 'secret');
    await writeFile(join(outer, 'trial.log'), 'secret');
    const never = () => assert.fail('not needed');
    const server = Fastify();
    jsonErrors(server);
    registerNniRoutes(server, {
      state,
      changes: new ChangeStream(),
      directory,
      profile: never,
      summary: never,
      manifest: never,
      trialDirectory: (id) => experimentLayout.trial(directory, id),
      files: (id) => filesInFolder(experimentLayout.trial(directory, id)),
    });
    const get = async (id: string, name: string) => {
      const path = `/api/v1/nni/trial-file/${encodeURIComponent(id)}/${encodeURIComponent(name)}`;
      const { statusCode, body } = await server.inject({ path, headers: { host: 'localhost' } });
      return [statusCode, body];
    };
    assert.deepEqual(await get('aaaaa', 'trial.log'), [200, 'log']);
    for (const [id, name] of [
      ['aaaaa', '../trial.log'],
      ['aaaaa', '../../../../../secret'],
      ['..', 'trial.log'],
      ['.', 'trial.log'],
      ['../../../secret', '.'],
      ['bbbbb', 'trial.log'],
    ]) {
      const [status, body] = await get(id ?? '', name ?? '');
      assert.equal(status, 404, `${id} ${name}: ${body}`);
    }
    await server.close();
  });
});
