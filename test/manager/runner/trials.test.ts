/** Whole experiments on the real runner process, with trials that need no Python package. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { decodeMetric, unwrapMetricData } from '../../../src/model/trial/metric.ts';
import type { ParameterRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { processStart } from '../../../src/system/processTable.ts';
import { RunnerProcess, runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

/** Takes the parameter `x` into a shell variable. */
const readX = `x=$(sed 's/.*"x":\\("\\?\\)\\([^"},]*\\).*/\\2/' "$NNI_SYS_DIR/parameter.cfg")\n`;
const recordOf = (trial: TrialJobInfo) => JSON.parse(trial.hyperParameters[0] ?? '{}') as ParameterRecord;

describe('a runner with trials', () => {
  let root: string;
  let runners: RunnerProcess[];

  async function launch(config: Partial<ExperimentConfig>, id?: string): Promise<RunnerProcess> {
    const runner = await RunnerProcess.launch({ root, config: runnerConfig(root, config), ...(id ? { id } : {}) });
    runners.push(runner);
    return runner;
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trialdeck-runs-'));
    runners = [];
  });
  afterEach(async () => {
    for (const runner of runners) await runner.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('runs ten trials and stores each result with its parameters', async () => {
    const trialCommand = shellTrial(`${readX}report PERIODICAL 0 0; report PERIODICAL "$x" 1; report FINAL "$x"`);
    const runner = await launch({ trialCommand, trialConcurrency: 3, maxTrialNumber: 10 });
    await runner.untilStatus('DONE');
    const trials = await runner.trials();
    assert.equal(trials.length, 10);
    assert.deepEqual(
      trials.map((trial) => trial.sequenceId).sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: 10 }, (_, index) => index),
    );
    const metrics = await runner.metrics();
    assert.equal(metrics.length, 30);
    for (const trial of trials) {
      assert.equal(trial.status, 'SUCCEEDED', trial.message);
      const { parameters, parameter_id: id } = recordOf(trial);
      const own = metrics.filter((metric) => metric.trialJobId === trial.trialJobId);
      assert.deepEqual(
        own.map(({ type, sequence, parameterId, data }) => [
          type,
          sequence,
          parameterId,
          Number(unwrapMetricData(data)),
        ]),
        [
          ['PERIODICAL', 0, String(id), 0],
          ['PERIODICAL', 1, String(id), parameters.x],
          ['FINAL', 0, String(id), parameters.x],
        ],
      );
      assert.ok(trial.startTime && trial.endTime && trial.endTime >= trial.startTime);
    }
    const { summary } = await runner.snapshot();
    assert.equal(summary.best?.value, Math.max(...trials.map((trial) => Number(recordOf(trial).parameters.x))));
    assert.deepEqual(await runner.stop(), { code: 0, signal: null });
    const manifest = JSON.parse(readFileSync(join(root, '.experiment'), 'utf8'));
    assert.equal(manifest.exp.status, 'STOPPED');
  });

  it('searches with TPE in a thread, and continues after it was killed', async () => {
    const config = {
      tuner: { name: 'TPE', classArgs: { seed: 1 } },
      trialCommand: shellTrial(`${readX}report FINAL "$x"`),
      trialConcurrency: 2,
      maxTrialNumber: 6,
    };
    const whole = await launch(config, 'whole');
    await whole.untilStatus('DONE');
    const broken = await launch(config, 'broken');
    await broken.until(({ summary }) => (summary.counts.SUCCEEDED ?? 0) >= 2);
    await broken.kill();
    const resumed = await RunnerProcess.launch({ root, id: 'broken', action: 'resume' });
    runners.push(resumed);
    await resumed.untilStatus('DONE');
    const parametersOf = async (runner: RunnerProcess) =>
      (await runner.trials()).map((trial) => recordOf(trial).parameters);
    // TPE draws its first sets at random, from the seed alone.
    assert.deepEqual(await parametersOf(resumed), await parametersOf(whole));
  });

  it('names the fault of each bad trial, and goes on', async () => {
    const megabytes = `python3 -c 'import os; v="x"*10000000; j=("{\\"parameter_id\\":0,\\"type\\":\\"PERIODICAL\\",\\"sequence\\":0,\\"value\\":\\"\\\\\\"%s\\\\\\"\\"}\\n"%v).encode(); f=open(os.environ["NNI_SYS_DIR"]+"/.nni/metrics","ab"); f.write(b"ME%06d"%len(j)+j)'`;
    const trialCommand = shellTrial(`${readX}case $x in
      early) echo 'ValueError: no data' >&2; exit 1;;
      garbage) head -c 3000 /dev/urandom >> "$NNI_SYS_DIR/.nni/metrics"; echo >> "$NNI_SYS_DIR/.nni/metrics"; report FINAL 1;;
      nan) report PERIODICAL NaN; report FINAL NaN;;
      text) report FINAL '"good"';;
      long) ${megabytes}; report FINAL 2;;
      silent) ;;
      killed) kill -9 $$;;
    esac`);
    const modes = ['early', 'garbage', 'nan', 'text', 'long', 'silent', 'killed'];
    const runner = await launch({
      trialCommand,
      trialConcurrency: 2,
      searchSpace: { x: { _type: 'choice', _value: modes } },
      tuner: { name: 'GridSearch' },
    });
    await runner.untilStatus('DONE');
    assert.deepEqual((await runner.status()).errors, []);
    const { trials } = await runner.snapshot();
    const of = (mode: string) => trials.find((trial) => trial.parameters.x === mode);
    const outcome = Object.fromEntries(modes.map((mode) => [mode, [of(mode)?.status, of(mode)?.final]]));
    assert.deepEqual(outcome, {
      early: ['FAILED', undefined],
      garbage: ['SUCCEEDED', '1'],
      nan: ['SUCCEEDED', 'NaN'],
      text: ['SUCCEEDED', '"good"'],
      long: ['SUCCEEDED', '2'],
      silent: ['SUCCEEDED', undefined],
      killed: ['FAILED', undefined],
    });
    assert.equal(of('early')?.message, 'exit 1: ValueError: no data');
    assert.match(of('garbage')?.message ?? '', /among its results/);
    assert.equal(of('nan')?.message, 'final result is NaN');
    assert.equal(of('text')?.message, 'final result is text');
    assert.equal(of('silent')?.message, 'ended without a final result');
    assert.match(of('killed')?.message ?? '', /killed by SIGKILL/);
    const [long] = await runner.nni<{ data: string }[]>(`/metric-data/${of('long')?.id}?type=PERIODICAL`);
    assert.equal(decodeMetric(unwrapMetricData(long?.data ?? '')).text.length, 10_000_002);
    const { summary } = await runner.snapshot();
    assert.equal(summary.best?.value, 2);
  });

  it('ends trials that run too long, with everything they have started', async () => {
    const pids = join(root, 'pids');
    const sleeper = `import os, time; open('${pids}', 'a').write(str(os.getpid()) + chr(10)); time.sleep(600)`;
    const trialCommand = `cd . && setsid python3 -c "${sleeper}" & python3 -c "${sleeper}"; echo end`;
    const runner = await launch({ trialCommand, maxTrialNumber: 1, maxTrialDuration: 5 });
    const { trials } = await runner.untilStatus('DONE');
    assert.equal(trials[0]?.status, 'EARLY_STOPPED');
    assert.match(trials[0]?.message ?? '', /longer than maxTrialDuration \(5 s\)/);
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
      assert.equal(await processStart(Number(pid)), undefined);
    }
  });

  it('obeys changed limits, adds a custom trial and kills trials on request', async () => {
    const trialCommand = `${readX}echo "$x" > "$NNI_SYS_DIR/x"; sleep 600`;
    const runner = await launch({ trialCommand, trialConcurrency: 1 });
    await runner.until(({ summary }) => summary.counts.RUNNING === 1);
    const put = (type: string, params: object) =>
      runner.fetch('PUT', `/experiment?update_type=${type}`, { params }).then((response) => response.status);
    assert.equal(await put('TRIAL_CONCURRENCY', { trialConcurrency: 3 }), 200);
    const { trials } = await runner.until(({ summary }) => summary.counts.RUNNING === 3);
    assert.equal(await put('TRIAL_CONCURRENCY', { trialConcurrency: 1 }), 200);
    const custom = await runner.fetch('POST', '/trial-jobs', { x: 42 });
    assert.deepEqual(await custom.json(), { sequenceId: 3 });
    assert.equal(await put('MAX_TRIAL_NUM', { maxTrialNumber: 4 }), 200);
    const refused = await runner.fetch('POST', '/trial-jobs', { x: 43 });
    assert.deepEqual(
      [refused.status, await refused.json()],
      [400, { error: 'The experiment has all its trials (reach maxTrialNumber). Raise maxTrialNumber to add more.' }],
    );
    for (const trial of trials) {
      assert.equal((await runner.fetch('DELETE', `/trial-jobs/${trial.id}`)).status, 200);
      const [row] = (await runner.trials()).filter((each) => each.trialJobId === trial.id);
      assert.equal(row?.status, 'USER_CANCELED');
    }
    const { trials: all } = await runner.until(({ summary }) => summary.counts.RUNNING === 1);
    const last = all.find((trial) => trial.status === 'RUNNING');
    assert.deepEqual([last?.number, last?.source, last?.parameters], [3, 'customized', { x: 42 }]);
    const file = join(root, 'exp/environments/local-env/trials', last?.id ?? '', 'x');
    // The shell makes the file before it writes into it.
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(10);
    assert.equal(readFileSync(file, 'utf8'), '42\n');
    assert.equal((await runner.status()).status, 'NO_MORE_TRIAL');
    assert.equal((await runner.fetch('DELETE', `/trial-jobs/${last?.id}`)).status, 200);
    assert.equal((await runner.fetch('DELETE', '/trial-jobs/nope1')).status, 404);
    await runner.untilStatus('DONE');
  });

  it('ends running trials when it is stopped', async () => {
    const runner = await launch({ trialCommand: 'sleep 600', trialConcurrency: 5 });
    await runner.until(({ summary }) => summary.counts.RUNNING === 5);
    const answer = await runner.fetch('DELETE', '/experiment');
    assert.deepEqual([answer.status, await answer.text()], [200, '']);
    assert.deepEqual(await runner.ended(), { code: 0, signal: null });
    const viewed = await RunnerProcess.launch({ root, action: 'view' });
    runners.push(viewed);
    const { trials, summary } = await viewed.snapshot();
    assert.equal(summary.status, 'VIEWED');
    assert.deepEqual(
      trials.map((trial) => [trial.status, trial.message]),
      trials.map(() => ['USER_CANCELED', 'stopped with the experiment']),
    );
    assert.equal((await viewed.fetch('POST', '/trial-jobs', { x: 1 })).status, 409);
  });

  it('shows a result soon after it was reported', async () => {
    const go = join(root, 'go');
    const trialCommand = shellTrial(`i=0; while [ $i -lt 20 ]; do until [ -e '${go}'$i ]; do sleep 0.01; done
      report PERIODICAL "$(date +%s%3N)" $i; i=$((i+1)); done`);
    const runner = await launch({ trialCommand, maxTrialNumber: 1 });
    const delays: number[] = [];
    for (let index = 0; index < 20; index++) {
      const seen = runner.until(({ trials }) => trials[0]?.latest?.sequence === index);
      writeFileSync(`${go}${index}`, '');
      const { trials } = await seen;
      delays.push(Date.now() - Number(trials[0]?.latest?.data));
    }
    delays.sort((a, b) => a - b);
    console.log(`      from report to client: median ${delays[10]} ms, longest ${delays[19]} ms`);
  });

  it('starts one trial after another without a pause', async () => {
    const count = 200;
    const trialCommand = shellTrial('report FINAL 1');
    const started = performance.now();
    const runner = await launch({ trialCommand, trialConcurrency: 2, maxTrialNumber: count });
    await runner.untilStatus('DONE');
    const minutes = (performance.now() - started) / 60_000;
    console.log(`      ${Math.round(count / minutes)} trials/min`);
    const trials = await runner.trials();
    assert.equal(trials.filter((trial) => trial.status === 'SUCCEEDED').length, count);
    const memory = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${runner.child.pid}/status`, 'utf8'))?.[1];
    console.log(`      ${Math.round(Number(memory) / 1024)} MB`);
  });
});
