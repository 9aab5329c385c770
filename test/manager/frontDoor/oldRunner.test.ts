/** An experiment that the runner of version 0.1.0 started goes on under this version's manager and runner. */
import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../../scripts/folders.ts';
import { followExperiment } from '../../../src/client/follow/follow.ts';
import { possibleActions } from '../../../src/model/experiment/actions.ts';
import type { ExperimentChange, ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { MetricDataRecord } from '../../../src/model/trial/trial.ts';
import { experimentRoot, nniBase } from '../../../src/wire/routes.ts';
import { Home, killHard, untilGone } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

const id = 'begun010';

describe('an experiment of version 0.1.0', () => {
  let home: Home;
  let manager: ManagerProcess;
  let go: string;

  beforeEach(async () => {
    home = await Home.make();
    go = join(home.path, 'go');
  });
  afterEach(() => home.dispose());

  /** Starts the old runner as the manager of 0.1.0 did: on its own, with the config over a channel that is closed then. */
  async function startOldRunner(): Promise<{ pid: number; port: number }> {
    const package010 = join(home.path, 'trialdeck-0.1.0');
    await mkdir(package010);
    const archive = join(projectRoot, 'test/fixtures/runner-0.1.0/runner.tar.gz');
    await promisify(execFile)('tar', ['-xzf', archive, '-C', package010]);
    const wait = `trap 'exit 130' INT; until [ -e '${go}' ] || [ ! -d '${home.path}' ]; do sleep 0.02; done`;
    const config = runnerConfig(home.experiments, {
      experimentName: 'begun by 0.1.0',
      // The first trial ends, the others wait for `go`.
      trialCommand: shellTrial(
        `report PERIODICAL 0.5 0; report PERIODICAL 0.6 1
        [ -e ended ] && { ${wait}; report PERIODICAL 0.7 2; }
        touch ended; report FINAL 1`,
      ),
      trialCodeDirectory: home.path,
      trialConcurrency: 1,
      maxTrialNumber: 4,
    });
    const args = ['--experiments-directory', home.experiments, '--experiment-id', id, '--action', 'create'];
    const runner = fork(join(package010, 'dist/runner.js'), [...args, '--port', '0'], {
      cwd: home.experiments,
      detached: true,
      execArgv: [],
      env: home.environment(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    runner.send({ type: 'launch', config: JSON.stringify(config) });
    const [answer] = await once(runner, 'message');
    assert.equal(answer.type, 'ready', JSON.stringify(answer));
    runner.disconnect();
    runner.unref();
    return { pid: answer.pid, port: answer.port };
  }

  const isWaiting = ({ counts }: ExperimentSummary) => counts.SUCCEEDED === 1 && counts.RUNNING === 1;
  const experiment = () => manager.client.experiment(id);

  /** Resumes the experiment with this version's runner, lets its trials end, and checks that each metric counts once. */
  async function resumeToTheEnd(succeeded: number): Promise<void> {
    const { pid } = await manager.launch({ action: 'resume', id });
    await writeFile(go, '');
    const done = await manager.until(id, ({ status }) => status === 'DONE');
    assert.deepEqual([done.pid, done.counts.SUCCEEDED, done.best?.value], [pid, succeeded, 1]);
    const metrics = await manager.get<MetricDataRecord[]>(`${experimentRoot(id)}${nniBase}/metric-data`);
    const ended = (await experiment().listTrialJobs()).filter(({ status }) => status === 'SUCCEEDED');
    assert.equal(ended.length, succeeded);
    for (const { trialJobId } of ended) {
      const own = metrics.filter((metric) => metric.trialJobId === trialJobId);
      const sequences = own.filter(({ type }) => type === 'PERIODICAL').map(({ sequence }) => sequence);
      assert.deepEqual(sequences, [0, 1, 2].slice(0, sequences.length), `${trialJobId}: each once, in order`);
      assert.ok(sequences.length >= 2);
      assert.equal(own.filter(({ type }) => type === 'FINAL').length, 1, `${trialJobId}: one result`);
    }
    await experiment().stopExperiment();
    await untilGone(pid);
  }

  it('is listed, followed, stopped and resumed', async () => {
    const { pid, port } = await startOldRunner();
    manager = await ManagerProcess.start(home);
    const listed = await manager.until(id, isWaiting);
    assert.deepEqual(
      [listed.name, listed.engine, listed.live, listed.pid, listed.port],
      ['begun by 0.1.0', 'trialdeck', true, pid, port],
    );
    assert.deepEqual(possibleActions(listed), [
      'open',
      'export',
      'stop',
      'update',
      'addTrial',
      'killTrial',
      'importData',
      'tensorBoard',
    ]);
    assert.equal((await experiment().snapshot()).trials.length, 2);
    const changes: ExperimentChange[] = [];
    const leave = new AbortController();
    const change = new Promise<void>((resolve) => {
      void followExperiment(
        experiment(),
        {
          onSnapshot: () => void experiment().updateConcurrency(2),
          onChange: (each) => {
            changes.push(each);
            if (each.summary?.counts.RUNNING === 2) resolve();
          },
        },
        leave.signal,
      );
    });
    await change;
    leave.abort();
    assert.equal(changes.at(-1)?.summary?.trialConcurrency, 2, 'steered through the manager');
    await experiment().stopExperiment();
    const stopped = await manager.until(id, ({ live }) => !live);
    assert.equal(stopped.status, 'STOPPED');
    await untilGone(pid);
    // Two trials ran when it was stopped.
    await resumeToTheEnd(2);
  });

  it('goes on after its runner was killed: the living trial is adopted', async () => {
    const { pid } = await startOldRunner();
    manager = await ManagerProcess.start(home);
    const before = await manager.until(id, isWaiting);
    assert.ok(before.live);
    await killHard(pid);
    const crashed = await manager.until(id, ({ live }) => !live);
    assert.match(crashed.errors.join(), /crashed/);
    await resumeToTheEnd(4);
  });
});
