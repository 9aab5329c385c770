import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { projectRoot } from '../../../scripts/folders.ts';
import { freePort, Home, untilGone } from '../../harness/home.ts';
import { findRealNni, launchWithNnictl, noRealNni, type RealNni } from '../../harness/realNni.ts';
import { type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';
import { Rest } from '../../manager/wire/rest.ts';

/** Story: my experiments run under the real NNI 3.0, started in a terminal; I steer them from the window all the same. */
story('an experiment of the real NNI', () => {
  let nni: RealNni;
  let home: Home;
  let session: Session;
  let window: Workbench;
  let page: Frame;
  let rest: Rest;
  let port: number;
  /** Below this machine; the same one comes again below its address. */
  const experiment = () => window.row(/endless/);
  const elsewhere = () => window.page.locator('.sidebar .monaco-list-row', { hasText: /endless/ }).last();
  const entry = async () => Object.values(await home.manifest())[0] ?? assert.fail('nothing was started');

  before(async function () {
    const found = findRealNni();
    if (!found) {
      console.log(`!! SKIPPED: ${noRealNni}`);
      this.skip();
    }
    nni = found;
    home = await Home.make();
    const environment = home.environment(nni.python);
    session = await startSession({
      example: join(projectRoot, 'test', 'fixtures', 'steering'),
      theme: 'dark',
      settings: {
        'trialdeck.experimentsDirectory': home.experiments,
        'trialdeck.backend': 'nnictl',
        'trialdeck.nnictlPath': nni.nnictl,
      },
      environment,
    });
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
    await window.openSideBar();
    port = await freePort();
    const config = join(session.workspace, 'config.yml');
    await launchWithNnictl(nni, ['create', '--config', config, '--port', String(port)], environment);
    rest = new Rest(port);
  });
  after(async () => {
    await session?.end();
    await home?.dispose();
  });

  it('appears by itself', async () => {
    await experiment().waitFor({ timeout: 100_000 });
    await window.row(/endless.*2\/20/).waitFor({ timeout: 100_000 });
    await window.expand(experiment());
    await window.row(/^\s*3\s*step/).waitFor();
    await window.picture('nni-appears');
  });

  it('is reached at its address as well', async () => {
    await window.run('Trialdeck: Connect to Manager…');
    await window.answer(`http://127.0.0.1:${port}`);
    await window.page.getByText('What it is called in the list of experiments').waitFor();
    await window.answer('workstation');
    await window.row(/workstation/).waitFor();
    await elsewhere().waitFor();
    await window.picture('nni-connected');
  });

  it('runs more trials at a time', async () => {
    await window.contextMenu(elsewhere(), 'Change Trial Concurrency…');
    await window.answer('3');
    await rest.until(async () => (await rest.profile()).params.trialConcurrency === 3);
    await window.row(/^\s*4\s*step/).waitFor({ timeout: 100_000 });
  });

  it('kills a trial after asking', async () => {
    await window.contextMenu(window.row(/^\s*3\s*step/), 'Kill Trial…');
    await window.dialog(/Kill trial 3 of endless\?/i).waitFor();
    await window.button('Kill').click();
    await rest.untilTrial((trial) => trial.sequenceId === 3 && trial.status === 'USER_CANCELED');
    await window.row(/^\s*3\s*cancelled/).waitFor();
  });

  it('shows its curves, opened from its address', async () => {
    await elsewhere().click();
    await window.page.keyboard.press('Enter');
    page = await window.webview('[data-trial-count]');
    await page.getByText('3 busy').waitFor({ timeout: 100_000 });
    await window.picture('nni-panel');
    await window.run('View: Close Editor');
  });

  it('stops after asking, and the address says that nothing answers there', async () => {
    const { pid } = await entry();
    await experiment().click();
    await window.page.keyboard.press('Enter');
    page = await window.webview('[data-trial-count]');
    await page.getByRole('button', { name: 'Stop' }).click();
    await window.dialog(/Stop endless\?/).waitFor();
    await window.button('Stop').click();
    await untilGone(pid ?? 0);
    assert.equal((await entry()).status, 'STOPPED');
    await window.row(/endless\s*stopped/).waitFor();
    await page.locator('[data-phase="stopped"]').waitFor();
    await window.row(/workstation.*no answer since/).waitFor({ timeout: 100_000 });
    await page.getByText(/· \d+ not ended/).waitFor();
    await window.picture('nni-stopped');
  });

  it('is looked at without NNI', async () => {
    await page.getByRole('tab', { name: /Trials/ }).click();
    await page.locator('[role="row"][aria-rowindex="2"]').click();
    await page.getByRole('heading', { name: /^Trial / }).waitFor();
  });

  it('goes on under NNI', async () => {
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('[data-phase="running"]').waitFor({ timeout: 100_000 });
    const now = await entry();
    assert.ok(now.port);
    rest = new Rest(now.port);
    await rest.untilTrial((trial) => trial.status === 'RUNNING');
    await window.row(/endless.*\d\/20/).waitFor();
    await window.picture('nni-resumed');
  });

  it('exports what NNI found', async () => {
    await writeFile(join(session.workspace, 'finish'), '');
    await rest.untilTrial((trial) => Number(trial.sequenceId) > 3 && trial.finalMetricData !== undefined);
    await page.getByRole('button', { name: 'Export Results…' }).click();
    await window.answer('CSV');
    await window.accept();
    await window.toast(/trials were written to/).waitFor();
    const text = await readFile(join(session.workspace, 'endless-results.csv'), 'utf8');
    const [header, ...rows] = text.trim().split(/\r?\n/);
    const names = (header ?? '').split(',');
    const [parameter, metric] = [names.indexOf('x'), names.indexOf('metric')];
    assert.ok(parameter >= 0 && metric > parameter, header);
    const finals = rows.map((row) => row.split(',')).filter((cells) => cells[metric]);
    assert.ok(finals.length >= 3, text);
    // A trial's result is its parameter: what it ran with, whatever NNI has recorded.
    for (const cells of finals) assert.equal(Number(cells[parameter]), Number(cells[metric]), cells.join());
  });
});
