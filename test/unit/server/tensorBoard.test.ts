import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { logFolderOf } from '../../../src/server/tensorBoard/logFolder.ts';
import { findTensorBoard } from '../../../src/server/tensorBoard/program.ts';

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

  it('is taken from the PATH where that Python has none, or is not known', async () => {
    await script('python3', answer('False'));
    const program = await script('tensorboard', '');
    for (const command of ['python3 trial.py', './train', '', './missing/python3 trial.py']) {
      assert.deepEqual((await find(command)).argv, [program], command);
    }
  });

  it('that is nowhere is to be installed in the Python of the trials', async () => {
    await script('python3', answer('False'));
    await assert.rejects(find('python3 trial.py'), /"\/opt\/venv\/bin\/python3 -m pip install tensorboard"/);
    await assert.rejects(find('./train'), /none on the PATH.*"pip install tensorboard"/);
  });

  it('looks where all event files of a trial lie', async () => {
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
});
