import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: header and numbers', () => {
  const open = openPages();
  const running = () => makeStudy({ trials: 64, running: 2, failEvery: 9 });

  it('shows the name, the state and the engine of the experiment', async () => {
    const page = await open({ snapshot: running() });
    const header = page.page.locator('.header');
    assert.equal(await page.text(header.locator('h1')), 'spirals');
    assert.equal((await page.text(header.locator('.chip'))).trim(), 'Running');
    assert.match(await page.text(header.locator('.facts')), /^TPE · Medianstop · local · since \d+:\d\d/);
    assert.equal(await page.text(header.locator('.id')), 'q7hk2m0x');
  });

  it('shows best, trials, time and concurrency with their bars', async () => {
    const page = await open({ snapshot: running() });
    const figure = (title: RegExp) =>
      page.page.locator('.figure', { has: page.page.locator('dt', { hasText: title }) });
    assert.match(await page.text(figure(/best/i)), /0\.9731\s+by trial 57/);
    assert.match(await page.text(figure(/trials/i)), /62\s+of 100 · 2 running · \d+ stopped early · 7 failed/);
    assert.match(await page.text(figure(/time/i)), /\d+m \d\ds\s+of 10m · about \d+m( \d+s)? left/);
    assert.match(await page.text(figure(/concurrency/i)), /2\s+2 busy · change/);
    const bar = figure(/trials/i).locator('.bar');
    assert.match((await page.attribute(bar, 'aria-label')) ?? '', /62 of 100/);
    assert.equal(await bar.locator('.fill-failed').count(), 1);
    assert.equal(await page.page.getByRole('progressbar', { name: 'Time' }).count(), 1);
  });

  it('shows every icon', async () => {
    const page = await open({ snapshot: running() });
    const unseen = await page.page.evaluate<string[]>(`document.fonts.ready.then(() =>
      [...document.querySelectorAll('.codicon')].flatMap((icon) => {
        const { content, fontFamily } = getComputedStyle(icon, '::before');
        const shown = content.length > 2 && fontFamily.includes('codicon') && icon.getBoundingClientRect().width > 8;
        return shown ? [] : [icon.className];
      }))`);
    assert.deepEqual(unseen, []);
    assert.equal(await page.page.evaluate("document.fonts.check('16px codicon')"), true);
  });

  it('sends the action of each button to the host', async () => {
    const page = await open({ snapshot: running() });
    const button = (name: string) => page.page.getByRole('button', { name, exact: true }).first();
    await button('Stop').click();
    assert.deepEqual(await page.asked('act'), { action: 'stopExperiment' });
    await button('Export Results…').click();
    assert.deepEqual(await page.asked('act', 2), { action: 'exportResults' });
    await button('Open Config File').click();
    assert.deepEqual(await page.asked('act', 3), { action: 'openConfig' });
    await button('Change the concurrency').click();
    assert.deepEqual(await page.asked('act', 4), { action: 'updateConcurrency' });
    await button('Select trial 57').click();
    assert.deepEqual(await page.asked('selectTrial'), { trialId: 't001l' });
  });

  it('offers the other actions in a menu with keyboard support', async () => {
    const page = await open({ snapshot: running() });
    const more = page.page.getByRole('button', { name: 'More Actions…' });
    await more.focus();
    await page.page.keyboard.press('Enter');
    const menu = page.page.getByRole('menu');
    await menu.waitFor();
    const focused = () => page.page.evaluate<string>('document.activeElement.textContent');
    assert.equal(await focused(), 'Add Trial…');
    for (let steps = 0; steps < 4; steps++) await page.page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'Change Maximum Trial Number…');
    await page.page.keyboard.press('Enter');
    assert.deepEqual(await page.asked('act'), { action: 'updateTrialNumber' });
    await menu.waitFor({ state: 'detached' });
    await page.page.keyboard.press('Enter');
    await menu.waitFor();
    await page.page.keyboard.press('End');
    await page.page.keyboard.press('Enter');
    assert.deepEqual(await page.asked('copyText'), { text: 'q7hk2m0x' });
    await menu.waitFor({ state: 'detached' });
    await page.page.keyboard.press('Enter');
    await menu.waitFor();
    await page.page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    assert.equal(await page.page.evaluate('document.activeElement.getAttribute("aria-label")'), 'More Actions…');
  });

  it("offers the web portal and the tuner's log of a real NNI", async () => {
    const page = await open({ snapshot: makeStudy({ trials: 9, failEvery: 4, summary: { engine: 'nni' } }) });
    await page.send('connection', { state: 'connected', since: Date.now(), nni: '3.0.0', address: 'http://gpu:8080' });
    await page.page.getByText(/run by NNI 3\.0\.0 · gpu:8080/).waitFor();
    let count = 0;
    for (const [label, action] of [
      ['Open NNI Web Portal', 'openWebPortal'],
      ['Open Tuner Log', 'openDispatcherLog'],
      ['Retry Failed Trials…', 'retryFailedTrials'],
    ] as const) {
      await page.page.getByRole('button', { name: 'More Actions…' }).click();
      await page.page.getByRole('menuitem', { name: label }).click();
      assert.deepEqual(await page.asked('act', ++count), { action });
    }
    await page.page.getByRole('button', { name: 'More Actions…' }).click();
    assert.equal(await page.page.getByRole('menuitem', { name: 'Delete Experiment…' }).count(), 0, 'it runs');
  });

  it('offers to resume a stopped experiment', async () => {
    const summary = { status: 'STOPPED', live: false } as const;
    const page = await open({ snapshot: makeStudy({ trials: 8, summary }) });
    await page.page.getByRole('button', { name: 'Resume' }).click();
    assert.deepEqual(await page.asked('act'), { action: 'resumeExperiment' });
    assert.equal(await page.page.getByRole('button', { name: 'Stop', exact: true }).count(), 0);
  });

  for (const width of [1220, 700, 400]) {
    it(`fits ${width} pixels, also with long names`, async () => {
      const name = 'a-very-long-name-that-someone-made-up-at-three-in-the-morning-resnet50-imagenet-augmented-again';
      const snapshot = makeStudy({ trials: 20, running: 1, nested: true, dict: true, summary: { name } });
      const page = await open({ snapshot, width, height: 800 });
      for (const tab of [/Overview/, /Trials/, /Curves/, /config/]) {
        await page.tab(tab);
        const wide = await page.page.evaluate<number[]>(
          "(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('.app'))",
        );
        assert.equal(wide[0], wide[1], `${tab} at ${width}`);
      }
    });
  }
});
