import assert from 'node:assert/strict';
import { join } from 'node:path';
import { experimentIds, type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I open a folder with a config.yml, press Run above it and watch trials and curves appear, to the end. */
story('run the sample from its config file', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({ theme: 'dark' });
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
  });
  after(() => session?.end());

  it('offers Run and Validate above the config', async () => {
    await window.codeLens(/Run/).waitFor({ timeout: 100_000 });
    await window.codeLens(/Validate/).waitFor();
    await window.picture('codelens-rest');
  });

  it('runs: the panel opens and its numbers move', async () => {
    await window.clickLens(/Run/, window.tab('spirals'));
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByRole('tablist', { name: 'Views' }).waitFor();
    await page.getByRole('tab', { name: /Trials\s+([3-9]|\d\d)/ }).waitFor();
    assert.equal((await experimentIds(session.experiments)).length, 1);
  });

  it('lists the experiment and its trials in the side bar', async () => {
    await window.openSideBar();
    await window.row(/spirals.*\/60/).waitFor();
    await window.expand(window.row(/spirals/));
    await window.row(/epoch \d+|step \d+/).waitFor({ timeout: 100_000 });
    await window.row(/0\.\d+ · learning_rate/).waitFor();
  });

  it('draws the history of results and the curves while they grow', async () => {
    const page = await window.webview('[data-trial-count]');
    await page.getByRole('tab', { name: /Trials\s+[2-5]\d/ }).waitFor({ timeout: 100_000 });
    await window.picture('overview-dark');
  });

  it('says above the config that it runs, with Open and Stop', async () => {
    await window.openFile('config.yml');
    await window.codeLens(/spirals running.*best/).waitFor();
    await window.codeLens('Open').waitFor();
    await window.codeLens('Stop').waitFor();
    await window.picture('codelens-running');
  });

  it('gets to the end and says how good the best was', async () => {
    await window.codeLens(/done.*best (0\.\d+|1)/).waitFor({ timeout: 150_000 });
    await window.codeLens('Run again').waitFor();
    await window.row(/spirals\s*done · best/).waitFor();
    await window.picture('done');
    await window.toast(/spirals has finished: 60 trials, best/).waitFor();
  });

  it('shows a trial with its parameters, curve and log when one picks it in the tree', async () => {
    await window.codeLens('Open').click();
    const page = await window.webview('[data-trial-count]');
    await window.trial(57).click();
    await page.getByRole('heading', { name: 'Trial 57' }).waitFor();
    await page.getByText('activation', { exact: true }).last().waitFor();
    await page.getByText(/epoch 50: accuracy/).waitFor();
    await window.picture('trial');
  });

  it('looks its part in other themes', async () => {
    await window.run('Notifications: Clear All Notifications');
    for (const theme of ['light', 'hc-dark', 'hc-light'] as const) {
      await session.setTheme(window, theme);
      const page = await window.webview('[data-trial-count]');
      await page.locator(`body[data-vscode-theme-kind="${themeKinds[theme]}"]`).waitFor();
      await window.picture(`panel-${theme}`);
    }
  });
});

const themeKinds = {
  light: 'vscode-light',
  'hc-dark': 'vscode-high-contrast',
  'hc-light': 'vscode-high-contrast-light',
} as const;
