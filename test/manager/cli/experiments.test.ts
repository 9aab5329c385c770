/** The command line from `create` to `export`, as a person goes through it. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import { projectRoot } from '../../../scripts/folders.ts';
import type { ExperimentProfile, ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { nniBase } from '../../../src/wire/routes.ts';
import { CommandLine } from '../../harness/commandLine.ts';
import { eventually } from '../../harness/eventually.ts';
import { freePort, Home, killHard, untilGone } from '../../harness/home.ts';
import { shellTrial } from '../../harness/trialCommands.ts';
import { writeConfig, writeText } from './configFile.ts';

describe('the command line', () => {
  let home: Home;
  let cli: CommandLine;

  /** Runs a command that must go well, and gives what it printed. */
  async function trialdeck(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cli.run(...args);
    assert.deepEqual([code, stderr], [0, ''], `${args.join(' ')}\n${stdout}`);
    return stdout;
  }
  async function json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await trialdeck(...args, '--json')) as T;
  }
  const list = (...args: string[]) => json<ExperimentSummary[]>('experiment', 'list', ...args);
  const create = (changes: Record<string, unknown> = {}, ...args: string[]) =>
    json<{ id: string; port: number; pid: number; address: string }>(
      'create',
      '-c',
      writeConfig(home, changes),
      ...args,
    );
  async function untilStatus(id: string, wanted: string): Promise<void> {
    await eventually(`${wanted} of ${id}`, async () => {
      const [found] = (await list('--all')).filter((experiment) => experiment.id === id);
      return found?.status === wanted;
    });
  }
  const sleeping = { trialCommand: 'exec sleep 600', trialConcurrency: 2 };

  beforeEach(async () => {
    home = await Home.make();
    cli = new CommandLine(home);
  });
  afterEach(() => home.dispose());

  it("creates an experiment that serves NNI's REST at the given port, and prints its id and address", async () => {
    const port = await freePort();
    const config = writeConfig(home, { experimentName: 'mine', ...sleeping });
    const said = await trialdeck('create', '--config', config, '--port', String(port), '--debug');
    const [, id, address] = /^Experiment (\w{8}) was started: (http:\S+)$/m.exec(said) ?? [];
    assert.equal(address, `http://127.0.0.1:${port}`);
    const profile = (await (await fetch(`${address}${nniBase}/experiment`)).json()) as ExperimentProfile;
    assert.deepEqual([profile.id, profile.params.experimentName], [id, 'mine']);
    const entry = (await home.manifest())[id ?? ''];
    assert.deepEqual([entry?.port, entry?.experimentName, entry?.logDir], [port, 'mine', home.experiments]);
    assert.match(await trialdeck('experiment', 'list'), new RegExp(`^${id} +mine +RUNNING +\\d+ +${port} +local`, 'm'));
    const [only] = await list();
    assert.deepEqual([only?.id, only?.configFile], [id, config]);
    const log = async () => (await fetch(`${address}/logs/nnimanager.log`)).text();
    await eventually('what --debug logs', async () => /DEBUG .*Trial 0 .* gets \{"x":/.test(await log()));
  });

  it('shows, exports, stops, resumes and views', async () => {
    const trialCommand = shellTrial('report PERIODICAL 0.5; report FINAL 0.$NNI_TRIAL_SEQ_ID');
    const experimentName = 'two\nlines \u001b[31m';
    const { id, pid } = await create({ experimentName, trialCommand, maxTrialNumber: 3 });
    await untilStatus(id, 'DONE');
    assert.match(
      await trialdeck('experiment', 'status', id),
      /^DONE: 3\/3 done · 0 running · 0 failed · best 0\.2 \(trial 2\)/,
    );
    assert.deepEqual(await json('experiment', 'status', id), { status: 'DONE', errors: [] });
    assert.equal((JSON.parse(await trialdeck('experiment', 'show', id)) as ExperimentProfile).id, id);
    const [header, ...rows] = (await trialdeck('trial', 'ls', id)).trimEnd().split('\n');
    assert.match(header ?? '', /TRIAL +METRIC +DURATION +STATUS +PARAMETERS/);
    assert.deepEqual(rows.map((row) => row.trim().split(/\s+/)[1]).sort(), ['0', '0.1', '0.2']);
    assert.match(rows[0] ?? '', /^ *0 +0 .*SUCCEEDED +x=0\.\d+ kind=[ab]$/);
    const best = await json<TrialRow[]>('trial', 'ls', id, '--head', '1');
    assert.deepEqual(
      best.map((trial) => trial.final),
      ['0.2'],
    );
    const worst = await json<TrialRow[]>('trial', 'ls', id, '--tail', '2');
    assert.deepEqual(
      worst.map((trial) => trial.final),
      ['0.1', '0.0'],
    );

    const csv = join(home.path, 'results.csv');
    assert.match(
      await trialdeck('experiment', 'export', id, '--filename', csv, '--type', 'csv'),
      /^3 trials were written to .*results\.csv\.$/m,
    );
    const [columns, ...lines] = readFileSync(csv, 'utf8').trimEnd().split(/\r?\n/);
    assert.match(columns ?? '', /\bx\b.*\bkind\b|\bkind\b.*\bx\b/);
    assert.equal(lines.length, 3);
    await trialdeck('experiment', 'export', id, '-f', 'results.json', '-t', 'json', '--intermediate');
    const exported = JSON.parse(readFileSync(join(home.path, 'results.json'), 'utf8')) as unknown[];
    assert.equal(exported.length, 3);

    assert.match(await trialdeck('experiment', 'list'), new RegExp(`^${id} +two lines +DONE`, 'm'));
    assert.equal(await trialdeck('stop', id), `Experiment ${id} (two lines ) was stopped.\n`);
    await untilGone(pid);
    assert.deepEqual(await list(), []);
    assert.deepEqual(
      (await list('--all')).map((experiment) => [experiment.id, experiment.status]),
      [[id, 'DONE']],
    );
    // What ended is shown and exported without a runner.
    assert.match(await trialdeck('trial', 'ls', id), /SUCCEEDED/);
    await trialdeck('experiment', 'export', id, '-f', csv, '-t', 'csv');

    const port = await freePort();
    assert.equal(
      await trialdeck('view', id, '--port', String(port)),
      `Experiment ${id} is served read-only: http://127.0.0.1:${port}\n`,
    );
    const answer = await fetch(`http://127.0.0.1:${port}${nniBase}/check-status`);
    assert.deepEqual(await answer.json(), { status: 'VIEWED', errors: [] });
    await trialdeck('stop', '--port', String(port));
    assert.match(
      await trialdeck('resume', id),
      new RegExp(`^Experiment ${id} runs again: http://127\\.0\\.0\\.1:\\d+$`, 'm'),
    );
    await trialdeck('update', 'trialnum', id, '--value', '5');
    await eventually('two more trials', async () => (await json<TrialRow[]>('trial', 'ls', id)).length === 5);
  });

  it('steers a running experiment, without its id when it is the only one', async () => {
    const { id } = await create({ ...sleeping, maxExperimentDuration: '1h' });
    assert.match(await trialdeck('update', 'concurrency', '--value', '3'), /concurrency of experiment \w+ is 3 now/);
    assert.match(await trialdeck('update', 'duration', id, '-v', '2h'), /duration .* is 2h now/);
    assert.match(await trialdeck('update', 'trialnum', id, '-v', '50'), /trial number .* is 50 now/);
    const space = writeText(home, 'space.yml', 'y:\n  _type: choice\n  _value: [only]\n');
    assert.match(
      await trialdeck('update', 'searchspace', '--filename', space),
      /searches the space of .*space\.yml now/,
    );
    const { params } = await json<ExperimentProfile>('experiment', 'show');
    assert.deepEqual(
      [params.trialConcurrency, params.maxTrialNumber, params.searchSpace],
      [3, 50, { y: { _type: 'choice', _value: ['only'] } }],
    );
    assert.equal((await list())[0]?.maxExperimentDuration, 7200);
    await eventually('three running trials', async () => (await list())[0]?.counts.RUNNING === 3);
    const trials = await json<TrialRow[]>('trial', 'ls');
    assert.match(await trialdeck('trial', 'kill', '-T', '0', '1'), /Trial 0 .* has ended\.\nTrial 1 .* has ended\./);
    const killed = await json<{ killed: string[] }>('trial', 'kill', id, '--trial_id', trials[2]?.id ?? '');
    assert.deepEqual(killed, { killed: [trials[2]?.id] });
    assert.equal((await list())[0]?.counts.USER_CANCELED, 3);
    const next = await eventually('a trial of the new space', async () =>
      (await json<TrialRow[]>('trial', 'ls')).find((trial) => trial.number === 3),
    );
    assert.deepEqual(next.parameters, { y: 'only' });
    assert.deepEqual(await json('stop'), { stopped: [{ id, name: id }] });
  });

  it('works in the folder of --experiments-dir, not in the home', async () => {
    const folder = join(home.path, 'else where', 'experiments');
    const there = ['--experiments-dir', folder];
    const { id } = await create(sleeping, ...there);
    assert.ok(existsSync(join(folder, id, 'db/nni.sqlite')));
    assert.equal(statSync(join(folder, '.trialdeck/manager.json')).mode & 0o777, 0o600);
    assert.ok(!existsSync(join(home.experiments, '.trialdeck')));
    assert.deepEqual(
      (await json<ExperimentSummary[]>(...there, 'experiment', 'list')).map((each) => each.id),
      [id],
    );
    assert.deepEqual(await list('--all'), []);
    assert.equal(await trialdeck('experiment', 'list', '--all'), `There are no experiments in ${home.experiments}.\n`);
    assert.match(await trialdeck('stop', '--all', ...there), /was stopped/);
    assert.match(await trialdeck('stop', '--all', ...there), /No experiment is running/);
  });

  it('stops by port, by the beginning of an id, and all experiments', async () => {
    const ports = [await freePort(), await freePort()];
    const ids: string[] = [];
    for (const port of [...ports, 0]) ids.push((await create(sleeping, '--port', String(port))).id);
    const [first = '', second = '', third = ''] = ids;
    assert.equal(await trialdeck('stop', '--port', String(ports[0])), `Experiment ${first} (${first}) was stopped.\n`);
    let beginning = second.slice(0, 1);
    while (third.startsWith(beginning)) beginning = second.slice(0, beginning.length + 1);
    assert.match(await trialdeck('stop', `${beginning}*`), new RegExp(`${second}.* was stopped`));
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [third],
    );
    assert.match(await trialdeck('stop', '--all'), new RegExp(`${third}.* was stopped`));
    assert.deepEqual(
      (await list('--all')).map(({ live }) => live),
      [false, false, false],
    );
  });

  it('names the process of a hanging runner, and the way to end its trials', async () => {
    const { id, pid } = await create(sleeping);
    process.kill(pid, 'SIGSTOP');
    const { code, stderr } = await cli.run('stop', id);
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`Experiment ${id} does not answer\\. End its process ${pid} with: kill -9 ${pid}\n`),
    );
    assert.match(stderr, new RegExp(`trialdeck resume ${id} && trialdeck stop ${id}\n`));
    await killHard(pid);
    await trialdeck('resume', id);
    await trialdeck('stop', id);
    const trials = await json<TrialRow[]>('trial', 'ls', id);
    assert.deepEqual(new Set(trials.map(({ status }) => status)), new Set(['USER_CANCELED']));
  });

  it("shows NNI's own experiments, and a damaged one beside them", async () => {
    cpSync(join(projectRoot, 'test/fixtures/nni-3.0/experiments'), home.experiments, { recursive: true });
    mkdirSync(join(home.experiments, 'broken/db'), { recursive: true });
    writeFileSync(join(home.experiments, 'broken/db/nni.sqlite'), 'garbage '.repeat(1000));
    const text = await trialdeck('experiment', 'list', '--all');
    assert.match(text, /^hfc6tdyj +quad +DONE +12 /m);
    assert.match(text, /^j6inbw3e +nas-toy +STOPPED +local /m);
    assert.match(text, /^broken +broken +ERROR /m);
    assert.match(await trialdeck('experiment', 'status', 'broken'), /^ERROR: .*\n.*nni\.sqlite is damaged/);
    await trialdeck('experiment', 'export', 'hfc6tdyj', '-f', 'nni.csv', '-t', 'csv');
    assert.equal(readFileSync(join(home.path, 'nni.csv'), 'utf8').trimEnd().split('\n').length, 13);

    writeFileSync(join(home.experiments, '.experiment'), '{"hfc6tdyj": {"id": "hfc');
    await trialdeck('manager', 'stop');
    const { code, stdout, stderr } = await cli.run('experiment', 'list', '--all');
    assert.equal(code, 0);
    assert.match(stdout, /^hfc6tdyj +quad/m);
    assert.match(stderr, /^trialdeck: warning: .*\.experiment is not valid JSON\. Repair or remove it/);
  });

  it('goes on when the manager was killed between two commands, and experiments outlive its end', async () => {
    const { id, pid } = await create(sleeping);
    await killHard((await home.lock()).pid);
    assert.deepEqual(
      (await list()).map((each) => [each.id, each.pid]),
      [[id, pid]],
    );
    const shown = await json<{ pid: number; address: string; log: string }>('manager', 'show');
    assert.deepEqual([shown.pid, existsSync(shown.log)], [(await home.lock()).pid, true]);
    assert.match(await trialdeck('manager', 'stop'), /ends\. Experiments go on\./);
    await untilGone(shown.pid);
    assert.match(await trialdeck('manager', 'stop'), /^No manager of .* runs\.$/m);
    assert.equal((await list())[0]?.pid, pid);
    await killHard((await home.lock()).pid);
    await trialdeck('stop', id);
  });

  it('prints its usage and its version', async () => {
    assert.match(await trialdeck('--help'), /Usage: trialdeck .*create.*resume.*stop/s);
    assert.match(await trialdeck('create', '--help'), /--config <file>.*--port <number>.*--foreground/s);
    assert.equal(await trialdeck('--version'), `${packageJson.version}\n`);
  });
});
