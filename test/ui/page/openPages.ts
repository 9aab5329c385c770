/** One browser for the tests of a file, a page for each test, and what must hold in all of them. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { findChromium, launchChromium } from '../../harness/chromium.ts';
import { type OpenOptions, PageHarness } from './pageHarness.ts';

/** What each trial's log holds. */
export const trialLog = `[2026-11-22 12:44:01] spirals: 200 points, 32 hidden units, relu
epoch  1  loss 0.6931  accuracy 0.5120
epoch  2  loss 0.6120  accuracy 0.6480
epoch  3  loss 0.5532  accuracy 0.7015
epoch  4  loss 0.4987  accuracy 0.7502
epoch  5  loss 0.4410  accuracy 0.8011
epoch  6  loss 0.3920  accuracy 0.8240
epoch  7  loss 0.3544  accuracy 0.8466
epoch  8  loss 0.3301  accuracy 0.8610
epoch  9  loss 0.3105  accuracy 0.8733
epoch 10  loss 0.2987  accuracy 0.8801
`;

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
