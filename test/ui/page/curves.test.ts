import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: learning curves', () => {
  const open = openPages();

  it('draws the top trials and the running ones', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64, running: 2 }) });
    const plot = page.plot('curves');
    assert.equal(await page.attribute(plot, 'data-trial-count'), '10');
    assert.match((await page.attribute(plot, 'aria-label')) ?? '', /Learning curves of 10 trials; 2 of them running/);
  });

  it('gains a point when a running trial reports, and a curve when one starts', async () => {
    const snapshot = makeStudy({ trials: 20, running: 1 });
    const page = await open({ snapshot });
    const points = async () => Number(await page.attribute(page.plot('curves'), 'data-points'));
    const before = await points();
    const live = snapshot.trials.at(-1);
    assert.ok(live?.latest);
    const metric = { trialId: live.id, type: 'PERIODICAL', timestamp: 0, data: '0.91' } as const;
    await page.change({ revision: 2, metrics: [{ ...metric, sequence: live.latest.sequence + 1 }] });
    assert.equal(await points(), before + 1);
    const { latest: _latest, ...rest } = live;
    await page.change({
      revision: 3,
      trials: [{ ...rest, id: 'new', number: 20, intermediates: 0 }],
      metrics: [{ ...metric, trialId: 'new', sequence: 0 }],
    });
    assert.equal(await points(), before + 2);
    assert.equal(await page.attribute(page.plot('curves'), 'data-trial-count'), '10');
  });

  it('names each line in its tab, and selects the trial on a click', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64, running: 2 }) });
    await page.tab(/Curves/);
    const list = page.page.getByRole('list', { name: 'Trials in the plot' });
    const names = list.locator('button');
    assert.equal(await names.count(), 10);
    assert.match(await page.text(names.nth(1)), /^\d+\s+0\.\d{4}$/);
    await names.nth(1).click();
    assert.equal(await page.attribute(names.nth(1), 'aria-pressed'), 'true');
    await page.asked('selectTrial');
  });

  it('shows the chosen number of trials, and remembers it', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64 }) });
    await page.tab(/Curves/);
    const which = page.page.locator('.curves vscode-dropdown').first();
    await which.click();
    await which.locator('vscode-option', { hasText: 'top 32' }).click();
    await page.page.locator('[data-plot="curves-large"][data-trial-count="32"]').waitFor();
    assert.deepEqual((await page.keptState()).curves, { count: 32, logScale: false, mode: 'top' });
  });

  it('draws one entry of dict results, chosen by its key', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 20, dict: true }) });
    await page.tab(/Curves/);
    const key = page.page.locator('.curves vscode-dropdown[aria-label="Metric"]');
    await key.click();
    assert.deepEqual(await key.locator('vscode-option').allInnerTexts(), ['default metric', 'f1', 'loss']);
    await key.locator('vscode-option', { hasText: 'f1' }).click();
    await page.page.locator('.curves .sentence', { hasText: 'Intermediate f1 by step' }).waitFor();
    assert.match((await page.attribute(page.plot('curves-large'), 'aria-label')) ?? '', /f1 ends between/);
  });

  it('hides the choice of key when there is only one', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 8 }) });
    assert.equal(await page.page.locator('vscode-dropdown[aria-label="Metric"]').count(), 0);
  });

  it('leaves out non-finite values, and counts them', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 8, running: 8, nanEvery: 4 }) });
    assert.match(await page.text(page.page.locator('.curves .note-line')), /not finite/);
  });

  it('shows the same data as a table', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 8, steps: 12 }) });
    await page.page.locator('.curves').getByRole('button', { name: 'Show as table' }).click();
    const grid = page.page.locator('[data-grid="curves-table"]');
    assert.equal(await page.attribute(grid, 'aria-rowcount'), '13');
    assert.match(await page.text(grid.getByRole('columnheader').nth(1)), /^trial \d+$/);
  });

  it('explains that text results have no curve', async () => {
    const snapshot = makeStudy({ trials: 3 });
    snapshot.metrics.data = snapshot.metrics.data.map(() => '"good"');
    for (const row of snapshot.trials) {
      if (row.latest) row.latest.data = '"good"';
      if (row.final !== undefined) row.final = '"good"';
    }
    delete snapshot.summary.best;
    const page = await open({ snapshot });
    assert.match(await page.text(page.page.locator('.curves .empty')), /no numbers/);
  });
});
