/** Measures the time from a trial's report to its paint: a real VS Code with the packaged extension and an open panel. */
import { packageExtension } from '../../scripts/package.ts';
import { findChromium } from '../harness/chromium.ts';
import { experimentIds, manifestOf, startSession } from '../harness/session.ts';
import { Rest } from '../manager/wire/rest.ts';
import { writeConfig } from './contenders.ts';

const reports = 500;
/** The first reports compete with the opening of the page. */
const reportsToSettle = 50;

/** Milliseconds for each painted report; undefined, with a printed reason, when there is no browser. */
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
    // After painting a revision the page marks it with the number of results that arrived since it was opened.
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
      // Skip reports from before the page was open.
      if (!mark || type !== 'PERIODICAL' || sequence < before + reportsToSettle) return [];
      return [mark.time - Number(JSON.parse(data))];
    });
  } finally {
    await session.end();
  }
}
