import assert from 'node:assert/strict';
import { appendFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { execa } from 'execa';
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

describe('the files of a trial', () => {
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
    const { stream, ...about } = await openConfined({ folder, within: outer }, name, range);
    return { ...about, text: await text(stream) };
  };

  it('are read by their names and by NNI’s short ones', async () => {
    assert.equal((await contents('stdout')).text, 'héllo\nworld\n');
    assert.equal((await contents('trial.stdout')).text, 'héllo\nworld\n');
    assert.equal((await contents('output/model.bin')).text, 'model');
    assert.equal((await contents('in')).text, 'model');
    assert.deepEqual(await contents('empty'), { size: 0, start: 0, text: '' });
  });

  it('are read from a given byte on, or from their last bytes', async () => {
    assert.deepEqual(await contents('stdout', { tail: 6 }), { size: 13, start: 7, text: 'world\n' });
    assert.deepEqual(await contents('stdout', { offset: 7 }), { size: 13, start: 7, text: 'world\n' });
    assert.deepEqual(await contents('stdout', { tail: 0 }), { size: 13, start: 13, text: '' });
    assert.deepEqual(await contents('stdout', { tail: 99 }), { size: 13, start: 0, text: 'héllo\nworld\n' });
    assert.deepEqual(await contents('stdout', { offset: 99 }), { size: 13, start: 13, text: '' });
  });

  it('are not read twice when they grow during the read', async () => {
    await writeFile(join(folder, 'growing'), 'one');
    const first = await openConfined({ folder, within: outer }, 'growing');
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
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'x'.repeat(5000),
  ];
  for (const name of outside) {
    it(`do not include ${JSON.stringify(name.slice(0, 40))}`, () =>
      assert.rejects(openConfined({ folder, within: outer }, name), { name: 'StorageError', kind: 'missing' }));
  }

  it('never lie outside of the folder, whatever their name', () =>
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

  it('are missing when their folder is gone', () =>
    assert.rejects(openConfined({ folder: join(outer, 'gone'), within: outer }, 'stdout'), { kind: 'missing' }));

  it('are listed with their sizes, links left out', async () => {
    const names = (await filesInFolder({ folder, within: outer }).list()).map(({ name, bytes }) => `${name} ${bytes}`);
    assert.ok(names.includes('output/model.bin 5'), names.join());
    assert.ok(names.includes('trial.stdout 13'), names.join());
    assert.ok(!names.some((name) => /^(in|out|up|loop) /.test(name)), names.join());
    assert.deepEqual(await filesInFolder({ folder: join(outer, 'gone'), within: outer }).list(), []);
  });

  it('are read as text from the end, and are empty when missing', async () => {
    assert.equal(await readTail(filesInFolder({ folder, within: outer }), 'stdout', 6), 'world\n');
    assert.equal(await readTail(filesInFolder({ folder, within: outer }), 'stderr', 6), '');
  });

  it('are missing when their folder leads out of the experiment, and found when it stays inside', async () => {
    const experiment = join(outer, 'linking');
    await mkdir(join(experiment, 'log'), { recursive: true });
    await writeFile(join(experiment, 'log', 'trial.log'), 'log');
    await symlink(join(outer, 'trial-2'), join(experiment, 'away'));
    await symlink('log', join(experiment, 'near'));
    await symlink(outer, join(experiment, 'up'));
    for (const away of ['away', 'up/trial-2', 'up', '..', '../trial-2']) {
      const files = filesInFolder({ folder: join(experiment, away), within: experiment });
      await assert.rejects(files.read('trial.stdout'), { kind: 'missing' }, away);
      assert.deepEqual(await files.list(), [], away);
    }
    const near = filesInFolder({ folder: join(experiment, 'near'), within: experiment });
    assert.equal(await readTail(near, 'trial.log', 10), 'log');
    // The experiment's own folder may be reached over a link.
    const over = join(outer, 'trial', 'up', 'linking');
    assert.equal(await readTail(filesInFolder({ folder: join(over, 'log'), within: over }), 'trial.log', 10), 'log');
  });

  it('are missing when they are named pipes, and the reader waits for no writer', async () => {
    await execa('mkfifo', [join(folder, 'pipe')]);
    await assert.rejects(openConfined({ folder, within: outer }, 'pipe'), { kind: 'missing' });
  });

  it('are served over REST for known trials only, also for a foreign database with ids that are paths', async () => {
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
    state.applyEvent({ timestamp: 1, trialJobId: 'linked', event: 'SUCCEEDED' });
    await symlink(outer, join(trial, '..', 'linked'));
    await symlink(outer, join(directory, 'log'));
    const never = () => assert.fail('not needed');
    const server = Fastify();
    jsonErrors(server);
    registerNniRoutes(server, {
      trials: state,
      imported: () => [],
      changes: new ChangeStream(),
      directory,
      profile: never,
      summary: never,
      manifest: never,
      trialDirectory: (id) => experimentLayout.trial(directory, id),
      files: (id) => filesInFolder({ folder: experimentLayout.trial(directory, id), within: directory }),
    });
    const get = (id: string, name: string) =>
      read(`/api/v1/nni/trial-file/${encodeURIComponent(id)}/${encodeURIComponent(name)}`);
    const read = async (path: string) => {
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
      ['linked', 'trial.log'],
      ['__proto__', 'trial.log'],
      ['aaaaa', '__proto__'],
    ]) {
      const [status, body] = await get(id ?? '', name ?? '');
      assert.equal(status, 404, `${id} ${name}: ${body}`);
    }
    assert.equal((await read('/logs/trial.log'))[0], 404);
    await server.close();
  });
});
