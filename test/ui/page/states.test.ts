import assert from 'node:assert/strict';
import { withActions } from '../../../src/model/experiment/computeActions.ts';
import { makeStudy } from '../../fixtures/studies.ts';
import { openPages } from './openPages.ts';

describe('page: states', () => {
  const open = openPages();

  it('names what it waits for when the wait takes long', async () => {
    const page = await open();
    await page.page.getByRole('heading', { name: 'Reading the experiment…' }).waitFor();
    assert.equal(page.readies, 1);
  });

  it('gives the reason when no data arrives, and retries', async () => {
    const page = await open();
    await page.send('connection', { state: 'lost', since: Date.now(), reason: 'No experiment manager is running.' });
    await page.page.getByRole('heading', { name: 'No answer yet' }).waitFor();
    await page.page.getByText('No experiment manager is running.').waitFor();
    await page.page.getByRole('button', { name: 'Try Again' }).click();
    await page.asked('retryConnection');
    await page.saidReady(2);
  });

  it('reports that the experiment is gone, and looks again', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 3 }) });
    await page.send('gone', { reason: 'Experiment q7hk2m0x is not there any more.' });
    await page.page.getByRole('alert').getByText('Experiment q7hk2m0x is not there any more.').waitFor();
    await page.page.getByRole('button', { name: 'Look Again' }).click();
    await page.saidReady(2);
    await page.show(makeStudy({ trials: 3 }));
    await page.page.getByRole('tablist', { name: 'Views' }).waitFor();
  });

  it('says in each empty place what will fill it', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 0 }) });
    assert.equal(await page.page.locator('.overview .empty').count(), 4);
    assert.match(await page.text('.figure'), /–\s+when the first trial has ended/);
    await page.tab(/Trials/);
    await page.page.getByText('Each trial gets a row here').waitFor();
    await page.tab(/Curves/);
    await page.page.getByText('A trial draws its curve here').waitFor();
  });

  it('keeps its data when the connection is lost, stops the clocks and disables requests', async () => {
    const snapshot = makeStudy({ trials: 20, running: 2, now: Date.now() - 60_000 });
    const page = await open({ snapshot });
    const since = snapshot.summary.durationAt + 5000;
    await page.send('connection', { state: 'lost', since, reason: 'connect ECONNREFUSED 10.0.0.7:8080' });
    const strip = page.page.locator('.strip');
    await strip.getByText('connect ECONNREFUSED 10.0.0.7:8080').waitFor();
    const time = await page.text(page.page.locator('.figure', { hasText: 'TIME' }).locator('.value'));
    assert.equal(time, '1m 05s');
    const stop = page.page.locator('vscode-button[aria-label^="Stop"]');
    assert.equal(await page.attribute(stop, 'aria-disabled'), 'true');
    await stop.dispatchEvent('click');
    assert.equal(
      await page.attribute(page.page.getByRole('button', { name: 'Change the concurrency' }), 'aria-disabled'),
      'true',
    );
    await strip.getByRole('button', { name: 'Retry' }).click();
    await page.asked('retryConnection');
    assert.deepEqual(page.requested('act'), []);
    await page.send('connection', { state: 'connected', since: Date.now() });
    await strip.waitFor({ state: 'detached' });
  });

  it('shows trials cut off by a stop as not ended, until the experiment goes on', async () => {
    const { summary, ...others } = makeStudy({ trials: 20, running: 3 });
    const page = await open({
      snapshot: { ...others, summary: withActions({ ...summary, status: 'STOPPED', live: false }) },
    });
    const trials = page.page.locator('.figure', { hasText: 'TRIALS' }).locator('.note');
    assert.match(await page.text(trials), /· 3 not ended/);
    assert.match(await page.text(page.page.locator('.figure', { hasText: 'CONCURRENCY' })), /0 busy/);
    assert.equal(await page.page.locator('.turning').count(), 0);
    await page.tab(/Curves/);
    const shown = await page.page.locator('.curve-name').allInnerTexts();
    assert.deepEqual(shown.slice(-3), ['17', '18', '19'], 'their curves stay in sight');
    await page.tab(/Trials/);
    const row = page.page.locator('.grid-row', { hasText: 'not ended' });
    assert.equal(await row.count(), 3);
    await page.change({ revision: others.revision + 1, summary: withActions({ ...summary, status: 'RUNNING' }) });
    assert.match(await page.text(trials), /· 3 running/);
    assert.equal(await row.count(), 0);
    assert.equal(await page.page.locator('.grid-row', { hasText: 'running' }).count(), 3);
  });

  it('disables every change in restricted mode, with the reason', async () => {
    const page = await open();
    const whyNotRun = 'Restricted Mode: nothing can be run or changed.';
    await page.show(makeStudy({ trials: 20, running: 2 }), { canRun: false, whyNotRun });
    const change = page.page.getByRole('button', { name: 'Change the concurrency' });
    assert.equal(await page.attribute(change, 'aria-disabled'), 'true');
    assert.equal(await page.attribute(change, 'title'), whyNotRun);
    await page.page.getByRole('button', { name: 'More Actions…' }).click();
    const disabled = await page.page.locator('[role="menuitem"][aria-disabled="true"]').allInnerTexts();
    assert.deepEqual(
      disabled.map((label) => label.trim()),
      [
        'Add Trial…',
        'Retry Failed Trials…',
        'Import Results…',
        'Change Trial Concurrency…',
        'Change Maximum Trial Number…',
        'Change Maximum Duration…',
        'Change Search Space…',
        'Open TensorBoard',
      ],
    );
    await page.page.getByRole('menuitem', { name: 'Add Trial…' }).dispatchEvent('click');
    await page.page.keyboard.press('Escape');
    // To stop what runs is always possible.
    await page.page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.asked('act');
    assert.deepEqual(page.requested('act'), [{ action: 'stopExperiment' }]);
  });

  it('does not resume in restricted mode', async () => {
    const page = await open();
    const snapshot = makeStudy({ trials: 4, summary: { status: 'STOPPED', live: false } });
    await page.show(snapshot, { canRun: false, whyNotRun: 'Restricted Mode' });
    const resume = page.page.locator('vscode-button[aria-label^="Resume"]');
    assert.equal(await page.attribute(resume, 'aria-label'), 'Resume: Restricted Mode');
    await resume.dispatchEvent('click');
    await page.page.getByRole('button', { name: 'Export Results…' }).click();
    await page.asked('act');
    assert.deepEqual(page.requested('act'), [{ action: 'exportResults' }]);
  });

  it('shows a stored experiment that is opened read-only', async () => {
    const page = await open();
    const { maxTrialNumber: _trials, maxExperimentDuration: _duration, ...summary } = makeStudy({ trials: 9 }).summary;
    const snapshot = {
      ...makeStudy({ trials: 9 }),
      summary: withActions({ ...summary, status: 'VIEWED', engine: 'nni' }),
    };
    await page.show(snapshot, { canRun: false, whyNotRun: 'The experiment is read-only here.' });
    assert.equal((await page.text('.chip')).trim(), 'Read-only');
    assert.match(await page.text('.facts'), /NNI/);
    assert.equal(await page.page.getByRole('button', { name: 'Change the concurrency' }).count(), 0);
    await page.page.getByRole('button', { name: 'Stop Viewing' }).waitFor();
  });

  it('shows the long reason of an error verbatim, and leaves room for the rest', async () => {
    const traceback = Array.from({ length: 60 }, (_, i) => `  File "tuner.py", line ${i}, in generate`).join('\n');
    const summary = { status: 'ERROR' as const, errors: [`The tuner ended:\n${traceback}`] };
    const page = await open({ snapshot: makeStudy({ trials: 5, summary }), height: 800 });
    const strip = page.page.getByRole('alert');
    assert.match(await page.text(strip), /The tuner ended:\n {2}File "tuner.py", line 0/);
    const box = await strip.boundingBox();
    assert.ok(box && box.height < 200);
    assert.equal((await page.text('.chip')).trim(), 'Failed');
    await strip.getByRole('button', { name: 'Open Log' }).click();
    assert.deepEqual(await page.asked('act'), { action: 'openManagerLog' });
  });

  it('reports a crashed and a stalled experiment', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 5, running: 1, summary: { live: false } }) });
    await page.page.getByText('The experiment crashed.').waitFor();
    const errors = ['The tuner has not answered for 60 s.'];
    await page.show({ ...makeStudy({ trials: 5, running: 1, summary: { errors } }), revision: 2 });
    await page.page.getByRole('alert').getByText('The tuner has not answered').waitFor();
    assert.equal((await page.text('.chip')).trim(), 'Stalled');
    await page.page.getByRole('alert').getByRole('button', { name: 'Stop and Resume' }).click();
    assert.deepEqual(await page.asked('act'), { action: 'stopAndResume' });
  });

  it('offers to resume a crashed experiment beside the error', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 5, running: 1, summary: { live: false } }) });
    await page.page.locator('.strip').getByRole('button', { name: 'Resume' }).click();
    assert.deepEqual(await page.asked('act'), { action: 'resumeExperiment' });
  });

  it('shows why a request was refused, until it is dismissed', async () => {
    const page = await open({ snapshot: makeStudy({ trials: 5, running: 1 }) });
    page.answers.act = () => Promise.reject(new Error('The experiment is stopping already.'));
    await page.page.getByRole('button', { name: 'Stop', exact: true }).click();
    const alert = page.page.getByRole('alert');
    await alert.getByText('The experiment is stopping already.').waitFor();
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await alert.waitFor({ state: 'detached' });
  });
});
