import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: texts from elsewhere', () => {
  const open = openPages();
  const bad = '<img src=x onerror="window.taken=1"><script>window.taken=1</script>';

  it('appear as plain text everywhere', async () => {
    const snapshot = makeStudy({ trials: 12, running: 1, failEvery: 4, dict: true });
    for (const row of snapshot.trials) {
      row.parameters = { ...row.parameters, [bad]: bad, nested: { _name: bad, [bad]: 1 } };
      row.message = bad;
      if (row.final !== undefined) row.final = JSON.stringify({ default: 0.5, [bad]: 1 });
    }
    snapshot.summary = {
      ...snapshot.summary,
      name: bad,
      tuner: bad,
      errors: [bad],
      configFile: bad,
      sdk: { kind: 'installed', version: bad, python: bad },
    };
    snapshot.config = { ...snapshot.config, experimentName: bad, [bad]: { [bad]: bad } };
    snapshot.config.searchSpace = { [bad]: { _type: 'choice', _value: [bad, 1] } };
    const page = await open();
    page.answers.readTrialLog = () => ({ text: bad, truncated: false });
    await page.show(snapshot, { whyNotRun: bad, canRun: false });
    assert.equal(await page.text('.header h1'), bad);
    assert.match(await page.text('.strip'), /<img src=x/);
    await page.page.locator('#log-panel').getByText(bad).waitFor();
    assert.ok((await page.page.locator('.detail .values dt').allInnerTexts()).includes(bad));
    for (const tab of [/Trials/, /Curves/, /config/]) {
      await page.tab(tab);
      await page.page.getByText(bad).first().waitFor();
    }
    assert.equal(await page.page.locator('img, #root script, iframe').count(), 0);
    assert.equal(await page.page.evaluate('typeof window.taken'), 'undefined');
  });

  it('are harmless when they equal names of object properties', async () => {
    const snapshot = makeStudy({ trials: 6 });
    const [first] = snapshot.trials;
    assert.ok(first);
    first.status = 'SUCCEEDED';
    first.final = '{"default": 0.5, "constructor": 1.25, "toString": 2.5}';
    first.parameters = JSON.parse('{"__proto__": 1, "constructor": 2, "hasOwnProperty": 3}');
    const page = await open({ snapshot });
    await page.tab(/Trials/);
    const grid = page.page.locator('[data-grid="trials"]');
    const titles = await grid.getByRole('columnheader').allInnerTexts();
    for (const title of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) assert.ok(titles.includes(title));
    assert.match(await page.text(grid.locator(`[data-row="${first.id}"]`)), /0\.5000\s+1\.250\s+2\.500/);
    assert.doesNotMatch(await page.text(grid), /function|NaN/);
  });

  it('stay within their boxes at any length', async () => {
    const snapshot = makeStudy({ trials: 8, failEvery: 3 });
    for (const row of snapshot.trials) {
      row.parameters = { path: `/data/${'very/long/'.repeat(40)}train.csv`, [`${'long_name_'.repeat(12)}x`]: 0.1234 };
      row.message = 'word '.repeat(200);
    }
    const page = await open({ snapshot, width: 700, height: 700 });
    for (const tab of [/Overview/, /Trials/, /config/]) {
      await page.tab(tab);
      const [all, room] = await page.page.evaluate<[number, number]>(
        "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('.app'))",
      );
      assert.equal(all, room, String(tab));
    }
  });
});
