/** NNI's own clients, `nnictl` and Python's `Experiment`, drive our runner, and NNI opens what it has stored. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePort } from '../../harness/home.ts';
import { findRealNni, launchWithNnictl, noRealNni, type RealNni } from '../../harness/realNni.ts';
import { ourBackend, type Running, type WireConfig, wireFixtures } from './backends.ts';
import { Rest, record } from './rest.ts';

const config: WireConfig = {
  experimentName: 'driven',
  searchSpace: { mode: { _type: 'choice', _value: ['metrics', 'silent', 'fail'] } },
  trialCommand: 'python3 trial.py',
  trialCodeDirectory: wireFixtures,
  trialConcurrency: 2,
  maxTrialNumber: 3,
  tuner: { name: 'GridSearch' },
};

describe("NNI's own clients on our runner", function () {
  this.timeout(180_000);
  let nni: RealNni;
  let experiment: Running;
  let rest: Rest;
  const disposals: (() => Promise<void>)[] = [];

  before(function () {
    const found = findRealNni();
    if (!found) {
      console.log(`  ${noRealNni}`);
      this.skip();
    }
    nni = found;
  });
  beforeEach(async () => {
    experiment = await ourBackend().launch(config);
    disposals.push(() => experiment.dispose());
    rest = new Rest(experiment.port);
    await rest.untilStatus('DONE');
  });
  afterEach(async () => {
    for (const dispose of disposals.splice(0).reverse()) await dispose();
  });

  /** Output of `nnictl`, without colours. Rejects when it fails or says that it did. */
  async function nnictl(...args: string[]): Promise<string> {
    const result = await execa(nni.nnictl, args, {
      env: experiment.home.environment(nni.python),
      extendEnv: false,
      all: true,
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's colours
    const output = result.all.replace(/\x1b\[[\d;]*m/g, '');
    if (/^ERROR/m.test(output)) throw new Error(`nnictl ${args.join(' ')}: ${output}`);
    return output;
  }

  async function startSleeper(): Promise<string> {
    await rest.ask('POST', '/trial-jobs', { mode: 'sleep' });
    const trial = await rest.untilTrial((t) => record(t).parameters.mode === 'sleep' && t.status === 'RUNNING');
    return trial.trialJobId;
  }

  it('nnictl lists, shows, changes, exports and stops it', async () => {
    const { id, home } = experiment;
    const [all, status, profile, jobs] = await Promise.all([
      nnictl('experiment', 'list'),
      nnictl('experiment', 'status', id),
      nnictl('experiment', 'show', id),
      nnictl('trial', 'ls', id),
    ]);
    assert.match(all, new RegExp(`Id: ${id} +Name: driven +Status: DONE +Port: ${experiment.port}`));
    assert.match(status, /"status": ?"DONE"/);
    assert.match(profile, new RegExp(`"id": ?"${id}"`));
    const list = JSON.parse(jobs) as { status: string }[];
    assert.deepEqual(list.map((trial) => trial.status).sort(), ['FAILED', 'SUCCEEDED', 'SUCCEEDED']);

    const space = join(home.path, 'space.json');
    await writeFile(space, JSON.stringify({ mode: { _type: 'choice', _value: ['silent', 'fail', 'metrics'] } }));
    await Promise.all([
      nnictl('update', 'trialnum', id, '--value', '99'),
      nnictl('update', 'concurrency', id, '--value', '3'),
      nnictl('update', 'duration', id, '--value', '2h'),
      nnictl('update', 'searchspace', id, '--filename', space),
    ]);
    const { params } = await rest.profile();
    assert.deepEqual([params.maxTrialNumber, params.trialConcurrency, params.maxExperimentDuration], [99, 3, 7200]);
    assert.deepEqual(params.searchSpace, JSON.parse(await readFile(space, 'utf8')));

    const sleeper = await startSleeper();
    await nnictl('trial', 'kill', id, '--trial_id', sleeper);
    await rest.untilTrial((trial) => trial.trialJobId === sleeper && trial.status === 'USER_CANCELED');

    const json = join(home.path, 'out.json');
    await nnictl('experiment', 'export', id, '--type', 'json', '--filename', json, '--intermediate');
    const exported = JSON.parse(await readFile(json, 'utf8'));
    assert.equal(exported.length, 1);
    assert.deepEqual(exported[0].parameter, { mode: 'metrics' });
    assert.deepEqual(exported[0].intermediate.slice(0, 2), ['0.25', 'NaN']);
    const csv = join(home.path, 'out.csv');
    await nnictl('experiment', 'export', id, '--type', 'csv', '--filename', csv);
    const [header = '', row = ''] = (await readFile(csv, 'utf8')).split(/\r?\n/);
    assert.deepEqual(header.split(',').sort(), ['default', 'loss', 'mode', 'trialJobId']);
    assert.ok(row.split(',').includes('0.75'), row);

    const data = join(home.path, 'import.json');
    await writeFile(data, JSON.stringify([{ parameter: { mode: 'silent' }, value: 0.5 }]));
    await nnictl('experiment', 'import', id, '--filename', data);
    assert.equal((await rest.get<unknown[]>('/experiment/imported-data')).length, 1);

    await nnictl('stop', id);
    await experiment.ended;
    assert.match(await nnictl('experiment', 'list', '--all'), new RegExp(`Id: ${id} +Name: driven +Status: STOPPED`));
  });

  it("Python's Experiment connects, reads, changes and stops it", async () => {
    await rest.update('MAX_TRIAL_NUM', 'maxTrialNumber', 99);
    const sleeper = await startSleeper();
    const args = [join(wireFixtures, 'drive.py'), String(experiment.port), 'stop'];
    const result = await execa(nni.python, args, { env: experiment.home.environment(nni.python), extendEnv: false });
    const line = result.stdout.split('\n').find((text) => text.startsWith('{')) ?? '';
    const seen = JSON.parse(line.replaceAll(/\b(NaN|Infinity)\b/g, '"$1"'));
    assert.equal(seen.id, experiment.id);
    assert.ok(['RUNNING', 'TUNER_NO_MORE_TRIAL'].includes(seen.status), seen.status);
    assert.equal(seen.profile.id, experiment.id);
    assert.equal(seen.metadata.pid, experiment.pid);
    assert.equal(seen.trials.length, 4);
    const full = seen.trials.find((trial: { parameters: { mode: string } }) => trial.parameters.mode === 'metrics');
    assert.deepEqual([full.status, full.final], ['SUCCEEDED', { default: 0.75, loss: 0.5 }]);
    assert.equal(seen.one, seen.trials[0].id);
    assert.deepEqual(
      seen.metrics[full.id].map((metric: unknown[]) => metric[2]),
      [
        0.25,
        'NaN',
        'Infinity',
        'text',
        null,
        true,
        { default: 0.5, loss: 'NaN' },
        [1, 2],
        { default: 0.75, loss: 0.5 },
      ],
    );
    assert.deepEqual(seen.exported, [[{ mode: 'metrics' }, { default: 0.75, loss: 0.5 }, full.id]]);
    const { trialConcurrency, maxTrialNumber, searchSpace } = seen.updated;
    assert.deepEqual([trialConcurrency, maxTrialNumber, searchSpace.mode._value], [3, 77, ['silent']]);
    await experiment.ended;
    assert.equal(seen.metrics[sleeper].length, 1);
  });

  it('nnictl views what it has stored', async () => {
    const before = await rest.trials();
    const metrics = await rest.metrics();
    await nnictl('stop', experiment.id);
    await experiment.ended;
    const port = await freePort();
    const env = experiment.home.environment(nni.python);
    await launchWithNnictl(nni, ['view', experiment.id, '--port', String(port)], env);
    disposals.push(async () => void (await nnictl('stop', experiment.id)));
    const viewed = new Rest(port);
    await viewed.untilStatus('VIEWED');
    assert.deepEqual(await viewed.metrics(), metrics);
    const stored = await viewed.trials();
    assert.deepEqual(
      stored.map(({ message: _, stderrPath: __, ...trial }) => trial),
      before.map(({ message: _, stderrPath: __, ...trial }) => trial),
    );
    assert.deepEqual(await viewed.get('/export-data'), [
      {
        parameter: { mode: 'metrics' },
        value: '{"default": 0.75, "loss": 0.5}',
        trialJobId: stored.find((trial) => record(trial).parameters.mode === 'metrics')?.trialJobId,
      },
    ]);
  });
});
