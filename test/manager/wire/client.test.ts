/** The client's methods against our runner, our manager and the real NNI: the same assertions hold for all. */
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AlreadyConnectedError,
  ClientError,
  EndpointError,
  Experiment,
  NotConnectedError,
  NotFoundError,
  RejectedError,
  type TrialMetricData,
} from '../../../src/client/index.ts';
import type { BackendChoice, BackendSetting } from '../../../src/model/experiment/backend.ts';
import type { ExperimentStatus } from '../../../src/model/experiment/experiment.ts';
import type { SearchSpaceEntry } from '../../../src/model/space/searchSpace.ts';
import { treeOf } from '../../../src/system/processTable.ts';
import { bundles } from '../../harness/bundles.ts';
import { Home, untilGone } from '../../harness/home.ts';
import { findRealNni, noRealNni, patientProgram, type RealNni } from '../../harness/realNni.ts';
import {
  type Backend,
  managerBackend,
  ourBackend,
  type Running,
  realBackend,
  type WireConfig,
  wireFixtures,
} from './backends.ts';

/** The place of a metric in its trial's reports. */
function orderOf({ type, sequence = 0 }: TrialMetricData): number {
  return type === 'FINAL' ? Number.MAX_SAFE_INTEGER : sequence;
}

const nni = findRealNni();
if (!nni) console.log(`  ${noRealNni}`);

const config: WireConfig = {
  experimentName: 'client',
  searchSpace: { mode: { _type: 'choice', _value: ['metrics', 'silent', 'fail'] } },
  trialCommand: 'python3 trial.py',
  trialCodeDirectory: wireFixtures,
  trialConcurrency: 1,
  maxTrialNumber: 3,
  tuner: { name: 'GridSearch' },
};

/** Asks again until it is so; the test's timeout is the limit. */
async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

for (const backend of [ourBackend(), managerBackend(), ...(nni ? [realBackend(nni)] : [])]) {
  describe(`the client: ${backend.name}`, methods(backend));
}
for (const setting of ['embedded', 'nnictl'] as const) {
  describe(`an Experiment of its own: ${setting}`, lifecycle(setting));
}

function methods(backend: Backend) {
  return function (this: Mocha.Suite) {
    this.timeout(240_000);
    let running: Running;
    let experiment: Experiment;

    before(async () => {
      running = await backend.launch(config);
      experiment = new Experiment();
      const token = /^Bearer (.+)/.exec(running.headers.Authorization ?? '')?.[1];
      await experiment.connectExperiment(running.root, token === undefined ? {} : { token });
      const seen: ExperimentStatus[] = [];
      assert.equal(await experiment.waitCompletion({ interval: 50, onStatus: (status) => seen.push(status) }), true);
      assert.equal(seen.at(-1), 'DONE');
    });
    after(async () => {
      experiment?.dispose();
      await running?.dispose();
    });
    const trialOf = async (mode: string) => {
      const trials = await experiment.listTrialJobs();
      return trials.find((trial) => trial.hyperParameters?.[0]?.parameters?.mode === mode) ?? assert.fail(mode);
    };

    it('reports the address and kind of its server', async () => {
      assert.deepEqual([experiment.id, experiment.endpoint], [running.id, running.root]);
      assert.equal(experiment.port, Number(new URL(running.root).port));
      assert.match(await experiment.getVersion(), /^\d+\.\d+/);
      assert.deepEqual(await experiment.getExperimentStatus(), { status: 'DONE', errors: [] });
      const { id, params } = await experiment.getExperimentProfile();
      assert.deepEqual([id, params.experimentName], [running.id, 'client']);
      const { id: recorded, pid } = await experiment.getExperimentMetadata();
      assert.deepEqual([recorded, pid], [running.id, running.pid]);
      assert.deepEqual(
        (await experiment.getAllExperimentsMetadata()).map((entry) => entry.id),
        [running.id],
      );
    });

    it('lists trials and gives one, with parameters and result opened', async () => {
      const trials = await experiment.listTrialJobs();
      assert.deepEqual(trials.map((trial) => trial.status).sort(), ['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
      const trial = await trialOf('metrics');
      assert.deepEqual(trial.finalMetricData?.[0]?.data, { default: 0.75, loss: 0.5 });
      assert.equal((await trialOf('silent')).finalMetricData, undefined);
      assert.deepEqual(await experiment.getTrialJob(trial.trialJobId ?? ''), trial);
      assert.match(
        String(trial),
        new RegExp(`^TrialJob\\(trialJobId: '${trial.trialJobId}' status: 'SUCCEEDED' hyper`),
      );
      assert.deepEqual(
        (await experiment.listTrialJobs({ status: 'FAILED' })).map(({ trialJobId }) => trialJobId),
        [(await trialOf('fail')).trialJobId],
      );
      const statistics = await experiment.getJobStatistics();
      const counts = Object.fromEntries(statistics.map((entry) => [entry.trialJobStatus, entry.trialJobNumber]));
      assert.deepEqual(counts, { SUCCEEDED: 2, FAILED: 1 });
      await assert.rejects(experiment.getTrialJob('nosuch'), NotFoundError);
    });

    it('reads metrics of all, of one, of some, and the latest, as Python decodes them', async () => {
      const { trialJobId = '', sequenceId = -1 } = await trialOf('metrics');
      const reported = [0.25, Number.NaN, Number.POSITIVE_INFINITY, 'text', null, true];
      const odd = [{ default: 0.5, loss: Number.NaN }, [1, 2], { default: 0.75, loss: 0.5 }];
      const { [trialJobId]: stored = [] } = await experiment.getJobMetrics();
      // NNI's manager stores what comes at the same moment in any order.
      const all = [...stored].sort((a, b) => orderOf(a) - orderOf(b));
      assert.deepEqual(
        all.map(({ data }) => data),
        [...reported, ...odd],
      );
      assert.deepEqual(
        all.map(({ type, sequence }) => [type, sequence]),
        [...Array.from({ length: 8 }, (_, sequence) => ['PERIODICAL', sequence]), ['FINAL', 0]],
      );
      assert.deepEqual(await experiment.getJobMetrics(trialJobId), { [trialJobId]: stored });
      assert.deepEqual(await experiment.metricRange(sequenceId, sequenceId), { [trialJobId]: stored });
      const { [trialJobId]: latest = [] } = await experiment.latestMetrics();
      assert.deepEqual(latest.map(({ data }) => data).sort(), [{ default: 0.75, loss: 0.5 }, [1, 2]].sort());
      assert.deepEqual(await experiment.getJobMetrics('nosuch'), {});
    });

    it('exports parameters and results', async () => {
      const { trialJobId } = await trialOf('metrics');
      const [result, ...others] = await experiment.exportData();
      assert.deepEqual(
        { ...result },
        { parameter: { mode: 'metrics' }, value: { default: 0.75, loss: 0.5 }, trialJobId },
      );
      assert.deepEqual(others, []);
    });

    it('reads files of trials and logs, whole or their ends', async () => {
      const { trialJobId = '' } = await trialOf('fail');
      assert.match((await experiment.readTrialFile(trialJobId, 'trial.log')).text, /the mode is fail/);
      const end = await experiment.readTrialFile(trialJobId, 'trial.stderr', { maxBytes: 5 });
      assert.equal(end.truncated, true);
      assert.ok((await experiment.readExperimentLog({ maxBytes: 2000 })).text.length > 0);
      await assert.rejects(experiment.readTrialFile(trialJobId, 'nosuch'), ClientError);
    });

    it('imports results and gives back what was imported', async () => {
      await experiment.importData([{ parameter: { mode: 'silent' }, value: 0.5 }]);
      assert.deepEqual(await experiment.getImportedData(), [{ parameter: { mode: 'silent' }, value: 0.5 }]);
    });

    it('changes limits and the search space, given as a value or a file', async () => {
      await experiment.updateTrialnum(99);
      await experiment.updateConcurrency(2);
      await experiment.updateDuration('2h');
      const mode: SearchSpaceEntry = { _type: 'choice', _value: ['silent', 'metrics'] };
      await experiment.updateSearchspace({ mode });
      const { params } = await experiment.getExperimentProfile();
      assert.deepEqual(
        [params.maxTrialNumber, params.trialConcurrency, params.maxExperimentDuration, params.searchSpace],
        [99, 2, 7200, { mode }],
      );
      const file = join(running.home.path, 'space.json');
      await writeFile(file, JSON.stringify({ mode: { _type: 'choice', _value: ['silent'] } }));
      await experiment.updateSearchspace(file);
      await experiment.updateTrailnum(98);
      const after = (await experiment.getExperimentProfile()).params;
      assert.deepEqual(
        [after.maxTrialNumber, after.searchSpace],
        [98, { mode: { _type: 'choice', _value: ['silent'] } }],
      );
      const config = join(running.home.path, 'whole.json');
      await writeFile(config, JSON.stringify({ ...after, trainingService: { platform: 'local' } }));
      await experiment.updateSearchspace(config);
      await writeFile(file, '{"mode": {"_type": "chioce", "_value": [1]}}');
      await assert.rejects(experiment.updateSearchspace(file), /space\.json can't be used: line 1: .*chioce/);
      await assert.rejects(experiment.updateSearchspace('/nowhere/space.json'), /nowhere.*can't be read/);
    });

    it('adds a trial of one’s own and ends it', async () => {
      const number = await experiment.addTrial({ mode: 'sleep' });
      assert.equal(typeof number, 'number');
      const isSleeper = ({ hyperParameters }: Awaited<ReturnType<typeof trialOf>>) =>
        hyperParameters?.[0]?.parameters?.mode === 'sleep';
      const { trialJobId = '' } = await until(async () =>
        (await experiment.listTrialJobs()).find((trial) => isSleeper(trial) && trial.status === 'RUNNING'),
      );
      await experiment.killTrialJob(trialJobId);
      await until(async () => (await experiment.getTrialJob(trialJobId)).status === 'USER_CANCELED');
      const { trialJobId: done = '' } = await trialOf('metrics');
      await experiment.killTrialJob(done);
      assert.equal((await experiment.getTrialJob(done)).status, 'SUCCEEDED');
    });

    it('lists TensorBoards, and says what is wrong about one that is not there', async () => {
      assert.deepEqual(await experiment.listTensorBoards(), []);
      await assert.rejects(experiment.getTensorBoard('nosuch'), ClientError);
      await experiment.stopTensorBoards();
    });

    it('ends a wait when it is cancelled', async () => {
      await experiment.addTrial({ mode: 'sleep' });
      await until(async () => (await experiment.getExperimentStatus()).status !== 'DONE');
      const leave = new AbortController();
      const waiting = experiment.waitCompletion({ signal: leave.signal });
      leave.abort(new Error('no more'));
      await assert.rejects(waiting, /no more/);
      await assert.rejects(experiment.listTrialJobs({ signal: leave.signal }), /no more/);
    });

    it('refuses a second connection, and forgets an experiment that it stopped', async () => {
      const { http } = experiment;
      await assert.rejects(experiment.connectExperiment(running.root), AlreadyConnectedError);
      await assert.rejects(experiment.startExperiment('config.yml'), AlreadyConnectedError);
      const token = /^Bearer (.+)/.exec(running.headers.Authorization ?? '')?.[1];
      const other = new Experiment();
      await other.connectExperiment(`${running.root}/?token=${token ?? 'none'}`);
      assert.equal((await other.getExperimentProfile()).id, running.id);
      other.dispose();
      assert.equal(experiment.http, http);
      await experiment.stopExperiment();
      assert.deepEqual([experiment.id, experiment.endpoint, experiment.port], [undefined, undefined, undefined]);
      await assert.rejects(experiment.getExperimentStatus(), NotConnectedError);
      await running.ended;
    });
  };
}

function lifecycle(setting: Exclude<BackendSetting, 'auto'>) {
  return function (this: Mocha.Suite) {
    this.timeout(240_000);
    let home: Home;
    let file: string;
    let make: () => Experiment;

    before(async function () {
      if (setting === 'nnictl' && !nni) this.skip();
      home = await Home.make();
      file = join(home.path, 'config.json');
      await writeFile(file, JSON.stringify({ ...config, trainingService: { platform: 'local' } }));
      const { manager } = await bundles();
      const environment = home.environment(nni?.python);
      const nnictl = nni ? await patientNnictlIn(home, nni) : '';
      make = () => new Experiment({ environment, managerScript: manager, ...(nnictl === '' ? {} : { nnictl }) });
    });
    after(() => home?.dispose());

    it('is started, waited for, stopped, viewed and resumed', async () => {
      const experiment = make();
      const choices: BackendChoice[] = [];
      const onBackend = (choice: BackendChoice) => void choices.push(choice);
      assert.equal(await experiment.runExperiment(file, { backend: setting, onBackend, interval: 100 }), true);
      assert.deepEqual(
        choices.map(({ backend }) => backend),
        [setting],
      );
      const { id = '', endpoint = '' } = experiment;
      const { pid = 0 } = await experiment.getExperimentMetadata();
      assert.equal((await home.manifest())[id]?.pid, pid);
      const trials = await experiment.listTrialJobs();
      assert.equal(trials.length, 3);
      await experiment.stopExperiment();
      await untilGone(pid, 5000);
      await assert.rejects(make().connectExperiment(endpoint), EndpointError);

      await experiment.viewExperiment(id, { backend: setting });
      assert.deepEqual((await experiment.getExperimentStatus()).status, 'VIEWED');
      assert.deepEqual(
        (await experiment.listTrialJobs()).map(({ trialJobId }) => trialJobId),
        trials.map(({ trialJobId }) => trialJobId),
      );
      await assert.rejects(experiment.updateConcurrency(2), RejectedError);
      await experiment.stopExperiment();

      await experiment.resumeExperiment(id, { backend: setting });
      assert.equal(experiment.id, id);
      await experiment.updateTrialnum(5);
      const other = make();
      await other.connectExperiment(experiment.endpoint ?? '');
      assert.equal(other.id, id);
      other.dispose();
      await experiment.stopExperiment();
    });

    it('names the faults of a config, and accepts another config', async () => {
      const experiment = make();
      const wrong = join(home.path, 'wrong.json');
      await writeFile(wrong, JSON.stringify({ ...config, trialConcurency: 1, trainingService: { platform: 'local' } }));
      await assert.rejects(experiment.startExperiment(wrong, { backend: setting }), (error) => {
        assert.ok(error instanceof ClientError);
        assert.match(error.message, /trialConcur+ency/i);
        return true;
      });
      const starting = experiment.startExperiment('/nowhere/config.yml', { backend: setting });
      await assert.rejects(experiment.connectExperiment('localhost:1'), AlreadyConnectedError);
      await assert.rejects(starting, /\/nowhere\/config\.yml/);
      await assert.rejects(experiment.resumeExperiment('nosuch', { backend: setting }), /no.*experiment nosuch/);
      await assert.rejects(experiment.getExperimentStatus(), NotConnectedError);
    });

    it('leaves nothing running when its start is cancelled', async () => {
      const experiment = make();
      // Whichever moment that is on this machine.
      for (const milliseconds of [0, 50, 200, 800, 2000]) {
        const leave = new AbortController();
        const timer = setTimeout(() => leave.abort(new Error('changed my mind')), milliseconds);
        try {
          await experiment.startExperiment(file, { backend: setting, signal: leave.signal });
          await experiment.stopExperiment();
        } catch (error) {
          assert.match(String(error), /changed my mind/);
        } finally {
          clearTimeout(timer);
        }
      }
      // A runner of ours, or NNI's manager: both have --experiment-id among their arguments.
      await until(async () => {
        const started = await treeOf(-1, { HOME: home.path });
        const commands = started.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
        return !(await Promise.all(commands)).some((command) => command.includes('--experiment-id'));
      });
      assert.equal(experiment.endpoint, undefined);
    });

    it('starts nothing when it is cancelled before', async () => {
      const experiment = make();
      const started = () => readdir(home.experiments);
      const before = await started();
      const signal = AbortSignal.abort(new Error('changed my mind'));
      await assert.rejects(experiment.startExperiment(file, { backend: setting, signal }), /changed my mind/);
      assert.deepEqual(await started(), before);
    });
  };
}

/** A program named `nnictl` with more patience than NNI's. */
async function patientNnictlIn(home: Home, real: RealNni): Promise<string> {
  const path = join(home.path, 'bin', 'nnictl');
  await mkdir(join(home.path, 'bin'));
  await writeFile(path, `#!/bin/sh\nexec ${real.python} ${patientProgram} "$@"\n`);
  await chmod(path, 0o755);
  return path;
}
