import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { build } from 'esbuild';
import { bundlesOf, codicons } from '../../../scripts/build.ts';
import { projectRoot } from '../../../scripts/folders.ts';
import { bundledFolders, noticeHead, readPackage } from '../../../scripts/notices.ts';
import { ensureBuilt } from '../../harness/built.ts';

/** What may be in the package; the bundles are only there after a build. */
const allowed = [
  /^(package|package\.nls)\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^dist\/[\w-]+\.(js|css|ttf)$/,
  /^dist\/(package|(config|searchSpace)\.schema)\.json$/,
  /^dist\/ThirdPartyNotices\.txt$/,
  /^dist\/trialSdk\/.+\.py$/,
  /^media\/(icon\.png|activityBar\.svg|panelLight\.svg)$/,
  /^media\/snippets\/\w+\.json$/,
  /^media\/walkthrough\/\w+\.svg$/,
  /^examples\/quickstart\/[\w.-]+\.(py|yml|json|md)$/,
];

describe('the package', () => {
  let files: string[] = [];

  before(async function () {
    // Walks the whole folder, node_modules included.
    this.timeout(120_000);
    await ensureBuilt();
    files = (await listFiles({ cwd: projectRoot, packageManager: PackageManager.None })).map((file) =>
      file.replaceAll('\\', '/'),
    );
  });

  it('holds only the expected files', () => {
    assert.deepEqual(
      files.filter((file) => !allowed.some((pattern) => pattern.test(file))),
      [],
    );
  });

  it('holds the files that the extension needs beside its code', () => {
    for (const file of [
      'package.json',
      'package.nls.json',
      'LICENSE',
      'dist/ThirdPartyNotices.txt',
      'media/icon.png',
      'examples/quickstart/config.yml',
      'examples/quickstart/trial.py',
    ]) {
      assert.ok(files.includes(file), file);
    }
  });

  it('holds no source maps, tests or secrets', () => {
    assert.deepEqual(
      files.filter((file) => /\.map$|test|\.env|node_modules|__pycache__/i.test(file)),
      [],
    );
  });

  it('holds a notice of each bundled package', async function () {
    this.timeout(120_000);
    const notices = await readFile(join(projectRoot, 'dist', 'ThirdPartyNotices.txt'), 'utf8');
    const metafiles = await Promise.all(
      bundlesOf({ production: true }).map(async (bundle) => (await build({ ...bundle, write: false })).metafile),
    );
    const folders = [codicons, ...bundledFolders(metafiles)];
    for (const name of ['axios', 'echarts', 'zrender', 'preact', '@vscode/webview-ui-toolkit', 'fastify', 'yaml']) {
      assert.ok(folders.includes(`node_modules/${name}`), `${name} is bundled`);
    }
    for (const folder of folders) {
      const bundled = await readPackage(join(projectRoot, folder));
      assert.ok(notices.includes(`\n${noticeHead(bundled)}\n`), `no notice of ${folder}`);
      for (const text of bundled.texts) assert.ok(notices.includes(text), `the licence of ${folder} is cut`);
    }
  });
});
