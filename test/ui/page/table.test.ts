import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';
import type { PageHarness } from './pageHarness.ts';

describe('page: trial table', () => {
  const open = openPages();

  async function openTable(options: Parameters<typeof makeStudy>[0]): Promise<PageHarness> {
    const page = await open({ snapshot: makeStudy(options) });
    await page.tab(/Trials/);
    await grid(page).waitFor();
    return page;
  }

  const grid = (page: PageHarness) => page.page.locator('[data-grid="trials"]');
  const header = (page: PageHarness, name: string) => grid(page).getByRole('columnheader', { name, exact: true });

  /** The numbers of the trials in sight, from the top. */
  async function order(page: PageHarness): Promise<number[]> {
    await page.frame();
    const cells = await grid(page).locator('[data-row] .first').allInnerTexts();
    return cells.map(Number);
  }

  async function column(page: PageHarness, title: string): Promise<string[]> {
    await page.frame();
    const index = (await grid(page).getByRole('columnheader').allInnerTexts()).indexOf(title);
    return grid(page)
      .locator(`[data-row] [aria-colindex="${index + 1}"]`)
      .allInnerTexts();
  }

  it('has a column for each parameter and metric, with the roles that assistive technology needs', async () => {
    const page = await openTable({ trials: 64, running: 2, dict: true, failEvery: 9 });
    const titles = ['#', 'status', 'metric', 'f1', 'loss', 'learning_rate', 'momentum', 'hidden_units', 'activation'];
    const shown = await grid(page).getByRole('columnheader').allInnerTexts();
    assert.deepEqual(shown, [...titles, 'batch_size', 'steps', 'time', 'started', 'message']);
    assert.equal(await page.attribute(grid(page), 'aria-rowcount'), '65');
    assert.equal(await page.attribute(grid(page), 'aria-colcount'), String(shown.length));
    assert.equal(await page.attribute(grid(page).locator('[data-row]').first(), 'aria-rowindex'), '2');
    assert.match(await page.text(grid(page).locator('[data-row]').first()), /63\s+running\s+0\.\d{4}/);
  });

  it('has columns for nested choices by their path, empty where a trial took another branch', async () => {
    const page = await openTable({ trials: 30, nested: true });
    const kernels = await column(page, 'layer0.kernel_size');
    assert.ok(kernels.includes(''));
    assert.ok(kernels.some((text) => /^\d$/.test(text)));
  });

  it('renders few of ten thousand rows, and reaches all of them', async () => {
    const page = await openTable({ trials: 10_000, steps: 1 });
    assert.equal(await page.attribute(grid(page), 'aria-rowcount'), '10001');
    assert.ok((await grid(page).locator('[data-row]').count()) < 60);
    await grid(page).evaluate((element) => element.scrollTo(0, 5000 * 26));
    await grid(page).locator('[aria-rowindex="5010"]').waitFor();
    assert.ok((await grid(page).locator('[data-row]').count()) < 60);
    await grid(page).focus();
    await page.page.keyboard.press('Control+End');
    await grid(page).locator('[aria-rowindex="10001"]').waitFor();
    assert.equal((await order(page)).at(-1), 0);
    assert.deepEqual(await page.asked('selectTrial'), { trialId: 't0000' });
  });

  it('sorts by the clicked column, and announces it', async () => {
    const page = await openTable({ trials: 40, nanEvery: 9 });
    assert.equal(await page.attribute(header(page, '#'), 'aria-sort'), 'descending');
    assert.deepEqual((await order(page)).slice(0, 3), [39, 38, 37]);
    await header(page, 'metric').click();
    assert.equal(await page.attribute(header(page, 'metric'), 'aria-sort'), 'ascending');
    assert.equal(await page.attribute(header(page, '#'), 'aria-sort'), 'none');
    const rising = (await column(page, 'metric')).map(Number);
    const finite = rising.filter(Number.isFinite);
    assert.deepEqual(
      finite,
      [...finite].sort((a, b) => a - b),
    );
    await header(page, 'metric').click();
    assert.equal(await page.attribute(header(page, 'metric'), 'aria-sort'), 'descending');
    const falling = (await column(page, 'metric')).map(Number).filter(Number.isFinite);
    assert.deepEqual(
      falling,
      [...falling].sort((a, b) => b - a),
    );
    assert.deepEqual((await page.keptState()).sort, { column: 'metric:default', descending: true });
  });

  it('sorts values that are not numbers last in both directions', async () => {
    const page = await openTable({ trials: 20, nanEvery: 5 });
    for (const direction of ['ascending', 'descending']) {
      await header(page, 'metric').click();
      assert.equal(await page.attribute(header(page, 'metric'), 'aria-sort'), direction);
      await grid(page).focus();
      await page.page.keyboard.press('Control+End');
      assert.equal((await column(page, 'metric')).at(-1), 'NaN');
    }
  });

  it('moves with keys: rows, columns, pages, ends, and the header', async () => {
    const page = await openTable({ trials: 200, steps: 2 });
    await grid(page).focus();
    const active = () => page.attribute(grid(page), 'aria-activedescendant');
    const press = (key: string) => page.page.keyboard.press(key);
    assert.equal(await active(), 'trials-0-0');
    await press('ArrowDown');
    await press('ArrowRight');
    assert.equal(await active(), 'trials-1-1');
    assert.deepEqual(await page.asked('selectTrial'), { trialId: makeStudy({ trials: 200 }).trials[198]?.id });
    await press('PageDown');
    const [, row] = (await active())?.split('-') ?? [];
    assert.ok(Number(row) > 8);
    await press('End');
    await press('Home');
    assert.equal(await active(), `trials-${row}-0`);
    const outline = await page.style(grid(page).locator('.cell.here'), 'outline-style');
    assert.equal(outline, 'solid');
    await press('Control+Home');
    await press('ArrowUp');
    assert.equal(await active(), 'trials--1-0');
    await press('Enter');
    assert.equal(await page.attribute(header(page, '#'), 'aria-sort'), 'ascending');
  });

  it('has a menu for each row, with kill, copy and log', async () => {
    const page = await openTable({ trials: 20, running: 2 });
    const menu = page.page.getByRole('menu');
    const item = (name: string) => menu.getByRole('menuitem', { name });
    await grid(page).focus();
    await page.page.keyboard.press('Shift+F10');
    await item('Kill Trial…').click();
    assert.deepEqual(await page.asked('actOnTrials'), { action: 'killTrial', trialIds: ['t000j'] });
    const ended = grid(page).locator('[data-row="t000d"]');
    await ended.hover();
    await ended.getByRole('button', { name: 'Actions' }).click();
    assert.equal(await page.attribute(item('Kill Trial…'), 'aria-disabled'), 'true');
    await item('Copy as New Trial…').click();
    assert.deepEqual(await page.asked('actOnTrials', 2), { action: 'copyTrial', trialIds: ['t000d'] });
    await ended.getByRole('button', { name: 'Actions' }).click();
    await item('Open Trial Log').click();
    assert.deepEqual(await page.asked('actOnTrials', 3), { action: 'openTrialLog', trialIds: ['t000d'] });
    await ended.getByRole('button', { name: 'Actions' }).click();
    await item('Copy Parameters').click();
    assert.deepEqual(await page.asked('actOnTrials', 4), { action: 'copyParameters', trialIds: ['t000d'] });
  });

  it("tells VS Code's own context menu which trial it is on", async () => {
    const page = await openTable({ trials: 3, running: 1 });
    const context = await page.attribute(grid(page).locator('[data-row]').first(), 'data-vscode-context');
    assert.deepEqual(JSON.parse(context ?? '{}'), {
      webviewSection: 'trial',
      connectionId: 'local',
      experimentId: 'q7hk2m0x',
      trialId: 't0002',
      trialCanBeRetried: false,
      trialHasStarted: true,
      trialCanBeCopied: true,
      trialCanBeKilled: true,
      preventDefaultContextMenuItems: true,
    });
  });

  it('filters by words and by state', async () => {
    const page = await openTable({ trials: 64, failEvery: 9 });
    const filter = page.page.getByRole('textbox', { name: 'Filter trials' });
    await filter.fill('activation=relu batch_size=64');
    const count = page.page.locator('.filters .count');
    await count.getByText(/^\d+ of 64 trials$/).waitFor();
    assert.ok((await column(page, 'activation')).every((text) => text === 'relu'));
    await filter.fill('nothing like that');
    await page.page.getByRole('button', { name: 'Show all' }).click();
    await count.getByText('64 trials', { exact: true }).waitFor();
    const states = page.page.locator('vscode-dropdown[aria-label="State"]');
    await states.click();
    await states.locator('vscode-option', { hasText: 'failed 7' }).click();
    await count.getByText('7 of 64 trials').waitFor();
    assert.ok((await column(page, 'status')).every((text) => text === 'failed'));
    assert.deepEqual((await page.keptState()).filter, { text: '', status: 'failed' });
  });

  it('shows a text result as text', async () => {
    const snapshot = makeStudy({ trials: 2 });
    const last = snapshot.trials.at(-1);
    assert.ok(last);
    last.status = 'SUCCEEDED';
    last.final = '"converged"';
    delete last.latest;
    const page = await open({ snapshot });
    await page.tab(/Trials/);
    assert.match(await page.text(grid(page).locator(`[data-row="${last.id}"]`)), /"converged"/);
  });
});
