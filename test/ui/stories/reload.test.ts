import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { processesOf, type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I reload the window, and later the manager is killed; my experiment does not notice, and I see it again. */
story('reload the window while an experiment runs', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({ example: join(projectRoot, 'test', 'fixtures', 'steering'), theme: 'dark' });
    // A window told to open a file does not bring back what was open before.
    window = await session.open();
    await window.openFile('config.yml');
    await window.clickLens(/Run/, window.tab('endless'));
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByText('2 busy').waitFor();
    await page.getByRole('tab', { name: /Trials/ }).click();
  });
  after(() => session?.end());

  it('keeps the experiment running and brings the panel back as it was', async () => {
    const before = await processesOf(session.experiments);
    await window.reload();
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByRole('tab', { name: /Trials/, selected: true }).waitFor();
    await page.getByText('2 busy').waitFor();
    assert.deepEqual(await processesOf(session.experiments), before);
    await window.openSideBar();
    await window.row(/endless.*2\/20/).waitFor();
  });

  it('comes back by itself when the manager was killed', async () => {
    const lock = JSON.parse(await readFile(join(session.experiments, '.trialdeck', 'manager.json'), 'utf8')) as {
      pid: number;
    };
    process.kill(lock.pid, 'SIGKILL');
    const page = await window.webview('[data-trial-count]');
    // A new manager has found the runner, and steering works through it.
    await window.contextMenu(window.row(/endless/), 'Change Trial Concurrency…');
    await window.answer('3');
    await page.getByText('3 busy').waitFor({ timeout: 100_000 });
    const now = JSON.parse(await readFile(join(session.experiments, '.trialdeck', 'manager.json'), 'utf8')) as {
      pid: number;
    };
    assert.notEqual(now.pid, lock.pid);
  });

  it('says so when the runner was killed, and resumes with the trials that lived on', async () => {
    const [, runner] = await processesOf(session.experiments);
    assert.ok(runner);
    process.kill(runner, 'SIGKILL');
    await window.row(/endless\s*crashed/).waitFor({ timeout: 100_000 });
    const page = await window.webview('[data-trial-count]');
    await page.locator('[data-phase="crashed"]').waitFor();
    await window.picture('crashed');
    await page.locator('.strip').getByRole('button', { name: 'Resume' }).click();
    await page.getByText('3 busy').waitFor({ timeout: 100_000 });
    await window.row(/endless.*2\/20/).waitFor();
  });
});
