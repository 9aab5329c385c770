import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { experimentIds, type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I open somebody else's folder without trusting it: nothing of it runs, and I can still look. */
story('a folder in restricted mode', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({
      theme: 'dark',
      restricted: true,
      settings: { 'security.workspace.trust.startupPrompt': 'never' },
    });
    await cp(join(projectRoot, 'test', 'fixtures', 'nni-3.0', 'experiments'), session.experiments, { recursive: true });
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
  });
  after(() => session?.end());

  it('shows what is stored, and says that nothing runs', async () => {
    await window.openSideBar();
    await window.page.getByText(/Restricted Mode: nothing can be run or changed/).waitFor({ timeout: 100_000 });
    await window.row(/quad\s*done · best/).click();
    await window.page.keyboard.press('Enter');
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByText('Top trials').waitFor();
    await window.picture('restricted');
  });

  it('runs nothing', async () => {
    const before = await experimentIds(session.experiments);
    await window.openFile('config.yml');
    await window.clickLens(/Run/, window.toast(/Restricted Mode: experiments can be viewed, not run/));
    assert.deepEqual(await experimentIds(session.experiments), before);
  });
});
