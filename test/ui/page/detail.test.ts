import assert from 'node:assert/strict';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: one trial', () => {
  const open = openPages();

  it('shows the best trial until another is picked', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 64, running: 2, failEvery: 9 }) });
    assert.match(await page.text('.detail h2'), /^Trial 57\s+succeeded\s+★ best so far/);
    const third = page.page.locator('.top [data-row]').nth(2);
    const id = (await page.attribute(third, 'data-row')) ?? '';
    await third.click();
    await page.page.locator(`.detail [data-trial="${id}"]`).waitFor();
    assert.equal(await page.attribute(page.page.locator('.top tr.selected'), 'data-row'), id);
    assert.deepEqual(await page.asked('selectTrial'), { trialId: id });
    await page.page.getByRole('button', { name: 'Select no trial' }).click();
    await page.page.locator('.detail [data-trial="t001l"]').waitFor();
    assert.deepEqual(await page.asked('selectTrial', 2), { trialId: null });
  });

  it('shows its results, then its parameters, nested ones too', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 30, nested: true, dict: true }) });
    const names = await page.page.locator('.detail .values dt').allInnerTexts();
    assert.deepEqual(names.slice(0, 5), ['final', 'final loss', 'final f1', 'learning_rate', 'layer0']);
    assert.match(await page.text('.detail .values dd'), /^0\.\d+$/);
  });

  it('shows the used parameters beside those NNI recorded, when they differ', async () => {
    const snapshot = makeStudy({ trials: 3 });
    const trials = snapshot.trials.map((row) =>
      row.id === snapshot.summary.best?.trialId
        ? { ...row, recordedParameters: { ...row.parameters, learning_rate: 0.123 } }
        : row,
    );
    const page = await open({ snapshot: { ...snapshot, trials } });
    const table = page.page.getByRole('region', { name: 'Parameters that NNI mixed up' });
    await table.getByText(/NNI hands parameters to whichever trial asks first/).waitFor();
    assert.deepEqual(await table.locator('tbody th').allInnerTexts(), ['learning_rate']);
    assert.match(await page.text(table.locator('tbody')), /learning_rate\s+\S+\s+0\.123/);
    await page.page.locator('.top [data-row]', { has: page.page.locator('.mix-up-mark') }).waitFor();
    await page.tab(/Trials/);
    await page.page.getByRole('grid').getByText('mixed up').waitFor();
  });

  it('shows its curve, also of a running trial', async () => {
    const snapshot = makeStudy({ trials: 5, running: 1 });
    const page = await open({ snapshot });
    const running = snapshot.trials.at(-1);
    assert.ok(running);
    await page.send('select', { trialId: running.id });
    await page.page.locator(`.detail [data-trial="${running.id}"]`).waitFor();
    assert.equal(await page.attribute(page.plot('trial-curve'), 'data-points'), String(running.intermediates));
    assert.match(await page.text('.detail .sentence'), /^started \d+:\d\d [AP]M · for .* · \d+ steps/);
    await page.change({
      revision: 2,
      metrics: [{ trialId: running.id, type: 'PERIODICAL', sequence: 99, timestamp: 0, data: '0.93' }],
    });
    assert.equal(await page.attribute(page.plot('trial-curve'), 'data-points'), String(running.intermediates + 1));
  });

  it('shows the running trial while there is no best', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 1, running: 1 }) });
    assert.match(await page.text('.detail h2'), /^Trial 0\s+running$/);
  });

  it('reads the log from the host, another file on request, and opens it in the editor', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 4 }) });
    const log = page.page.locator('#log-panel');
    await log.getByText('epoch 10  loss 0.2987').waitFor();
    const { trialId, ...asked } = await page.asked('readTrialLog');
    assert.deepEqual(asked, { name: 'trial.log', maxBytes: 64_000 });
    page.answers.readTrialLog = () => ({ text: 'warning: slow', truncated: true });
    await page.page.getByRole('tab', { name: 'stderr' }).click();
    await log.getByText('warning: slow').waitFor();
    assert.match(await page.text(log), /^… only the end is shown/);
    await page.page.getByRole('button', { name: 'Open in Editor' }).click();
    assert.deepEqual(await page.asked('openLog'), { trialId, name: 'stderr' });
    page.answers.readTrialLog = () => ({ text: '', truncated: false });
    await page.page.getByRole('tab', { name: 'stdout' }).click();
    await log.getByText('Nothing was written here.').waitFor();
  });

  it('shows why a trial failed, and the end of its log', async () => {
    const snapshot = makeStudy({ trials: 20, failEvery: 5 });
    const page = await open({ snapshot });
    const failed = snapshot.trials.find(({ status }) => status === 'FAILED');
    await page.send('select', { trialId: failed?.id ?? '' });
    await page.page
      .locator('.detail .message')
      .getByText(/exit code 1/)
      .waitFor();
    assert.equal((await page.asked('readTrialLog', 2)).name, 'stderr');
  });

  it('reports a log that cannot be read', async () => {
    const page = await open({});
    page.answers.readTrialLog = () => Promise.reject(new Error('There is no such file.'));
    await page.show(makeStudy({ trials: 2 }));
    await page.page.getByText('The log could not be read: There is no such file.').waitFor();
  });

  it('follows the log of a running trial, and keeps the scroll position', async () => {
    const snapshot = makeStudy({ trials: 1, running: 1 });
    const page = await open({});
    let lines = 40;
    page.answers.readTrialLog = () => ({
      text: Array.from({ length: lines }, (_, i) => `line ${i}\n`).join(''),
      truncated: false,
    });
    await page.show(snapshot);
    const log = page.page.locator('#log-panel');
    await log.getByText('line 39').waitFor();
    const fromEnd = () => log.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop);
    assert.ok((await fromEnd()) < 2);
    lines = 60;
    await log.getByText('line 59').waitFor();
    assert.ok((await fromEnd()) < 2);
    await log.evaluate((box) => box.scrollTo(0, 30));
    lines = 80;
    await log.getByText('line 79').waitFor();
    assert.equal(await log.evaluate((box) => box.scrollTop), 30);
  });
});
