import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I open what NNI left on disk, without NNI and without starting anything. */
story('view stored experiments', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({ example: null, theme: 'dark' });
    await cp(join(projectRoot, 'test', 'fixtures', 'nni-3.0', 'experiments'), session.experiments, { recursive: true });
    window = await session.open();
    await window.openSideBar();
  });
  after(() => session?.end());

  it('lists them with what they found', async () => {
    await window.row(/This machine/).waitFor({ timeout: 100_000 });
    await window.row(/(done|stopped).*best/).waitFor();
  });

  it('opens one read-only: results, parameters, logs', async () => {
    await window.row(/(done|stopped).*best/).click();
    await window.page.keyboard.press('Enter');
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByText('Top trials').waitFor();
    await page.getByRole('tab', { name: /Trials/ }).click();
    await page.locator('[role="row"][aria-rowindex="2"]').click();
    await page.getByRole('heading', { name: /^Trial / }).waitFor();
    await window.picture('stored');
  });
});

/** Story: I have installed it and know nothing yet. */
story('a window without experiments', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({ example: null, theme: 'dark' });
    window = await session.open();
    await window.openSideBar();
  });
  after(() => session?.end());

  it('says what to do first', async () => {
    await window.page.getByRole('button', { name: 'Open the Quickstart' }).waitFor({ timeout: 100_000 });
    await window.page.getByRole('button', { name: 'Run a Config File' }).waitFor();
    await window.picture('welcome');
  });

  it('gives the sample to a person who has no config', async () => {
    await window.page.getByRole('button', { name: 'Run a Config File' }).click();
    await window.toast(/No experiment config was found in this workspace/).waitFor();
    await window.page.getByRole('button', { name: 'Open the Quickstart' }).first().click();
    await window.accept('Put It Here');
    await window.codeLens(/Run/).waitFor({ timeout: 100_000 });
  });
});
