import assert from 'node:assert/strict';
import { listFiles, PackageManager } from '@vscode/vsce';
import { projectRoot } from '../../../scripts/folders.ts';

/** What may be in the package; the bundles are only there after a build. */
const allowed = [
  /^(package|package\.nls)\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^dist\/[\w-]+\.(js|css|ttf)$/,
  /^dist\/(package|config\.schema)\.json$/,
  /^dist\/trialSdk\/.+\.py$/,
  /^media\/(icon\.png|activityBar\.svg|panelLight\.svg|[\w-]+\.schema\.json)$/,
  /^media\/snippets\/\w+\.json$/,
  /^media\/walkthrough\/\w+\.svg$/,
  /^examples\/quickstart\/[\w.-]+\.(py|yml|json|md)$/,
];

describe('the package', () => {
  let files: string[] = [];

  before(async function () {
    // Walks the whole folder, node_modules included.
    this.timeout(120_000);
    files = (await listFiles({ cwd: projectRoot, packageManager: PackageManager.None })).map((file) =>
      file.replaceAll('\\', '/'),
    );
  });

  it('holds nothing but what is meant to be in it', () => {
    assert.deepEqual(
      files.filter((file) => !allowed.some((pattern) => pattern.test(file))),
      [],
    );
  });

  it('holds what the extension needs beside its code', () => {
    for (const file of [
      'package.json',
      'package.nls.json',
      'LICENSE',
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
});
