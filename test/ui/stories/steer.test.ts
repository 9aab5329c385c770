import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { projectRoot } from '../../../scripts/folders.ts';
import { type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: while an experiment runs I change its limits, kill a trial, add one, stop it, resume it and export what it found. */
story('steer a running experiment', () => {
  let session: Session;
  let window: Workbench;
  let page: Frame;
  const experiment = () => window.row(/endless/);

  before(async () => {
    session = await startSession({ example: join(projectRoot, 'test', 'fixtures', 'steering'), theme: 'dark' });
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
    await window.clickLens(/Run/, window.tab('endless'));
    page = await window.webview('[data-trial-count]', 100_000);
    await window.openSideBar();
    await window.row(/^\s*3\s*step/).waitFor();
  });
  after(() => session?.end());

  it('runs more trials at a time', async () => {
    await window.contextMenu(experiment(), 'Change Trial Concurrency…');
    await window.answer('3');
    await page.getByText('3 busy').waitFor();
    await window.row(/^\s*4\s*step/).waitFor();
  });

  it('refuses a limit that makes no sense while one types it', async () => {
    await window.contextMenu(experiment(), 'Change Maximum Trial Number…');
    await window.type('2');
    await window.page.getByText(/5 trials were started already/).waitFor();
    await window.answer('6');
    await window.row(/endless.*2\/6/).waitFor();
  });

  it('kills a trial after asking', async () => {
    await window.contextMenu(window.row(/^\s*3\s*step/), 'Kill Trial…');
    await window.dialog(/Kill trial 3 of endless\?/i).waitFor();
    await window.button('Kill').click();
    await window.row(/^\s*3\s*cancelled/).waitFor();
    // The next one takes its place.
    await window.row(/^\s*5\s*step/).waitFor();
  });

  it('adds a trial with parameters of my own', async () => {
    await window.contextMenu(experiment(), 'Change Maximum Trial Number…');
    await window.answer('7');
    await window.row(/endless.*3\/7/).waitFor();
    await window.contextMenu(window.row(/^\s*1\s*0\./), 'Copy as New Trial…');
    await window.codeLens('Queue Trial').waitFor();
    await window.picture('trial-draft');
    await window.clickLens('Queue Trial', window.row(/^\s*6\D/));
  });

  it('stops from the panel after asking, and says what is lost', async () => {
    await window.openFile('config.yml');
    await window.clickLens('Open', window.page.locator('.tab.active', { hasText: 'endless' }));
    page = await window.webview('[data-trial-count]');
    await page.getByRole('button', { name: 'Stop' }).click();
    await window.dialog(/Stop endless\?.*\d trials? (is|are) running and will be lost/s).waitFor();
    await window.picture('stop-question');
    await window.button('Stop').click();
    await window.row(/endless\s*stopped/).waitFor();
    await page.locator('[data-phase="stopped"]').waitFor();
  });

  it('resumes where it stopped', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    await page
      .locator('[data-phase="running"], [data-phase="finishing"], [data-phase="done"]')
      .waitFor({ timeout: 100_000 });
    await writeFile(join(session.workspace, 'finish'), '');
    await window.row(/endless\s*done/).waitFor({ timeout: 100_000 });
    await page.locator('[data-phase="done"]').waitFor();
  });

  it('exports the results to a file', async () => {
    await page.getByRole('button', { name: 'Export Results…' }).click();
    await window.answer('CSV');
    const file = join(session.workspace, 'endless-results.csv');
    await window.accept();
    await window.toast(/trials were written to/).waitFor();
    const [header, ...rows] = (await readFile(file, 'utf8')).trim().split(/\r?\n/);
    assert.match(header ?? '', /\bx\b.*\bkind\b/);
    assert.equal(rows.length, 7);
    assert.match(rows[3] ?? '', /USER_CANCELED/);
  });
});
