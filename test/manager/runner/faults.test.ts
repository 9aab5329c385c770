/** Faults around a real runner: it is killed, its disk or port is taken, its database is locked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../../scripts/folders.ts';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { unwrapMetricData } from '../../../src/model/trial/metric.ts';
import type { ParameterRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { treeOf } from '../../../src/system/processTable.ts';
import { type LaunchOptions, RunnerProcess, runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

const recordOf = (trial: TrialJobInfo) => JSON.parse(trial.hyperParameters[0] ?? '{}') as ParameterRecord;

describe('a runner that meets a fault', () => {
  let root: string;
  let runners: RunnerProcess[];

  async function launch({
    config,
    ...options
  }: Partial<Omit<LaunchOptions, 'config'>> & { config?: Partial<ExperimentConfig> }) {
    const full = config ? { config: runnerConfig(root, config) } : {};
    const runner = await RunnerProcess.launch({ ...options, root, ...full });
    runners.push(runner);
    return runner;
  }
  /** The message of a launch that fails, after its code if it has one. */
  async function refusal(options: Omit<LaunchOptions, 'root'> & { root?: string }): Promise<string> {
    const { child, answer } = await RunnerProcess.spawn({ root, ...options });
    if (child.exitCode === null && answer.type === 'ready') child.kill('SIGKILL');
    assert.equal(answer.type, 'failed');
    const { error, code } = answer as { error: string; code?: string };
    assert.doesNotMatch(error, /\n\s+at /, 'a stack trace is nothing for a person');
    return code === undefined ? error : `${code}: ${error}`;
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trialdeck-faults-'));
    runners = [];
  });
  afterEach(async () => {
    for (const runner of runners) await runner.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('adopts living trials after kill -9, knows how others ended, and has every metric once', async () => {
    const go = join(root, 'go');
    const trialCommand = shellTrial(`report PERIODICAL 0 0
      if [ "$NNI_TRIAL_SEQ_ID" = 1 ]; then until [ -e '${go}1' ]; do sleep 0.02; done; report FINAL 1; exit 3; fi
      i=1; while [ $i -lt 60 ]; do report PERIODICAL $i $i; i=$((i+1)); done
      until [ -e '${go}2' ]; do sleep 0.02; done
      report PERIODICAL 60 60; report FINAL 0.75`);
    const first = await launch({ config: { trialCommand, trialConcurrency: 3, maxTrialNumber: 4 } });
    const before = await first.until(({ trials }) => trials.filter((trial) => trial.intermediates > 0).length === 3);
    await first.kill();
    writeFileSync(`${go}1`, '');
    const ended = before.trials.find((trial) => trial.number === 1);
    const state = join(root, 'exp/environments/local-env/trials', ended?.id ?? '', '.nni/state');
    while (!existsSync(state)) await delay(10);

    const second = await launch({ action: 'resume' });
    // The fourth trial takes the place of the one that ended while no runner watched.
    const between = await second.until(({ trials }) => trials.length === 4 && trials[3]?.status === 'RUNNING');
    assert.deepEqual(
      between.trials.map((trial) => [trial.number, trial.status]),
      [
        [0, 'RUNNING'],
        [1, 'FAILED'],
        [2, 'RUNNING'],
        [3, 'RUNNING'],
      ],
    );
    const failed = between.trials[1];
    assert.equal(failed?.message, 'exit 3');
    assert.equal(failed?.endTime, Number(readFileSync(state, 'utf8').split(' ')[1]));
    writeFileSync(`${go}2`, '');
    await second.untilStatus('DONE');
    const metrics = await second.metrics();
    for (const trial of await second.trials()) {
      const own = metrics.filter((metric) => metric.trialJobId === trial.trialJobId);
      const intermediates = own.filter((metric) => metric.type === 'PERIODICAL').map((metric) => metric.sequence);
      const expected = trial.sequenceId === 1 ? 1 : 61;
      assert.deepEqual(
        intermediates,
        Array.from({ length: expected }, (_, index) => index),
      );
      const finals = own.filter((metric) => metric.type === 'FINAL').map((metric) => unwrapMetricData(metric.data));
      assert.deepEqual(finals, [trial.sequenceId === 1 ? '1' : '0.75']);
      assert.equal(recordOf(trial).parameter_id, trial.sequenceId);
    }
  });

  it('calls the end of trials unknown after kill -9 of runner and trials', async () => {
    const first = await launch({ config: { trialCommand: 'sleep 600', trialConcurrency: 2 } });
    const { trials } = await first.until(({ summary }) => summary.counts.RUNNING === 2);
    await first.kill();
    const database = new DatabaseSync(join(root, 'exp/db/nni.sqlite'));
    const handles = database.prepare('SELECT handle FROM TrialdeckRun').all();
    database.close();
    assert.equal(handles.length, 2);
    for (const handle of handles) {
      process.kill(-JSON.parse(String(handle.handle)).pid, 'SIGKILL');
    }
    const second = await launch({ action: 'resume' });
    const after = await second.until(({ summary }) => summary.counts.FAILED === 2);
    for (const { id } of trials) {
      const row = after.trials.find((trial) => trial.id === id);
      assert.equal(row?.message, 'the machine or the trial was killed while no runner watched');
    }
  });

  it('resumes an experiment of version 0.1.0 with its living trials and every metric once', async () => {
    const go = join(root, 'go');
    const trialCommand = shellTrial(`report PERIODICAL 1 0; until [ -e '${go}' ]; do sleep 0.02; done
      report PERIODICAL 2 1; report FINAL 3`);
    const first = await launch({ config: { trialCommand, maxTrialNumber: 1 } });
    await first.until(({ trials }) => trials[0]?.intermediates === 1);
    await first.kill();
    // Version 0.1.0 stored process and byte offset in one handle.
    const database = new DatabaseSync(join(root, 'exp/db/nni.sqlite'));
    for (const { trialJobId, handle, position } of database.prepare('SELECT * FROM TrialdeckRun').all()) {
      const old = { trialId: trialJobId, metricsOffset: Number(position), ...JSON.parse(String(handle)) };
      const insert = database.prepare('INSERT INTO TrialdeckHandle VALUES (?, ?)');
      insert.run(String(trialJobId), JSON.stringify(old));
    }
    database.exec('DROP TABLE TrialdeckRun');
    database.close();
    const second = await launch({ action: 'resume' });
    const { trials } = await second.until(({ summary }) => summary.counts.RUNNING === 1);
    assert.equal(trials.length, 1);
    writeFileSync(go, '');
    await second.untilStatus('DONE');
    const data = (await second.metrics()).map((metric) => unwrapMetricData(metric.data));
    assert.deepEqual(data, ['1', '2', '3']);
    const after = new DatabaseSync(join(root, 'exp/db/nni.sqlite'), { readOnly: true });
    assert.deepEqual(after.prepare('SELECT * FROM TrialdeckHandle').all(), []);
    after.close();
  });

  it('runs a trial that was accepted but not started after a resume, under its own id and number', async () => {
    const first = await launch({ config: { trialCommand: 'sleep 600', maxTrialNumber: 2 } });
    await first.until(({ summary }) => summary.counts.RUNNING === 1);
    await first.fetch('POST', '/trial-jobs', { x: 42 });
    const { trials } = await first.until(({ summary }) => summary.counts.WAITING === 1);
    const waiting = trials.find((trial) => trial.status === 'WAITING');
    await first.stop();
    const second = await launch({ action: 'resume' });
    const after = await second.until(({ summary }) => summary.counts.RUNNING === 1);
    const running = after.trials.find((trial) => trial.status === 'RUNNING');
    assert.deepEqual([running?.id, running?.number, running?.parameters], [waiting?.id, 1, { x: 42 }]);
    assert.equal(after.trials.length, 2);
  });

  it('resumes an experiment of NNI with its numbers and results', async () => {
    const fixtures = join(projectRoot, 'test/fixtures/nni-3.0/experiments');
    cpSync(join(fixtures, 'hfc6tdyj'), join(root, 'hfc6tdyj'), { recursive: true });
    cpSync(join(fixtures, 'fcqgwob9'), join(root, 'fcqgwob9'), { recursive: true });
    const database = new DatabaseSync(join(root, 'hfc6tdyj/db/nni.sqlite'));
    const row = database.prepare('SELECT max(revision) AS revision, params FROM ExperimentProfile').get();
    const params = JSON.parse(String(row?.params)) as ExperimentConfig;
    const trialCommand = shellTrial('report FINAL 9');
    const local = { trialCommand, trialCodeDirectory: root };
    const changed = {
      ...params,
      ...local,
      maxTrialNumber: 14,
      trainingService: { ...params.trainingService, ...local },
    };
    database
      .prepare('UPDATE ExperimentProfile SET params = ? WHERE revision = ?')
      .run(JSON.stringify(changed), Number(row?.revision));
    // NNI leaves the trials that it ends with itself as RUNNING.
    const last = database.prepare("SELECT max(rowid) AS id FROM TrialJobEvent WHERE event = 'SUCCEEDED'").get();
    database.prepare('DELETE FROM TrialJobEvent WHERE rowid = ?').run(Number(last?.id));
    database.close();

    const runner = await launch({ id: 'hfc6tdyj', action: 'resume' });
    const { trials, summary } = await runner.untilStatus('DONE');
    assert.equal(trials.length, 14);
    assert.deepEqual(
      trials.slice(12).map((trial) => [trial.number, trial.parameterId, trial.status, trial.final]),
      [
        [12, '12', 'SUCCEEDED', '9'],
        [13, '13', 'SUCCEEDED', '9'],
      ],
    );
    const lost = trials.filter((trial) => trial.message?.includes('while no runner watched'));
    assert.deepEqual(
      lost.map((trial) => trial.status),
      ['FAILED'],
    );
    assert.equal(summary.best?.value, 9);
    assert.match(await refusal({ id: 'fcqgwob9', action: 'resume' }), /architecture/);
  });

  it('refuses to be the second one on an experiment', async () => {
    const runner = await launch({ config: { trialCommand: 'sleep 600' } });
    const again = await refusal({ action: 'resume' });
    assert.match(again, new RegExp(`^held: Process ${runner.child.pid} already runs experiment exp`));
    assert.match(await refusal({ config: runnerConfig(root) }), /^exists: .*exp/);
    assert.equal((await runner.status()).status, 'RUNNING');
  });

  it('names a port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    try {
      const said = await refusal({ config: runnerConfig(root, { trialCommand: 'touch ran' }), port });
      assert.match(said, new RegExp(`^portInUse: Port ${port} is in use`));
      assert.ok(!existsSync(join(root, 'ran')));
    } finally {
      server.close();
    }
  });

  it('names folders that are missing or can’t be written, before a trial runs', async () => {
    const missing = join(root, 'nowhere');
    const config = runnerConfig(root, { trialCodeDirectory: missing });
    assert.equal(await refusal({ config }), `trialCodeDirectory does not exist: ${missing}`);
    writeFileSync(join(root, 'file'), '');
    assert.match(await refusal({ root: join(root, 'file'), config: runnerConfig(root) }), /file/);
    assert.match(await refusal({ action: 'resume', id: 'unknown' }), /unknown/);
    mkdirSync(join(root, 'broken/db'), { recursive: true });
    writeFileSync(join(root, 'broken/db/nni.sqlite'), 'this is no database, however long it may be'.repeat(100));
    assert.match(await refusal({ action: 'resume', id: 'broken' }), /nni\.sqlite/);
  });

  it('loses no metric while its database is locked for a while', async () => {
    const go = join(root, 'go');
    const trialCommand = shellTrial(`report PERIODICAL 1; until [ -e '${go}' ]; do sleep 0.02; done; report FINAL 2`);
    const runner = await launch({ config: { trialCommand, maxTrialNumber: 1 } });
    await runner.until(({ trials }) => trials[0]?.intermediates === 1);
    const database = new DatabaseSync(join(root, 'exp/db/nni.sqlite'));
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(go, '');
    const state = join(root, 'exp/environments/local-env/trials', (await runner.trials())[0]?.trialJobId ?? '');
    while (!existsSync(join(state, '.nni/state'))) await delay(10);
    // It answers while it waits.
    assert.equal((await runner.status()).status, 'NO_MORE_TRIAL');
    database.exec('ROLLBACK');
    database.close();
    await runner.untilStatus('DONE');
    const data = (await runner.metrics()).map((metric) => unwrapMetricData(metric.data));
    assert.deepEqual(data, ['1', '2']);
  });

  it('ends as ERROR with the reason when its database stays locked; a resume has every metric', async function () {
    this.timeout(120_000);
    const trialCommand = shellTrial('report PERIODICAL 1; sleep 0.2; report FINAL 2; sleep 600');
    const first = await launch({ config: { trialCommand, maxTrialNumber: 1 } });
    await first.until(({ trials }) => trials[0]?.intermediates === 1);
    const database = new DatabaseSync(join(root, 'exp/db/nni.sqlite'));
    database.exec('BEGIN EXCLUSIVE');
    for (let status = ''; status !== 'ERROR'; ) {
      ({ status } = await first.status());
      await delay(100);
    }
    assert.match((await first.status()).errors.join(), /database.*locked/i);
    assert.equal((await first.stop()).code, 0);
    database.exec('ROLLBACK');
    database.close();
    const second = await launch({ action: 'resume' });
    await second.untilStatus('DONE');
    const data = (await second.metrics()).map((metric) => unwrapMetricData(metric.data));
    assert.deepEqual(data, ['1', '2']);
  });

  it('leaves no process running after a stop at any moment of the start', async () => {
    const config = runnerConfig(root, { trialCommand: 'sleep 600', trialConcurrency: 2 });
    for (const wait of [0, 40, 80, 120, 150, 180, 210, 240, 300]) {
      const id = `stop${wait}`;
      const child = await RunnerProcess.fork({ root, id, config });
      const exit = once(child, 'exit');
      await delay(wait);
      child.kill('SIGTERM');
      const [code, signal] = await exit;
      // Before its first line runs, a process can only die of the signal.
      assert.ok(code === 0 || signal === 'SIGTERM', `${wait} ms: ${code} ${signal}`);
      const entry = existsSync(join(root, '.experiment'))
        ? JSON.parse(readFileSync(join(root, '.experiment'), 'utf8'))[id]
        : undefined;
      if (entry) assert.equal(entry.status, 'STOPPED');
      assert.deepEqual(await treeOf(-1, { NNI_EXP_ID: id, NNI_CODE_DIR: root }), []);
    }
  });

  it('goes on when the channel to its parent closes', async () => {
    const runner = await launch({ config: { trialCommand: 'sleep 600' } });
    if (runner.child.connected) runner.child.disconnect();
    assert.equal((await runner.status()).status, 'RUNNING');
  });
});
