/** A story: the steps of one user in one window. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureFolder, removeFolder, resultsFolder } from '../../scripts/folders.ts';
import { openSessions } from './session.ts';
import { openWorkbenches } from './workbench.ts';

/** A step that takes longer fails. Single waits in a step time out sooner and name what they waited for. */
const stepTimeoutMs = 150_000;

/**
 * Describes a story. It ends at its first failed step, because the later ones build on it; they count as skipped. What the window showed
 * at that moment, its console and the server's logs are kept below `test-results/failures`.
 */
export function story(title: string, steps: () => void): void {
  describe(title, function () {
    this.timeout(stepTimeoutMs);
    let hasFailed = false;

    beforeEach(function () {
      if (hasFailed) this.skip();
    });
    afterEach(async function () {
      if (this.currentTest?.state !== 'failed') return;
      hasFailed = true;
      await keepEvidence(this.currentTest.fullTitle());
    });
    // Registered before the story's own `after`, which closes the window.
    after('keep what is to be seen of a story that could not begin', async () => {
      const hasBegun = this.tests.some(({ state, pending }) => state !== undefined || pending);
      if (!hasBegun) await keepEvidence(title);
    });

    steps();
  });
}

/** Saves pictures, consoles and logs of everything that is open, and prints where. */
async function keepEvidence(title: string): Promise<void> {
  const folder = join(resultsFolder, 'failures', title.replaceAll(/\W+/g, '-').slice(0, 120));
  await removeFolder(folder);
  await ensureFolder(folder);
  let count = 0;
  for (const workbench of openWorkbenches) {
    const name = `window-${++count}`;
    await writeFile(join(folder, `${name}.log`), `${workbench.console.join('\n')}\n`);
    await workbench.page.screenshot({ path: join(folder, `${name}.png`), timeout: 20_000 }).catch(() => undefined);
  }
  for (const { server } of openSessions) {
    await writeFile(join(folder, 'server.log'), server.log());
    await cp(join(server.dataFolder, 'data', 'logs'), join(folder, 'logs'), { recursive: true }).catch(() => undefined);
  }
  console.log(`      see ${folder}`);
}
