/** One browser for the tests of a file, a page for each test, and what must hold in all of them. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { findChromium, launchChromium } from '../../harness/chromium.ts';
import { trialLog } from './experiments.ts';
import { type OpenOptions, PageHarness } from './pageHarness.ts';

/** Called in a `describe`; the pages it opens are closed after each test, which fails when one complained. */
export function openPages(): (options?: OpenOptions) => Promise<PageHarness> {
  let browser: Browser | undefined;
  let pages: PageHarness[] = [];

  before(async function () {
    const path = await findChromium(() => {});
    if (path === undefined) this.skip();
    browser = await launchChromium(path);
  });
  after(() => browser?.close());

  afterEach('no error, and nothing against the content security policy', async () => {
    const opened = pages;
    pages = [];
    for (const page of opened) {
      assert.deepEqual(page.errors, []);
      assert.deepEqual(await page.violations(), []);
      await page.close();
    }
  });

  return async (options = {}) => {
    assert.ok(browser);
    const { snapshot, ...others } = options;
    const page = await PageHarness.open(browser, others);
    pages.push(page);
    page.answers = { readTrialLog: () => ({ text: trialLog, truncated: false }) };
    if (snapshot) await page.show(snapshot);
    return page;
  };
}
