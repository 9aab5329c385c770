/** What lies in a folder, as the manager shows it: NNI's own experiments, and what is damaged, beside each other. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { projectRoot } from '../../../scripts/folders.ts';
import { possibleActions } from '../../../src/model/experiment/actions.ts';
import type {
  ExperimentProfile,
  ExperimentSnapshot,
  ExperimentSummary,
} from '../../../src/model/experiment/experiment.ts';
import type { TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { experimentRoot, experimentRoutes, managerRoutes, nniBase } from '../../../src/wire/routes.ts';
import type { ManagerInfo } from '../../../src/wire/schemas/manager.ts';
import { Home } from '../../harness/home.ts';
import { type ManagerOptions, ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

const fixtures = join(projectRoot, 'test/fixtures/nni-3.0/experiments');
const nobody = 65534;

describe('a manager with stored experiments', () => {
  let home: Home;
  const databaseOf = (id: string) => join(home.experiments, id, 'db/nni.sqlite');
  const route = (id: string, path: string) => `${experimentRoot(id)}${nniBase}${path}`;
  const list = async (manager: ManagerProcess) => {
    const summaries = await manager.get<ExperimentSummary[]>(managerRoutes.experiments);
    return new Map(summaries.map((summary) => [summary.id, summary]));
  };
  const start = (options: ManagerOptions = {}) => ManagerProcess.start(home, options);
  /** Puts a copy of NNI's experiment there under another id, and gives its database's path. */
  function addCopy(id: string): string {
    const path = databaseOf(id);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(join(fixtures, 'hfc6tdyj/db/nni.sqlite'), path);
    return path;
  }

  beforeEach(async () => {
    home = await Home.make();
    cpSync(fixtures, home.experiments, { recursive: true });
  });
  afterEach(() => home.dispose());

  it("lists NNI's own experiments, wherever the manifest says they once were", async () => {
    const experiments = await list(await start());
    const hpo = experiments.get('hfc6tdyj');
    assert.equal(hpo?.name, 'quad');
    assert.equal(hpo?.type, 'hpo');
    assert.equal(hpo?.engine, 'nni');
    assert.equal(hpo?.live, false);
    assert.equal(hpo?.directory, join(home.experiments, 'hfc6tdyj'));
    assert.equal(
      Object.values(hpo?.counts ?? {}).reduce((sum, count) => sum + count, 0),
      12,
    );
    assert.equal(typeof hpo?.best?.value, 'number');
    assert.equal(experiments.get('fcqgwob9')?.type, 'nas');
  });

  it('lists an architecture search without a database, and invents nothing when it is opened', async () => {
    const manager = await start();
    const found = (await list(manager)).get('j6inbw3e') ?? assert.fail();
    const { actions, ...facts } = found;
    assert.deepEqual(possibleActions({ actions }), ['open', 'export', 'delete', 'dispatcherLog']);
    assert.deepEqual(
      { ...facts, durationAt: 0 },
      {
        id: 'j6inbw3e',
        name: 'nas-toy',
        type: 'nas',
        status: 'STOPPED',
        live: false,
        engine: 'nni',
        errors: [],
        platform: 'local',
        tuner: '',
        optimizeMode: 'maximize',
        startTime: 1795351220237,
        endTime: 1795351220555,
        execDuration: 0.318,
        durationAt: 0,
        trialConcurrency: 1,
        counts: {},
        directory: join(home.experiments, 'j6inbw3e'),
      },
    );
    const experiment = manager.client.experiment('j6inbw3e');
    const { trials, metrics, config, summary } = await experiment.snapshot();
    assert.deepEqual([trials, metrics.data, summary.name], [[], [], 'nas-toy']);
    assert.equal((config as { executionEngine?: { name: string } }).executionEngine?.name, 'sequential');
    assert.deepEqual(await experiment.listTrialJobs(), []);
    assert.match((await experiment.readExperimentLog({ name: 'experiment.log' })).text, /sequential execution engine/);
    await assert.rejects(manager.launch({ action: 'resume', id: 'j6inbw3e' }), { status: 409 });
    // An architecture search whose folder is gone leaves the list, like any other experiment.
    rmSync(join(home.experiments, 'j6inbw3e'), { recursive: true });
    await manager.stop();
    assert.deepEqual([...(await list(await start())).keys()], ['hfc6tdyj', 'fcqgwob9']);
  });

  it('serves a stored experiment read-only from its database', async () => {
    const manager = await start();
    const profile = await manager.get<ExperimentProfile>(route('hfc6tdyj', '/experiment'));
    assert.equal(profile.id, 'hfc6tdyj');
    const trials = await manager.get<TrialJobInfo[]>(route('hfc6tdyj', '/trial-jobs'));
    assert.equal(trials.length, 12);
    const first = trials[0]?.trialJobId;
    assert.equal((await manager.get<TrialJobInfo>(route('hfc6tdyj', `/trial-jobs/${first}`))).trialJobId, first);
    const log = await manager.fetch(route('hfc6tdyj', `/trial-file/${first}/trial.log`));
    assert.equal(
      await log.text(),
      readFileSync(join(fixtures, `hfc6tdyj/environments/local-env/trials/${first}/trial.log`), 'utf8'),
    );
    const snapshot = await manager.get<ExperimentSnapshot>(experimentRoot('hfc6tdyj') + experimentRoutes.snapshot);
    assert.equal(snapshot.trials.length, 12);
    for (const [method, path, body] of [
      ['DELETE', '/experiment', undefined],
      ['PUT', '/experiment?update_type=MAX_TRIAL_NUM', '{}'],
      ['POST', '/trial-jobs', '{}'],
      ['DELETE', `/trial-jobs/${first}`, undefined],
    ] as const) {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await manager.fetch(route('hfc6tdyj', path), { method, headers, ...(body ? { body } : {}) });
      assert.equal(answer.status, 409, `${method} ${path}`);
      assert.match(((await answer.json()) as { error: string }).error, /hfc6tdyj is not running; resume it/);
    }
  });

  it('lists the whole folder when the manifest is cut off in the middle, and says what to do', async () => {
    truncateSync(join(home.experiments, '.experiment'), 200);
    const manager = await start();
    assert.deepEqual([...(await list(manager)).keys()].sort(), ['fcqgwob9', 'hfc6tdyj']);
    const { warnings } = await manager.get<ManagerInfo>(managerRoutes.info);
    assert.match(warnings?.join() ?? '', /\.experiment is not valid JSON\. Repair or remove it/);
    const refused = manager.launch({ action: 'create', config: runnerConfig(home.experiments) });
    await assert.rejects(refused, /\.experiment is not valid JSON\. Repair or remove it/);

    copyFileSync(join(fixtures, '.experiment'), join(home.experiments, '.experiment'));
    await manager.launch({ action: 'create', config: runnerConfig(home.experiments) });
    assert.equal((await manager.get<ManagerInfo>(managerRoutes.info)).warnings, undefined);

    // A listening client hears of it at once, both ways.
    const heard: string[] = [];
    for await (const { event, data } of manager.events(managerRoutes.events)) {
      if (event === 'list') truncateSync(join(home.experiments, '.experiment'), 200);
      if (event !== 'warnings') continue;
      heard.push(...(data as string[]), '.');
      if (heard.length > 2) break;
      copyFileSync(join(fixtures, '.experiment'), join(home.experiments, '.experiment'));
    }
    assert.match(heard.join(''), /^.*\.experiment is not valid JSON\. Repair or remove it[^.]*\.\.\.$/);
  });

  it('lists all others beside damaged databases, and gives each reason', async () => {
    truncateSync(addCopy('cut-off'), 5000);
    writeFileSync(addCopy('garbage'), 'this is no database, however long it may be. '.repeat(200));
    truncateSync(addCopy('empty'), 0);
    const manager = await start();
    const experiments = await list(manager);
    assert.deepEqual([...experiments.keys()].sort(), [
      'cut-off',
      'empty',
      'fcqgwob9',
      'garbage',
      'hfc6tdyj',
      'j6inbw3e',
    ]);
    assert.equal(experiments.get('hfc6tdyj')?.status, 'DONE');
    for (const id of ['cut-off', 'garbage', 'empty']) {
      const { status, live, errors } = experiments.get(id) ?? {};
      assert.deepEqual([status, live, errors?.length], ['ERROR', false, 1], id);
      assert.match(errors?.[0] ?? '', new RegExp(`${id}/db/nni\\.sqlite (is damaged|holds no experiment)`));
      const answer = await manager.fetch(route(id, '/trial-jobs'));
      assert.equal(answer.status, 503);
      assert.equal(((await answer.json()) as { error: string }).error, errors?.[0]);
      await assert.rejects(manager.launch({ action: 'resume', id }), /nni\.sqlite/);
    }
  });

  it('names a locked database as locked, and reads it as soon as it is free', async () => {
    const locker = new DatabaseSync(addCopy('locked'));
    locker.exec('BEGIN EXCLUSIVE');
    const manager = await start();
    const locked = (await list(manager)).get('locked');
    assert.deepEqual(
      [locked?.status, locked?.errors],
      ['ERROR', [`${databaseOf('locked')} is locked by another program.`]],
    );
    assert.equal((await list(manager)).get('hfc6tdyj')?.status, 'DONE');
    assert.equal((await manager.fetch(route('locked', '/trial-jobs'))).status, 503);
    locker.exec('ROLLBACK');
    locker.close();
    const free = await manager.until('locked', ({ status }) => status !== 'ERROR');
    assert.deepEqual([free.name, free.errors], ['quad', []]);
    assert.equal((await manager.get<TrialJobInfo[]>(route('locked', '/trial-jobs'))).length, 12);
  });

  it('reads a database in a read-only folder, and names one that can’t be read', async () => {
    const shown = addCopy('shown');
    const wal = new DatabaseSync(shown);
    wal.exec('PRAGMA journal_mode = WAL');
    wal.close();
    chmodSync(shown, 0o444);
    chmodSync(dirname(shown), 0o555);
    // Their writers were killed in the middle, with and without a write-ahead log.
    for (const [id, mode] of [
      ['hot', 'DELETE'],
      ['log', 'WAL'],
    ] as const) {
      const path = addCopy(id);
      const writer = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
        db.exec('PRAGMA journal_mode = ${mode}; PRAGMA cache_size = 1; PRAGMA cache_spill = 1');
        db.exec("UPDATE ExperimentProfile SET params = json_set(params, '$.experimentName', '${id}')");
        db.exec('BEGIN');
        const row = db.prepare("INSERT INTO MetricData VALUES (1, 'x', '0', 'FINAL', 0, ?)");
        for (let i = 0; i < 3000; i++) row.run('x'.repeat(300));
        process.kill(process.pid, 'SIGKILL')`;
      spawnSync(process.execPath, ['-e', writer, path]);
      for (const name of readdirSync(dirname(path))) chmodSync(join(dirname(path), name), 0o444);
      chmodSync(dirname(path), 0o555);
    }
    chmodSync(addCopy('secret'), 0);
    // Permissions mean nothing to root, the user of the tests in a container.
    const root = process.getuid?.() === 0;
    if (root) {
      chmodSync(home.path, 0o755);
      chownSync(home.experiments, nobody, nobody);
    }
    const manager = await start(root ? { uid: nobody } : {});
    const experiments = await list(manager);
    assert.equal(experiments.get('shown')?.name, 'quad');
    for (const id of ['hot', 'log']) {
      assert.equal(experiments.get(id)?.name, id, experiments.get(id)?.errors.join());
      assert.equal((await manager.get<TrialJobInfo[]>(route(id, '/trial-jobs'))).length, 12);
    }
    assert.equal((await manager.get<TrialJobInfo[]>(route('shown', '/trial-jobs'))).length, 12);
    assert.match(experiments.get('secret')?.errors.join() ?? '', /secret\/db\/nni\.sqlite can't be .*permission/);
    await assert.rejects(manager.launch({ action: 'resume', id: 'shown' }), /no permission, or a read-only disk/);
    chmodSync(dirname(dirname(shown)), 0o555);
    const { port } = await manager.launch({ action: 'view', id: 'shown' });
    const viewed = await fetch(`http://127.0.0.1:${port}${nniBase}/trial-jobs`);
    assert.equal(((await viewed.json()) as unknown[]).length, 12);
    chmodSync(dirname(dirname(shown)), 0o755);
    chmodSync(dirname(shown), 0o755);
  });

  it('shows a config of the first format, in folders of NNI 2, in today’s words', async () => {
    const database = new DatabaseSync(addCopy('older'));
    const params = {
      authorName: 'ada',
      experimentName: 'mnist',
      trialConcurrency: 2,
      maxExecDuration: 3600,
      maxTrialNum: 12,
      trainingServicePlatform: 'local',
      searchSpace: JSON.stringify({ x: { _type: 'uniform', _value: [0, 1] } }),
      tuner: { builtinTunerName: 'TPE', classArgs: { optimize_mode: 'minimize' } },
      assessor: { builtinAssessorName: 'Medianstop' },
      trial: { command: 'python3 mnist.py', codeDir: '/home/ada/mnist', gpuNum: 0 },
    };
    database.prepare('UPDATE ExperimentProfile SET params = ?').run(JSON.stringify(params));
    database.close();
    const manager = await start();
    const found = (await list(manager)).get('older') ?? assert.fail();
    const { name, tuner, assessor, optimizeMode, trialConcurrency, maxTrialNumber, maxExperimentDuration } = found;
    assert.deepEqual(
      [name, tuner, assessor, optimizeMode, trialConcurrency, maxTrialNumber, maxExperimentDuration],
      ['mnist', 'TPE', 'Medianstop', 'minimize', 2, 12, 3600],
    );
    const { config } = await manager.get<ExperimentSnapshot>(`${experimentRoot('older')}${experimentRoutes.snapshot}`);
    assert.deepEqual(config.searchSpace, { x: { _type: 'uniform', _value: [0, 1] } });
    const [trial] = await manager.get<TrialJobInfo[]>(route('older', '/trial-jobs'));
    const folder = join(home.experiments, 'older', 'trials', trial?.trialJobId ?? '');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'stderr'), 'Traceback');
    writeFileSync(join(folder, 'trial.log'), 'epoch 1');
    for (const [file, text] of [
      ['stderr', 'Traceback'],
      ['trial.log', 'epoch 1'],
    ] as const) {
      const answer = await manager.fetch(route('older', `/trial-file/${trial?.trialJobId}/${file}`));
      assert.equal(await answer.text(), text);
    }
  });

  it('reads an architecture search with a database, even if it names a folder of another machine', async () => {
    const manager = await start();
    const found = (await list(manager)).get('fcqgwob9') ?? assert.fail();
    assert.deepEqual([found.type, found.errors, found.live], ['nas', [], false]);
    const { trials, metrics } = await manager.get<ExperimentSnapshot>(
      `${experimentRoot('fcqgwob9')}${experimentRoutes.snapshot}`,
    );
    assert.equal(trials.length, 5);
    assert.ok(metrics.trial.length > 0);
    const [trial] = trials;
    const log = await manager.fetch(route('fcqgwob9', `/trial-file/${trial?.id}/stdout`));
    assert.equal(log.status, 200);
    await assert.rejects(manager.launch({ action: 'resume', id: 'fcqgwob9' }), /only its results can be shown/);
  });

  it('decides by a code, not by words, whether a refused launch is a conflict', async () => {
    const database = new DatabaseSync(addCopy('elsewhere'));
    database.exec(`UPDATE ExperimentProfile SET params =
      json_set(params, '$.trainingService', json('{"platform": "port already in use"}'))`);
    database.close();
    const manager = await start();
    await assert.rejects(manager.launch({ action: 'resume', id: 'elsewhere' }), {
      status: 400,
      message: /"port already in use" needs NNI itself/,
    });
  });

  it('shows how an experiment of NNI grows, and passes on to NNI what only NNI can do', async () => {
    const program = `require('node:http')
      .createServer((request, response) => response.end(JSON.stringify({ asked: request.method + ' ' + request.url })))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
    // NNI's manager has the experiment's id among its arguments.
    const nni = spawn(process.execPath, ['-e', program, '--', '--experiment-id', 'hfc6tdyj'], {
      env: home.environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(nni.stdout, 'data')) as [Buffer];
    const manifest = await home.manifest();
    const entry = { ...manifest.hfc6tdyj, status: 'RUNNING', pid: nni.pid, port: Number(String(said)) };
    const path = join(home.experiments, '.experiment');
    writeFileSync(path, JSON.stringify({ ...manifest, hfc6tdyj: entry }));

    const manager = await start();
    const running = (await list(manager)).get('hfc6tdyj');
    assert.deepEqual(
      [running?.status, running?.live, running?.engine, running?.pid],
      ['RUNNING', true, 'nni', nni.pid],
    );
    const answer = await manager.fetch(route('hfc6tdyj', '/experiment?x=1'), { method: 'DELETE' });
    assert.deepEqual(await answer.json(), { asked: `DELETE ${nniBase}/experiment?x=1` });
    const snapshot = await manager.get<ExperimentSnapshot>(experimentRoot('hfc6tdyj') + experimentRoutes.snapshot);
    assert.equal(snapshot.trials.length, 12);

    const database = new DatabaseSync(databaseOf('hfc6tdyj'));
    database.exec(`INSERT INTO TrialJobEvent (timestamp, trialJobId, event, data, sequenceId) VALUES
      (1, 'fresh', 'WAITING', '{"parameter_id":12,"parameter_source":"algorithm","parameters":{"x":1}}', 12)`);
    database.close();
    assert.equal((await manager.until('hfc6tdyj', ({ counts }) => counts.WAITING === 1)).status, 'RUNNING');

    nni.kill('SIGKILL');
    await once(nni, 'exit');
    // Its manifest still says RUNNING.
    const ended = await manager.until('hfc6tdyj', ({ live }) => !live);
    assert.equal(ended.status, 'STOPPED');
    assert.equal((await manager.get<TrialJobInfo[]>(route('hfc6tdyj', '/trial-jobs'))).length, 13);
  });

  it('announces an experiment that appears in the folder, and one that disappears', async () => {
    const manager = await start();
    const manifest = JSON.parse(readFileSync(join(home.experiments, '.experiment'), 'utf8'));
    addCopy('added');
    writeFileSync(
      join(home.experiments, '.experiment'),
      JSON.stringify({ ...manifest, added: { ...manifest.hfc6tdyj, id: 'added' } }),
    );
    assert.equal((await manager.until('added', () => true)).name, 'quad');
    rmSync(join(home.experiments, 'added'), { recursive: true });
    copyFileSync(join(fixtures, '.experiment'), join(home.experiments, '.experiment'));
    for await (const { event, data } of manager.events(managerRoutes.events)) {
      if (event === 'list' && !(data as ExperimentSummary[]).some(({ id }) => id === 'added')) break;
      if (event === 'removed') {
        assert.deepEqual(data, { id: 'added' });
        break;
      }
    }
  });
});
