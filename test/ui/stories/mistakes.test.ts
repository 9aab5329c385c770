import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentIds, type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

const broken = `experimentName: typos
trialComand: python3 trial.py
trialConcurrency: two
maxTrialNumber: 10
searchSpace:
  lr:
    _type: uniform
    _value: [1, 0.1]
  layers: { _type: choice, _value: [] }
tuner:
  name: TPF
  classArgs: { optimise_mode: maximize }
trainingService:
  platform: local
`;

/** Story: my config has mistakes; I see them where they are before anything starts, mend them and run. */
story('mistakes in a config file', () => {
  let session: Session;
  let window: Workbench;

  before(async () => {
    session = await startSession({ theme: 'dark' });
    await writeFile(join(session.workspace, 'config.yml'), broken);
    window = await session.open({ openFile: join(session.workspace, 'config.yml') });
    await window.codeLens(/Run/).waitFor({ timeout: 100_000 });
  });
  after(() => session?.end());

  it('underlines each at its place', async () => {
    await window.page.locator('.squiggly-error').nth(4).waitFor();
    await window.run('Problems: Focus on Problems View');
    const problems = window.page.locator('.markers-panel');
    for (const text of [/trialComand.*trialCommand/i, /trialConcurrency.*number/i, /TPF.*TPE/]) {
      await problems.getByText(text).first().waitFor();
    }
    await problems
      .getByText(/\[Ln 8, Col \d+\]/)
      .first()
      .waitFor();
    await problems
      .getByText(/\[Ln 9, Col \d+\]/)
      .first()
      .waitFor();
    await window.picture('config-problems');
  });

  it('does not start, and says the first one', async () => {
    await window.clickLens(/Run/, window.toast(/config\.yml, line \d+: /));
    assert.deepEqual(await experimentIds(session.experiments), []);
  });

  it('says what is wrong with the YAML itself, at its line', async () => {
    await writeFile(
      join(session.workspace, 'config.yml'),
      broken.replace('{ optimise_mode: maximize }', '{ optimize_mode: maximize'),
    );
    await window.page
      .locator('.markers-panel')
      .getByText(/\[Ln 1[23], Col \d+\]/)
      .first()
      .waitFor();
  });

  it('runs when all is right', async () => {
    await writeFile(
      join(session.workspace, 'config.yml'),
      broken
        .replace('trialComand: python3 trial.py', 'trialCommand: python3 quick.py')
        .replace('two', '2')
        .replace('[1, 0.1]', '[0.1, 1]')
        .replace('[] }', '[1, 2] }')
        .replace('TPF', 'TPE')
        .replace('optimise_mode', 'optimize_mode'),
    );
    await writeFile(
      join(session.workspace, 'quick.py'),
      'import nni\nnni.report_final_result(nni.get_next_parameter()["lr"])\n',
    );
    await window.page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await window.clickLens(/Run/, window.tab('typos'));
    await window.openSideBar();
    await window.row(/typos\s*done · best/).waitFor({ timeout: 100_000 });
  });
});
