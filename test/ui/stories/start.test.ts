import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { freshFolder, projectRoot, removeFolder } from '../../../scripts/folders.ts';
import { findChromium, launchChromium } from '../../harness/chromium.ts';
import { untilGone } from '../../harness/home.ts';
import { manifestOf, processesOf } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import { Workbench } from '../../harness/workbench.ts';

/** Story: I have cloned it and type `npm start`, on a machine without a desktop. */
story('npm start', () => {
  let clone = '';
  let experiments = '';
  let program: ChildProcess;
  let browser: Browser;
  let window: Workbench;

  before(async () => {
    clone = await cloneProject();
    experiments = await freshFolder('exp');
    const { CI: _ci, npm_config_headless: _headless, DISPLAY: _x, WAYLAND_DISPLAY: _wayland, ...rest } = process.env;
    program = spawn(process.execPath, [join(clone, 'scripts', 'start.ts')], {
      cwd: clone,
      env: { ...rest, TRIALDECK_EXPERIMENTS_DIR: experiments },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const chromium = await findChromium(() => {});
    assert.ok(chromium, 'without Chromium the level should have been skipped');
    browser = await launchChromium(chromium);
    window = await Workbench.at(browser, await printedAddress(program));
  });
  after(async () => {
    await browser?.close();
    if (program.exitCode === null && program.signalCode === null) {
      program.kill('SIGINT');
      await once(program, 'exit');
    }
    await removeFolder(experiments);
    await removeFolder(clone);
  });

  it('shows the sample running: config, tree and panel', async () => {
    await window.tab('config.yml').waitFor({ timeout: 100_000 });
    await window.row(/spirals/i).waitFor({ timeout: 100_000 });
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByText('Top trials').waitFor();
    assert.equal(Object.keys(await manifestOf(experiments)).length, 1);
    await window.picture('npm-start');
  });

  it('ends what it has started when one presses Ctrl-C', async () => {
    const pids = await processesOf(experiments);
    assert.ok(pids.length >= 2, 'a manager and a runner');
    const exited = once(program, 'exit');
    program.kill('SIGINT');
    assert.deepEqual(await exited, [0, null]);
    for (const pid of pids) await untilGone(pid, 60_000);
  });
});

/**
 * A copy of the project's sources, with what is installed already: `npm start` builds and packages, which must not replace files that
 * other tests are reading.
 */
async function cloneProject(): Promise<string> {
  const folder = await freshFolder('clone');
  const installed = new Set(['node_modules', '.cache']);
  const made = new Set(['.git', 'dist', 'test-results']);
  for (const name of await readdir(projectRoot)) {
    if (installed.has(name)) await symlink(join(projectRoot, name), join(folder, name));
    else if (!made.has(name)) await cp(join(projectRoot, name), join(folder, name), { recursive: true });
  }
  return folder;
}

/** The address it prints for a browser. Rejects with all it said when it ends before. */
function printedAddress(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    program.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const address = /^ {2}(http:\S+)$/m.exec(output)?.[1];
      if (address) resolve(address);
    });
    program.once('exit', (code) => reject(new Error(`npm start ended with code ${code} and printed:\n${output}`)));
  });
}
