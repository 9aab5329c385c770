/** From a trial's report to the pixels: a real VS Code with the packaged extension, its panel open. */
import { packageExtension } from '../../scripts/package.ts';
import { findChromium } from '../harness/chromium.ts';
import { experimentIds, manifestOf, startSession } from '../harness/session.ts';
import { Rest } from '../manager/wire/rest.ts';
import { writeConfig } from './contenders.ts';

const reports = 500;
/** The first ones after the page has opened compete with its opening. */
const reportsToSettle = 50;

/** Milliseconds for each report that was painted; undefined when there is no browser, which is said. */
export async function reportToPaint(say: (line: string) => void): Promise<number[] | undefined> {
  if (!(await findChromium(say))) {
    say('No Chromium is installed or installable, so nothing is painted.');
    return undefined;
  }
  await packageExtension();
  const session = await startSession({ example: null });
  try {
    await writeConfig(session.workspace, 'clock', {
      trialCommand: `python3 clock.py ${reports}`,
      trialConcurrency: 1,
      maxTrialNumber: 1,
    });
    const window = await session.open();
    await window.openFile('clock.json');
    await window.clickLens(/Run/, window.tab('bench clock'));
    const page = await window.webview('[data-trial-count]');
    await page.locator('[data-phase="done"]').waitFor({ timeout: 120_000 });
    const [id] = await experimentIds(session.experiments);
    const { port } = (await manifestOf(session.experiments))[id ?? ''] ?? {};
    const metrics = await new Rest(Number(port)).metrics();
    // The page marks each revision once its frame has been painted, with how many results had arrived since it was opened.
    const painted = await page.evaluate(() =>
      performance
        .getEntriesByType('mark')
        .filter(({ name }) => name.startsWith('trialdeck:painted:'))
        .map((mark) => ({
          arrived: 'detail' in mark ? Number(mark.detail) : Number.NaN,
          time: performance.timeOrigin + mark.startTime,
        })),
    );
    const before = reports - Math.max(...painted.map(({ arrived }) => arrived));
    return metrics.flatMap(({ type, sequence, data }) => {
      const mark = painted.find(({ arrived }) => before + arrived > sequence);
      // What was reported before the page was open had to wait for it.
      if (!mark || type !== 'PERIODICAL' || sequence < before + reportsToSettle) return [];
      return [mark.time - Number(JSON.parse(data))];
    });
  } finally {
    await session.end();
  }
}
