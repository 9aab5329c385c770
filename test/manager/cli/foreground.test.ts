/** `create --foreground`: live progress, the results, and the end with the experiment, however it comes. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { CommandLine } from '../../harness/commandLine.ts';
import { eventually } from '../../harness/eventually.ts';
import { Home, killHard, untilGone } from '../../harness/home.ts';
import { shellTrial } from '../../harness/trialCommands.ts';
import { writeConfig } from './configFile.ts';

describe('trialdeck create --foreground', () => {
  let home: Home;
  let cli: CommandLine;

  const foreground = (changes: Record<string, unknown>, ...args: string[]) =>
    cli.start('create', '-c', writeConfig(home, changes), '--foreground', ...args);
  const idIn = (text: string) => /^Experiment (\w+) was started/m.exec(text)?.[1] ?? '';
  async function listed(): Promise<ExperimentSummary[]> {
    return JSON.parse((await cli.run('experiment', 'list', '--all', '--json')).stdout) as ExperimentSummary[];
  }

  beforeEach(async () => {
    home = await Home.make();
    cli = new CommandLine(home);
  });
  afterEach(() => home.dispose());

  it('shows progress while trials end, then a table of the best, and ends with the experiment', async () => {
    const go = join(home.path, 'go');
    const command = await foreground({
      trialCommand: shellTrial(`case $NNI_TRIAL_SEQ_ID in
        2) echo 'ValueError: no data' >&2; exit 1;;
        3) until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done;;
      esac
      report FINAL 0.$NNI_TRIAL_SEQ_ID`),
      maxTrialNumber: 4,
    });
    const said = await command.until(/trial 2 failed/);
    const id = idIn(said);
    assert.match(said, /^trial 0 succeeded: 0 \| [123]\/4 done · \d running · \d failed · best /m);
    assert.match(said, /^trial 1 succeeded: 0\.1 \| [23]\/4 done · \d running · \d failed · best 0\.1 \(trial 1\) · /m);
    assert.match(said, /^trial 2 failed: .*exit 1.* \| 3\/4 done · \d running · 1 failed · best 0\.1 \(trial 1\) · /m);
    assert.doesNotMatch(said, /Results:/);
    writeFileSync(go, '');
    const { code, stdout, stderr } = await command.ended;
    assert.deepEqual([code, stderr], [0, '']);
    const [, table = ''] = stdout.split('\nResults:\n');
    assert.deepEqual(
      table
        .split('\n')
        .slice(1, 4)
        .map((line) => line.trim().split(/\s+/).slice(0, 2)),
      [
        ['3', '0.3'],
        ['1', '0.1'],
        ['0', '0'],
      ],
    );
    assert.match(table, new RegExp(`^3 of 4 trials succeeded in .*\\. Stored in ${join(home.experiments, id)}$`, 'm'));
    const [found] = await listed();
    assert.deepEqual([found?.id, found?.status, found?.live], [id, 'DONE', false]);
  });

  it('prints JSON with --json, and the progress on stderr', async () => {
    const command = await foreground({ trialCommand: shellTrial('report FINAL 1'), maxTrialNumber: 1 }, '--json');
    const { code, stdout, stderr } = await command.ended;
    assert.equal(code, 0, stderr);
    const { summary, trials } = JSON.parse(stdout) as { summary: ExperimentSummary; trials: TrialRow[] };
    assert.deepEqual([summary.best?.value, trials.length, trials[0]?.status], [1, 1, 'SUCCEEDED']);
    assert.match(stderr, /^trial 0 succeeded: 1 \| 1\/1 done/m);
  });

  it('stops the experiment and its trials on SIGINT, and shows the results so far', async () => {
    const pidFile = join(home.path, 'pid');
    const trialCommand = shellTrial(`if [ $NNI_TRIAL_SEQ_ID = 0 ]; then report FINAL 7; exit; fi
      echo $$ > '${pidFile}'; exec sleep 600`);
    const command = await foreground({ trialCommand });
    const id = idIn(await command.until(/trial 0 succeeded/));
    const trial = await eventually(
      'the second trial',
      () => existsSync(pidFile) && Number(readFileSync(pidFile, 'utf8')),
    );
    command.interrupt();
    const { code, stdout, stderr } = await command.ended;
    assert.deepEqual([code, stderr], [130, '']);
    assert.match(stdout, /^Stopping…$/m);
    assert.match(stdout, /^ *0 +7 .*SUCCEEDED/m);
    await untilGone(trial);
    const [found] = await listed();
    assert.deepEqual([found?.id, found?.status, found?.live], [id, 'STOPPED', false]);
  });

  it('leaves nothing running after SIGINT at any moment of the start', async () => {
    const trialCommand = 'exec sleep 600';
    for (const sign of [/./, /was started/, /was started/]) {
      const command = await foreground({ trialCommand });
      // Before it has said anything it may be starting the manager, or be waiting for the runner.
      if (sign.source === '.')
        await eventually('a manager', () => existsSync(join(home.experiments, '.trialdeck/manager.json')));
      else await command.until(sign);
      command.interrupt();
      const { code, stderr } = await command.ended;
      assert.deepEqual([code, stderr], [130, '']);
      await eventually('the end of the experiment', async () => (await listed()).every(({ live }) => !live));
    }
  });

  it('fails with the reason when the experiment ends as ERROR', async () => {
    // The folder of the code goes away while it runs.
    mkdirSync(join(home.path, 'code'));
    const trialCommand = shellTrial('report FINAL 1; rmdir ../code');
    const command = await foreground({ trialCommand, trialCodeDirectory: 'code', maxTrialNumber: 5 });
    const { code, stdout, stderr } = await command.ended;
    assert.equal(code, 1);
    assert.match(stdout, /^ *0 +1 .*SUCCEEDED/m);
    assert.match(stderr, new RegExp(`^trialdeck: Experiment ${idIn(stdout)} failed: .*${join(home.path, 'code')}`));
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  it('fails with the reason of the first failed trial when no trial succeeds', async () => {
    const trialCommand = shellTrial(`echo 'ModuleNotFoundError: no module named torch' >&2; exit 1`);
    const { code, stdout, stderr } = await (await foreground({ trialCommand, maxTrialNumber: 2 })).ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^trialdeck: No trial of experiment \w+ succeeded\. The first failure: trial 0 failed: exit 1.*torch/m,
    );
    assert.match(stdout, /^0 of 2 trials succeeded/m);
  });

  it('goes on when the manager is killed, and ends well', async () => {
    const go = join(home.path, 'go');
    const trialCommand = shellTrial(`if [ $NNI_TRIAL_SEQ_ID = 1 ]; then
      until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done; fi; report FINAL 1`);
    const command = await foreground({ trialCommand, maxTrialNumber: 2 });
    await command.until(/trial 0 succeeded/);
    const { pid } = await home.lock();
    await killHard(pid);
    await eventually('another manager', async () => (await home.lock()).pid !== pid);
    writeFileSync(go, '');
    const { code, stdout, stderr } = await command.ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^2 of 2 trials succeeded/m);
  });

  it('reports a killed runner, and how to go on', async () => {
    const command = await foreground({ trialCommand: 'exec sleep 600' });
    const id = idIn(await command.until(/was started/));
    const pid = (await home.manifest())[id]?.pid ?? 0;
    await killHard(pid);
    const { code, stderr } = await command.ended;
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(
        `^trialdeck: Experiment ${id} was not done\\. It crashed: its process ended unexpectedly.* trialdeck resume ${id}$`,
        'm',
      ),
    );
  });
});
