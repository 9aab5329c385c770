import assert from 'node:assert/strict';
import { join } from 'node:path';
import { experimentIds, type Session, startSession } from '../../harness/session.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I open a folder with a config.yml, press Run above it and watch trials and curves appear, to the end. */
describe('run the sample from its config file', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession();
    window = await session.open({ openFile: join((await session).workspace, 'config.yml') });
  });
  after(() => session?.end());

  it('offers Run and Validate above the config', async () => {
    await window.codeLens(/Run/).waitFor({ timeout: 60_000 });
    await window.codeLens(/Validate/).waitFor();
    await window.picture('codelens-rest');
  });

  it('runs: the panel opens and its numbers move', async () => {
    await window.codeLens(/Run/).click();
    const page = await window.webview('[data-trial-count]', 60_000);
    await page.locator('[role="tablist"]').waitFor();
    await page.waitForFunction("Number(document.querySelector('[data-trial-count]')?.dataset.trialCount) >= 2");
    assert.equal((await experimentIds(session.experiments)).length, 1);
  });

  it('lists the experiment and its trials in the side bar', async () => {
    await window.openSideBar();
    await window.row(/spirals/).waitFor();
    await window.row(/epoch \d+|\d+ intermediate|0\.\d+/).waitFor({ timeout: 30_000 });
    await window.picture('running');
  });

  it('says above the config that it runs, with Open and Stop', async () => {
    await window.openFile('config.yml');
    await window.codeLens(/spirals running|running/).waitFor();
    await window.codeLens('Stop').waitFor();
    await window.picture('codelens-running');
  });

  it('gets to the end and says how good the best was', async () => {
    await window.codeLens(/done/).waitFor({ timeout: 150_000 });
    await window.codeLens(/best 0\.\d+|best 1/).waitFor();
    const row = window.row(/spirals/);
    await row.filter({ hasText: /done/ }).waitFor();
    await window.picture('done');
  });
});
