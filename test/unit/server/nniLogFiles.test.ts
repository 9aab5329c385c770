import assert from 'node:assert/strict';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { ManagerLogReader, readLogEnds } from '../../../src/server/sources/nniLogFiles.ts';

describe('NNI’s logs', () => {
  let outer: string;
  let directory: string;

  beforeEach(async () => {
    outer = await freshFolder('nni-logs');
    directory = join(outer, 'experiment');
    await mkdir(join(directory, 'log'), { recursive: true });
    await writeFile(join(directory, 'log', 'nnimanager.log'), 'first\nsecond\nthi');
  });
  afterEach(() => removeFolder(outer));

  const lines = () => [...new ManagerLogReader(directory).pieces()].join('');

  it('are read from the experiment’s folder, which may be reached over a link', async () => {
    assert.deepEqual(readLogEnds(directory), { manager: 'first\nsecond\nthi', dispatcher: '' });
    assert.equal(lines(), 'first\nsecond\n');
    await symlink(directory, join(outer, 'link'));
    assert.equal(readLogEnds(join(outer, 'link')).manager, 'first\nsecond\nthi');
  });

  it('are empty when the folder or a file is a link to elsewhere', async () => {
    await rename(join(directory, 'log'), join(outer, 'log'));
    await symlink(join(outer, 'log'), join(directory, 'log'));
    assert.equal(readLogEnds(directory).manager, '');
    assert.equal(lines(), '');
  });

  it('are empty when they are pipes, and the reader waits for no writer', async () => {
    await execa('mkfifo', [join(directory, 'log', 'dispatcher.log')]);
    assert.equal(readLogEnds(directory).dispatcher, '');
  });
});
