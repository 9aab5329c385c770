import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { bundledFolders, readPackage, writeNotices } from '../../../scripts/notices.ts';

/** What esbuild says of an output with these inputs: bytes taken, by file. */
function metafile(inputs: Record<string, number>): Metafile {
  const taken = Object.fromEntries(Object.entries(inputs).map(([file, bytesInOutput]) => [file, { bytesInOutput }]));
  return { inputs: {}, outputs: { 'a.js': { bytes: 1, inputs: taken, imports: [], exports: [] } } };
}

describe('licence notices', () => {
  let root: string;

  beforeEach(async () => {
    root = await freshFolder('notices');
  });
  afterEach(() => removeFolder(root));

  async function install(name: string, manifest: object, files: Record<string, string> = {}): Promise<string> {
    const folder = join(root, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3', ...manifest }));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    return folder;
  }

  it('name the packages whose code is bundled, wherever they are installed', () => {
    const folders = bundledFolders([
      metafile({ 'src/a.ts': 9, 'node_modules/a/lib/x.js': 5, 'node_modules/unused/x.js': 0 }),
      metafile({ 'node_modules/a/node_modules/@s/b/x.js': 5 }),
    ]);
    assert.deepEqual(folders, ['node_modules/a', 'node_modules/a/node_modules/@s/b']);
  });

  it('fail for a bundled package without a licence text', async () => {
    await install('bare', { license: 'Apache-2.0' });
    await assert.rejects(
      writeNotices(root, [metafile({ 'node_modules/bare/x.js': 5 })], []),
      /bare 1\.2\.3 is bundled/,
    );
  });

  it('fail for a bundled package that names no licence', async () => {
    await install('unnamed', {}, { LICENSE: 'Do as you like.' });
    await assert.rejects(writeNotices(root, [metafile({ 'node_modules/unnamed/x.js': 5 })], []), /unnamed/);
  });

  it('hold the whole texts of licence and notice files, of copied packages too', async () => {
    await install('a', { license: 'MIT' }, { license: 'Text of a.\r\nLine two.', 'readme.md': 'unrelated' });
    await install('fonts', { license: 'CC-BY-4.0' }, { LICENSE: 'Text of fonts.', NOTICE: 'Made by many.' });
    const text = await writeNotices(root, [metafile({ 'node_modules/a/x.js': 5 })], ['node_modules/fonts']);
    for (const part of ['a 1.2.3 (MIT)', 'Text of a.\nLine two.', 'fonts 1.2.3', 'Text of fonts.', 'Made by many.']) {
      assert.ok(text.includes(part), part);
    }
    assert.ok(!text.includes('unrelated'));
  });

  it('take a licence from the README, or the published MIT text when a package only names it', async () => {
    const readme = '# X\n\nwords\n\n## License\n\nCopyright 2020 N.\n\nPermission is hereby granted, free of charge.';
    const inReadme = await readPackage(await install('x', { license: 'MIT' }, { 'README.md': readme }));
    assert.deepEqual(inReadme.texts, ['Copyright 2020 N.\n\nPermission is hereby granted, free of charge.']);
    const named = await readPackage(await install('y', { license: 'MIT', author: { name: 'Ada' } }));
    assert.match(named.texts[0] ?? '', /Copyright \(c\) Ada\n\nPermission is hereby granted/);
  });
});
