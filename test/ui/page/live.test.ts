import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';
import { type PageHarness, themeNames } from './pageHarness.ts';

describe('page: live changes', () => {
  const open = openPages();
  const grid = (page: PageHarness) => page.page.locator('[data-grid="trials"]');

  it('adds a result to plot, key figures and table without moving the view', async () => {
    const snapshot = makeStudy({ trials: 300, running: 1, steps: 3 });
    const page = await open({ snapshot });
    const points = Number(await page.attribute(page.plot('history'), 'data-points'));
    await page.tab(/Trials/);
    await grid(page).evaluate((element) => element.scrollTo(0, 2000));
    const row = grid(page).locator('[data-row]').nth(12);
    await row.click();
    const selected = await page.attribute(row, 'data-row');
    const scrolled = await grid(page).evaluate((element) => element.scrollTop);
    const live = snapshot.trials.at(-1);
    assert.ok(live);
    await page.change({
      revision: 2,
      metrics: [{ trialId: live.id, type: 'PERIODICAL', sequence: 50, timestamp: 0, data: '0.7777' }],
    });
    await page.change({
      revision: 3,
      trials: [
        { ...live, status: 'SUCCEEDED', final: '0.9999' },
        { ...live, id: 'new', number: 300, intermediates: 0, latest: { sequence: 0, data: '0.5' } },
      ],
      summary: { ...snapshot.summary, best: { trialId: live.id, trialNumber: 299, value: 0.9999, time: Date.now() } },
    });
    assert.equal(await page.attribute(grid(page), 'aria-rowcount'), '302');
    assert.equal(await page.attribute(grid(page).locator('.selected'), 'data-row'), selected);
    assert.equal(await grid(page).evaluate((element) => element.scrollTop), scrolled);
    assert.match(await page.text('.figure'), /0\.9999\s+by trial 299/);
    await grid(page).evaluate((element) => element.scrollTo(0, 0));
    await grid(page).locator('[data-row="new"]').waitFor();
    assert.match(await page.text(grid(page).locator(`[data-row="${live.id}"]`)), /succeeded\s+0\.9999/);
    await page.tab(/Overview/);
    assert.equal(Number(await page.attribute(page.plot('history'), 'data-points')), points + 1);
    assert.equal(await page.attribute(page.page.locator('.top [data-row]').first(), 'data-row'), live.id);
  });

  it('keeps the row in place when the rows before it change their order', async () => {
    const snapshot = makeStudy({ trials: 60, running: 1 });
    const page = await open({ snapshot });
    await page.tab(/Trials/);
    await grid(page).getByRole('columnheader', { name: 'metric', exact: true }).click();
    const live = snapshot.trials.at(-1);
    assert.ok(live);
    await page.change({ revision: 2, trials: [{ ...live, status: 'SUCCEEDED', final: '0.0001' }] });
    assert.equal(await page.attribute(grid(page).locator('[data-row]').first(), 'data-row'), live.id);
  });

  it('asks for a snapshot when a change is missing, and ignores a known change', async () => {
    const snapshot = makeStudy({ trials: 5, running: 1 });
    const page = await open({ snapshot });
    await page.send('change', { change: { revision: 1 } });
    await page.send('change', { change: { revision: 5 } });
    await page.saidReady(2);
    await page.show({ ...snapshot, revision: 7 });
    assert.equal(await page.attribute(page.page.locator('.app'), 'data-revision'), '7');
    assert.equal(page.readies, 2);
  });

  it('follows a pick made elsewhere, and scrolls to it', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 500, steps: 1 }) });
    await page.tab(/Trials/);
    await page.send('select', { trialId: 't0003' });
    await grid(page).locator('[data-row="t0003"].selected').waitFor();
    await page.page.locator('.detail [data-trial="t0003"]').waitFor();
    assert.deepEqual(page.requested('selectTrial'), []);
  });

  it('shows the trial picked while the page was loading, not the restored one', async () => {
    const snapshot = makeStudy({ trials: 30 });
    const before = await open({ snapshot });
    await before.page.getByRole('row').nth(2).click();
    const state = await before.keptState();
    assert.ok(state.selectedTrial !== null && state.selectedTrial !== 't0005');
    const page = await open({ state });
    await page.show(snapshot, { selectedTrial: 't0005' });
    await page.page.locator('.detail [data-trial="t0005"]').waitFor();
    assert.equal((await page.keptState()).selectedTrial, 't0005');
    assert.deepEqual(page.requested('selectTrial'), []);
  });

  it('sends the first pick at once, and only the last of quick picks', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 30 }) });
    await page.tab(/Trials/);
    // All in one turn of the page, as keys that repeat come on a busy machine.
    await page.page.evaluate(`
      document.querySelector('[data-row="t000r"]').click();
      for (let count = 0; count < 5; count++)
        document.querySelector('[data-grid="trials"]').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown' }));
    `);
    assert.deepEqual(await page.asked('selectTrial', 2), { trialId: 't000m' });
    assert.deepEqual(page.requested('selectTrial')[0], { trialId: 't000r' });
  });

  it('keeps an unsent pick when a snapshot arrives', async () => {
    const snapshot = makeStudy({ trials: 30 });
    const page = await open({ snapshot });
    await page.tab(/Trials/);
    // The second pick waits for the end of the interval; the snapshot, sent in the same turn, knows only the first.
    await page.page.evaluate(`(() => {
      const snapshot = JSON.parse(${JSON.stringify(JSON.stringify({ ...snapshot, revision: 2 }))});
      document.querySelector('[data-row="t000r"]').click();
      document.querySelector('[data-row="t000p"]').click();
      const connection = { state: 'connected', since: 0 };
      const data = { connectionId: 'local', snapshot, selectedTrial: 't000r', connection, strings: {}, canRun: true };
      window.dispatchEvent(new MessageEvent('message', { data: { type: 'event', event: 'snapshot', data } }));
    })()`);
    await page.drawn(2);
    assert.equal(await page.attribute(grid(page).locator('.selected'), 'data-row'), 't000p');
    assert.deepEqual(await page.asked('selectTrial', 2), { trialId: 't000p' });
  });

  it('keeps its view over a reload, but no data', async () => {
    const snapshot = makeStudy({ trials: 30, dict: true });
    const page = await open({ snapshot });
    await page.tab(/Trials/);
    await grid(page).getByRole('columnheader', { name: 'loss', exact: true }).click();
    await grid(page).locator('[data-row]').nth(3).click();
    const state = await page.keptState();
    assert.equal(state.tab, 'trials');
    assert.deepEqual(state.sort, { column: 'metric:loss', descending: false });
    assert.equal(state.version, 1);
    assert.equal(state.connectionId, 'local');
    assert.equal(state.experimentId, 'q7hk2m0x');
    assert.ok(JSON.stringify(state).length < 500);
    const again = await open({ snapshot, state });
    assert.equal(await page.attribute(again.page.getByRole('tab', { name: /Trials/ }), 'aria-selected'), 'true');
    const loss = grid(again).getByRole('columnheader', { name: 'loss', exact: true });
    assert.equal(await page.attribute(loss, 'aria-sort'), 'ascending');
    assert.equal(await page.attribute(grid(again).locator('.selected'), 'data-row'), state.selectedTrial);
  });

  it('starts afresh from a state of another version', async () => {
    const state = JSON.parse('{"version": 0, "tab": "config"}');
    const page = await open({ snapshot: makeStudy({ trials: 3 }), state });
    assert.equal(await page.attribute(page.page.getByRole('tab', { name: 'Overview' }), 'aria-selected'), 'true');
  });

  it('announces ended trials to a screen reader', async () => {
    const snapshot = makeStudy({ trials: 4, running: 1 });
    const page = await open({ snapshot });
    const live = snapshot.trials.at(-1);
    assert.ok(live);
    await page.change({ revision: 2, trials: [{ ...live, status: 'SUCCEEDED', final: '0.4242' }] });
    await page.page
      .locator('[aria-live="polite"]')
      .getByText('Trial 3 succeeded, metric 0.4242')
      .waitFor({ state: 'attached' });
  });

  it('moves between tabs with keys: the tabs are a tablist', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 3 }) });
    const tabs = page.page.getByRole('tablist', { name: 'Views' }).getByRole('tab');
    await tabs.first().focus();
    await page.page.keyboard.press('ArrowRight');
    assert.equal(await page.attribute(tabs.nth(1), 'aria-selected'), 'true');
    assert.equal(await page.page.evaluate('document.activeElement.id'), 'main-tab-trials');
    assert.equal(await page.style(tabs.nth(1), 'outline-style'), 'solid');
    assert.equal(await page.attribute(page.page.getByRole('tabpanel').first(), 'aria-labelledby'), 'main-tab-trials');
    await page.page.keyboard.press('End');
    assert.equal(await page.attribute(tabs.nth(3), 'aria-selected'), 'true');
    await page.page.keyboard.press('ArrowRight');
    assert.equal(await page.attribute(tabs.first(), 'aria-selected'), 'true');
    assert.deepEqual(await tabs.evaluateAll((all) => all.map((tab) => tab.getAttribute('tabindex'))), [
      '0',
      '-1',
      '-1',
      '-1',
    ]);
  });

  it('applies another theme at once, also in plots', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64, running: 2 }) });
    const seen = new Set<string>();
    for (const theme of themeNames) {
      await page.setTheme(theme);
      // Two frames: one in which the theme is read, one in which it is painted.
      const colours = await page.page.evaluate<string>(`new Promise((resolve) => {
        const paint = () => {
          const canvas = document.querySelector('[data-plot="history"] canvas');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          const counts = new Map();
          for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] < 255) continue;
            const colour = [data[at], data[at + 1], data[at + 2]].join();
            counts.set(colour, (counts.get(colour) ?? 0) + 1);
          }
          const [[most]] = [...counts].sort((a, b) => b[1] - a[1]);
          resolve(most + ' on ' + getComputedStyle(document.body).backgroundColor);
        };
        requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(paint)));
      })`);
      seen.add(colours);
    }
    assert.equal(seen.size, themeNames.length);
  });
});
