import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Fastify from 'fastify';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';
import { ChangeStream } from '../../../src/server/sources/changes.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { logFolderOf } from '../../../src/server/tensorBoard/logFolder.ts';
import { findTensorBoard } from '../../../src/server/tensorBoard/program.ts';
import { registerTensorBoardRoutes } from '../../../src/server/tensorBoard/routes.ts';
import { TensorBoards } from '../../../src/server/tensorBoard/tensorBoards.ts';

describe('TensorBoard', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await freshFolder('tensor-board');
  });
  afterEach(() => removeFolder(folder));

  async function script(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  }
  /** Says what the interpreter would. */
  const answer = (found: string) => `printf 'trialdeck:/opt/venv/bin/python3\\t${found}\\n'`;
  const find = (trialCommand: string) => findTensorBoard({ trialCommand, cwd: folder, env: { PATH: folder } });

  it('is taken from the Python of the trials, before the one on the PATH', async () => {
    const python = await script('python3', answer('True'));
    await mkdir(join(folder, 'sub'));
    await script('tensorboard', '');
    assert.deepEqual((await find('python3 trial.py')).argv, ['python3', '-m', 'tensorboard.main']);
    assert.deepEqual((await find(`cd sub && ${python} -u trial.py`)).argv, [python, '-m', 'tensorboard.main']);
  });

  it('is taken from the PATH when that Python has none or is unknown', async () => {
    await script('python3', answer('False'));
    const program = await script('tensorboard', '');
    for (const command of ['python3 trial.py', './train', '', './missing/python3 trial.py']) {
      assert.deepEqual((await find(command)).argv, [program], command);
    }
  });

  it('says where to install a missing TensorBoard: in the Python of the trials', async () => {
    await script('python3', answer('False'));
    await assert.rejects(find('python3 trial.py'), /"\/opt\/venv\/bin\/python3 -m pip install tensorboard"/);
    await assert.rejects(find('./train'), /none on the PATH.*"pip install tensorboard"/);
  });

  it('reads the folder that holds all event files of a trial', async () => {
    assert.equal(await logFolderOf(folder), folder);
    assert.equal(await logFolderOf(join(folder, 'missing')), join(folder, 'missing'));
    for (const run of ['logs/run/train', 'logs/run/val']) {
      await mkdir(join(folder, run), { recursive: true });
      await writeFile(join(folder, run, 'events.out.tfevents.1.host.2.0'), '');
    }
    await writeFile(join(folder, 'logs', 'trial.log'), '');
    assert.equal(await logFolderOf(folder), join(folder, 'logs', 'run'));
    await writeFile(join(folder, 'logs', 'run', 'events.out.tfevents.2'), '');
    assert.equal(await logFolderOf(folder), join(folder, 'logs', 'run'));
  });

  it('refuses trials whose ids are paths, and trials whose folder leads out of the experiment', async () => {
    const directory = join(folder, 'experiment');
    const trials = join(directory, 'environments', 'local-env', 'trials');
    await mkdir(join(trials, 'inside'), { recursive: true });
    await symlink(folder, join(trials, 'linked'));
    const state = new ExperimentState('maximize');
    for (const trialJobId of ['..', '.', '../..', 'linked', 'inside']) {
      state.applyEvent({ timestamp: 1, trialJobId, event: 'SUCCEEDED' });
    }
    const never = () => assert.fail('not needed');
    const program = await script('tensorboard', 'echo "TensorBoard 2.0 at http://127.0.0.1:6006/"; exec sleep 600');
    const boards = new TensorBoards();
    const server = Fastify();
    jsonErrors(server);
    registerTensorBoardRoutes(
      server,
      {
        trials: state,
        imported: never,
        changes: new ChangeStream(),
        directory,
        profile: () => ({ params: { trialCommand: '' } }) as ExperimentProfile,
        summary: never,
        manifest: never,
        trialDirectory: (id) => join(trials, id),
        files: never,
      },
      boards,
    );
    const path = process.env.PATH;
    process.env.PATH = `${dirname(program)}:${path}`;
    try {
      const ask = (ids: string) =>
        server.inject({ method: 'POST', path: '/api/v1/nni/tensorboard', payload: { trials: ids } });
      for (const [ids, status] of [
        ['..', 404],
        ['.', 404],
        ['../..', 404],
        ['__proto__', 404],
        ['linked', 409],
        ['inside,linked', 409],
        ['inside', 200],
      ] as const) {
        const answer = await ask(ids);
        assert.equal(answer.statusCode, status, `${ids}: ${answer.body}`);
      }
      assert.equal(boards.list().length, 1);
    } finally {
      process.env.PATH = path;
      await boards.dispose();
      await server.close();
    }
  });
});
