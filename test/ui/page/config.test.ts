import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: search space and config', () => {
  const open = openPages();

  it('shows the search space, with nested choices below their branch', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 2, nested: true }) });
    await page.tab(/config/);
    const cells = await page.page.locator('.space-table tbody').locator('th, td').allInnerTexts();
    assert.deepEqual(
      cells,
      [
        ['learning_rate', 'loguniform', '1.0e-4 to 0.1, logarithmic'],
        ['layer0', 'choice', 'Empty, Conv, Max_pool'],
        ['Conv', '', ''],
        ['kernel_size', 'choice', '1, 2, 3, 5'],
        ['activation', 'choice', 'relu, tanh'],
        ['Max_pool', '', ''],
        ['pooling_size', 'quniform', '2 to 10 in steps of 2'],
        ['optimizer', 'choice', 'sgd, adam'],
        ['weight_decay', 'normal', 'mean 0, deviation 0.01'],
      ].flat(),
    );
  });

  it('shows the effective config, and opens the file', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 2 }) });
    await page.tab(/config/);
    const text = await page.text(page.page.locator('.config-text'));
    assert.match(text, /trialCommand: python3 trial\.py/);
    assert.match(text, /tuner:\s+name: TPE\s+classArgs:\s+optimize_mode: maximize/);
    assert.doesNotMatch(text, /searchSpace/);
    await page.page.locator('.config').getByRole('button', { name: 'Open Config File' }).click();
    assert.deepEqual(await page.asked('act'), { action: 'openConfig' });
  });

  it('follows a changed search space', async () => {
    const snapshot = makeStudy({ trials: 2 });
    const page = await open({ snapshot });
    await page.tab(/config/);
    const searchSpace = { dropout: { _type: 'uniform' as const, _value: [0, 0.5] as [number, number] } };
    await page.change({ revision: 2, config: { ...snapshot.config, searchSpace } });
    assert.equal(await page.page.locator('.space-table tbody tr').count(), 1);
    assert.match(await page.text(page.page.locator('.space-table tbody')), /dropout\s+uniform\s+0 to 0\.5/);
  });

  it('reports a missing search space, and one that is not valid', async () => {
    const snapshot = makeStudy({ trials: 0 });
    snapshot.config.searchSpace = {};
    const page = await open({ snapshot });
    await page.tab(/config/);
    await page.page.getByText('This experiment has no search space.').waitFor();
  });
});
