import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';
import type { PageHarness } from './pageHarness.ts';

describe('page: history plot', () => {
  const open = openPages();

  /** Moves over the plot until a trial is under the pointer; resolves with the hover's text. */
  async function hoverTrial(page: PageHarness): Promise<string> {
    const box = await page.plot('history').boundingBox();
    assert.ok(box);
    for (let x = box.x + 40; x < box.x + box.width - 20; x += 10) {
      for (let y = box.y + 10; y < box.y + box.height - 40; y += 10) {
        await page.page.mouse.move(x, y);
        await page.frame();
        if ((await page.page.locator('.hover').count()) > 0) return page.text('.hover');
      }
    }
    assert.fail('No trial is found under the pointer.');
  }

  it('draws a point for each trial with a number, and describes the plot to a screen reader', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64, running: 2, failEvery: 9 }) });
    const plot = page.plot('history');
    assert.equal(await page.attribute(plot, 'data-points'), '64');
    const summary = (await page.attribute(plot, 'aria-label')) ?? '';
    assert.match(summary, /History of 6\d trials; metric between 0\.\d+ and 0\.9731; the best is 0\.9731 by trial 57/);
    assert.match(await page.text(page.page.locator('.history .legend')), /● succeeded.*▲ stopped early.*✕ failed/s);
    const painted = await page.page.evaluate<number>(`(() => {
      const canvas = document.querySelector('[data-plot="history"] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, index) => index % 4 === 3 && value > 0).length;
    })()`);
    assert.ok(painted > 1000);
  });

  it('names the trial under the pointer with its parameters, and selects it on a click', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 12 }) });
    const hover = await hoverTrial(page);
    assert.match(hover, /Trial \d+/);
    assert.match(hover, /learning_rate/);
    const number = /Trial (\d+)/.exec(hover)?.[1];
    await page.page.mouse.down();
    await page.page.mouse.up();
    const { trialId } = await page.asked('selectTrial');
    assert.ok(trialId);
    await page.page.locator(`.detail [data-trial="${trialId}"]`).waitFor();
    assert.match(await page.text(page.page.locator('.detail h2')), new RegExp(`^Trial ${number}\\b`));
  });

  it('counts the values that an axis cannot show', async () => {
    const snapshot = makeStudy({ trials: 40, nanEvery: 5 });
    const count = snapshot.trials.filter(({ final }) => final === 'NaN').length;
    assert.ok(count > 1);
    const page = await open({ snapshot });
    assert.match(
      await page.text(page.page.locator('.history .note-line')),
      new RegExp(`^${count} values are not finite`),
    );
  });

  it('offers a logarithmic axis when all values allow it, and a table', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 20 }) });
    const log = page.page.locator('.history vscode-button.toggle');
    await log.click();
    assert.equal(await page.attribute(log, 'aria-pressed'), 'true');
    assert.equal((await page.keptState()).history?.logScale, true);
    await page.page.locator('.history').getByRole('button', { name: 'Show as table' }).click();
    const grid = page.page.getByRole('grid', { name: 'History as a table' });
    assert.equal(await page.attribute(grid, 'aria-rowcount'), '21');
    assert.match(await page.text(grid.locator('[data-row]').first()), /0\s+\w+.*\s+0\.\d+/s);
    await page.page.locator('.history').getByRole('button', { name: 'Show as plot' }).click();
    await page.plot('history').waitFor();
  });

  it('does not offer a logarithmic axis when a value is below zero', async () => {
    const snapshot = makeStudy({ trials: 6 });
    const [first] = snapshot.trials;
    assert.ok(first);
    first.status = 'SUCCEEDED';
    first.final = '-1.5';
    const page = await open({ snapshot });
    const log = page.page.locator('.history vscode-button.toggle');
    assert.equal(await page.attribute(log, 'aria-disabled'), 'true');
    assert.match((await page.attribute(log, 'title')) ?? '', /above zero/);
  });

  it('shows another entry of dict results, without a best line for it', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 20, dict: true }) });
    assert.match(await page.text(page.page.locator('.history .sentence')), /best so far/);
    const choice = page.page.locator('.history vscode-dropdown');
    await choice.click();
    await choice.locator('vscode-option', { hasText: 'loss' }).click();
    await page.page.locator('.history .sentence', { hasText: 'Final loss of each trial.' }).waitFor();
    assert.match((await page.attribute(page.plot('history'), 'aria-label')) ?? '', /loss between/);
    assert.equal((await page.keptState()).metricKey, 'loss');
  });

  it('names the missing data when it cannot draw', async () => {
    const snapshot = makeStudy({ trials: 4, steps: 0 });
    for (const row of snapshot.trials) {
      row.status = 'SUCCEEDED';
      row.final = '"very good"';
      row.intermediates = 0;
    }
    delete snapshot.summary.best;
    snapshot.summary.counts = { SUCCEEDED: 4 };
    const page = await open({ snapshot });
    assert.match(await page.text(page.page.locator('.history .empty')), /reported as text/);
    assert.match(await page.text(page.page.locator('.figure').first()), /–\s+no result is a number yet/);
  });
});
