import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { experimentIds, processesOf, type Session, startSession } from '../../harness/session.ts';
import type { Workbench } from '../../harness/workbench.ts';

/** Story: I open somebody else's folder without trusting it: nothing of it runs, and I can still look. */
describe('a folder in restricted mode', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({
      theme: 'dark',
      settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
    });
    await cp(join(projectRoot, 'test', 'fixtures', 'nni-3.0', 'experiments'), session.experiments, { recursive: true });
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
  });
  after(() => session?.end());

  it('says so in the side bar, and offers to manage trust', async () => {
    await window.openSideBar();
    await window.page
      .getByText(/Restricted Mode/)
      .first()
      .waitFor({ timeout: 60_000 });
    await window.picture('restricted');
  });

  it('does not run: neither an experiment nor a manager', async () => {
    const before = await experimentIds(session.experiments);
    await window.clickLens(/Run/, window.toast(/Restricted Mode: experiments can be viewed, not run/));
    assert.deepEqual(await experimentIds(session.experiments), before);
    assert.deepEqual((await processesOf(session.experiments)).filter(isAlive), []);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
