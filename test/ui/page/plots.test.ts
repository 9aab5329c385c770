import assert from 'node:assert/strict';
import type { ExperimentSnapshot } from '../../../src/model/experiment/experiment.ts';
import { decodeMetric } from '../../../src/model/trial/metric.ts';
import { studies } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

/** Trials whose result is a finite number. */
function finiteResults({ trials }: ExperimentSnapshot): number {
  const values = trials.map(({ final, latest }) => decodeMetric(final ?? latest?.data ?? '').entries.default);
  return values.filter((value) => Number.isFinite(value)).length;
}

describe('page: every plot of every study', () => {
  const open = openPages();

  for (const [name, make] of Object.entries(studies)) {
    it(`shows a drawing, a summary and a table, or the reason why not: ${name}`, async () => {
      const snapshot = make();
      const page = await open({ snapshot });
      const results = finiteResults(snapshot);
      const curves = new Set(snapshot.metrics.trial).size;
      for (const [plot, isDrawn] of [
        ['history', results > 0],
        ['curves', curves > 0],
      ] as const) {
        const card = page.page.locator(`.card.${plot}`);
        if (!isDrawn) {
          assert.notEqual(await page.text(card.locator('.empty p')), '');
          assert.equal(await card.locator('.plot').count(), 0);
          continue;
        }
        const picture = page.plot(plot);
        assert.match((await page.attribute(picture, 'aria-label')) ?? '', /of (1 trial|\d+ trials);/);
        const points = Number(await page.attribute(picture, 'data-points'));
        const failed = snapshot.trials.filter(({ final, latest }) => final === undefined && latest === undefined);
        if (plot === 'history') assert.equal(points, results + failed.length);
        else assert.ok(points > 0);
        await card.getByRole('button', { name: 'Show as table' }).click();
        const rows = Number(await page.attribute(card.getByRole('grid'), 'aria-rowcount')) - 1;
        if (plot === 'history') assert.equal(rows, snapshot.trials.length);
        else assert.ok(rows > 0);
      }
    });
  }
});
