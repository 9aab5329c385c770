import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { diskWriter } from '../../../src/system/fileWriter.ts';

describe('the disk writer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await freshFolder('writer');
  });
  afterEach(() => removeFolder(folder));

  it('replaces a file and leaves no other behind', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'old');
    await diskWriter.replace(path, 'new', { mode: 0o600 });
    assert.equal(await readFile(path, 'utf8'), 'new');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    diskWriter.replaceSync(path, 'newer');
    assert.equal(await readFile(path, 'utf8'), 'newer');
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('leaves what cannot be replaced as it was, without a temporary file', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await assert.rejects(diskWriter.replace(path, 'new'), { code: 'EISDIR' });
    assert.throws(() => diskWriter.replaceSync(path, 'new'), { code: 'EISDIR' });
    assert.deepEqual(await readdir(folder), ['taken']);
  });

  it('makes a file only where there is none', async () => {
    const path = join(folder, 'lock');
    await diskWriter.create(path, 'first', { mode: 0o600 });
    await assert.rejects(diskWriter.create(path, 'second'), { code: 'EEXIST' });
    await assert.rejects(diskWriter.claim(path), { code: 'EEXIST' });
    assert.equal(await readFile(path, 'utf8'), 'first');
    assert.deepEqual(await readdir(folder), ['lock']);
  });

  it('throws the system’s error where the folder is missing', async () => {
    await assert.rejects(diskWriter.replace(join(folder, 'no', 'file'), ''), { code: 'ENOENT' });
    await assert.rejects(diskWriter.append(join(folder, 'no', 'file'), ''), { code: 'ENOENT' });
  });
});
