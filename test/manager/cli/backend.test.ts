/** Which engine runs an experiment that the command line starts; how the command line treats NNI's experiments; deleting and importing. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { CommandLine } from '../../harness/commandLine.ts';
import { eventually } from '../../harness/eventually.ts';
import { Home } from '../../harness/home.ts';
import { findRealNni, noRealNni, patientProgram } from '../../harness/realNni.ts';
import { shellTrial } from '../../harness/trialCommands.ts';
import { writeConfig, writeText } from './configFile.ts';

describe('the command line with NNI beside it', function () {
  this.timeout(240_000);
  let home: Home;
  let cli: CommandLine;

  beforeEach(async () => {
    home = await Home.make();
    cli = new CommandLine(home, { PATH: `${join(home.path, 'bin')}:${process.env.PATH}` });
  });
  afterEach(() => home.dispose());

  async function trialdeck(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cli.run(...args);
    assert.deepEqual([code, stderr], [0, ''], `${args.join(' ')}\n${stdout}`);
    return stdout;
  }
  async function refusal(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await cli.run(...args);
    assert.notEqual(code, 0, `${args.join(' ')}\n${stdout}`);
    return stderr;
  }
  /** An `nnictl` in the language of the shell. */
  async function nnictl(script: string): Promise<void> {
    const path = join(home.path, 'bin', 'nnictl');
    await mkdir(join(home.path, 'bin'), { recursive: true });
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }
  const evolution = { tuner: { name: 'Evolution', classArgs: { optimize_mode: 'maximize' } } };
  const one = () =>
    trialdeck('experiment', 'list', '--all', '--json').then((text) => JSON.parse(text)[0] as ExperimentSummary);
  async function untilStatus(wanted: string): Promise<void> {
    let seen: ExperimentSummary | undefined;
    const look = async () => {
      seen = await one();
      return seen?.status === wanted;
    };
    // What it is instead tells more than that it is not.
    await eventually(wanted, look, 60_000).catch(() => assert.fail(`${wanted} never came: ${JSON.stringify(seen)}`));
  }

  it('says why NNI runs a config, and shows NNI’s error when it fails', async () => {
    await nnictl(`[ "$1" = --version ] && { echo 3.0; exit; }
      echo "$@" > ${join(home.path, 'call')}; echo 'ValueError: LocalConfig: that is wrong' >&2; exit 1`);
    const config = writeConfig(home, evolution);
    const { code, stdout, stderr } = await cli.run('create', '--config', config, '--port', '8765');
    assert.equal(code, 1);
    assert.match(stdout, /^NNI runs it\. The embedded manager can't run this config: The tuner Evolution does not run/);
    assert.equal(stderr, 'trialdeck: Could not start the experiment: NNI says: LocalConfig: that is wrong.\n');
    assert.equal(readFileSync(join(home.path, 'call'), 'utf8'), `create --config ${config} --port 8765\n`);
  });

  it('says that NNI is missing, and takes the embedded manager unless --backend asks for NNI', async () => {
    const without = new CommandLine(home, { PATH: '/usr/bin:/bin' });
    const { stderr } = await without.run('create', '-c', writeConfig(home, evolution));
    assert.match(stderr, /Could not find nnictl: there is no nnictl on the path.*pip install nni==3\.0/);
    assert.match(
      await refusal('create', '-c', writeConfig(home, evolution), '--backend', 'embedded'),
      /The tuner Evolution does not run here yet/,
    );
    assert.match(await refusal('create', '-c', 'x.yml', '--backend', 'nni'), /must be auto or embedded or nnictl/);
    const plain = await trialdeck('create', '-c', writeConfig(home, { trialCommand: 'exec sleep 600' }));
    assert.doesNotMatch(plain, /NNI/);
  });

  it('deletes a stopped experiment with --yes', async () => {
    const trialCommand = shellTrial('report FINAL 0.5');
    const said = await trialdeck('create', '-c', writeConfig(home, { trialCommand, maxTrialNumber: 1 }));
    const id = /Experiment (\w{8}) was started/.exec(said)?.[1] ?? '';
    await untilStatus('DONE');
    assert.match(
      await refusal('experiment', 'delete', id, '--yes'),
      /still runs \(DONE\)\. Stop it first: trialdeck stop/,
    );
    await trialdeck('stop', id);
    assert.match(await refusal('experiment', 'delete', id), /no terminal to ask at; say --yes/);
    assert.match(await refusal('experiment', 'delete', 'nosuch', '--yes'), /There is no experiment nosuch in/);
    assert.match(
      await trialdeck('experiment', 'delete', id, '--yes'),
      new RegExp(`^Experiment ${id} \\(.*\\) was deleted`),
    );
    assert.equal(existsSync(join(home.experiments, id)), false);
    assert.match(await trialdeck('experiment', 'list', '--all'), /There are no experiments/);
  });

  it('imports its own export, and takes the search space of a config', async () => {
    const trialCommand = shellTrial('report FINAL 0.5');
    await trialdeck('create', '-c', writeConfig(home, { trialCommand, maxTrialNumber: 2 }));
    await untilStatus('DONE');
    const { id } = await one();
    const file = join(home.path, 'results.json');
    await trialdeck('experiment', 'export', '-t', 'json', '-f', file, '--intermediate');
    assert.equal(
      await trialdeck('experiment', 'import', '-f', file),
      `2 results were imported into experiment ${id}.\n`,
    );
    const bad = [
      ['[', /results\.json is not JSON/],
      ['{"a": 1}', /must be a list of \{"parameter"/],
      ['[{"parameter": 3, "value": 1}]', /wrong: 0\.parameter/],
      ['[{"parameter": {"x": 1}, "value": null}]', /There are no results in/],
    ] as const;
    for (const [text, reason] of bad) {
      writeText(home, 'results.json', text);
      assert.match(await refusal('experiment', 'import', '-f', file), reason);
    }
    assert.match(await refusal('experiment', 'import', '-f', 'nosuch.json'), /nosuch\.json can't be read/);

    const other = writeConfig(home, { searchSpace: { y: { _type: 'randint', _value: [0, 9] } } }, 'other.json');
    await trialdeck('update', 'searchspace', '-f', other);
    const profile = JSON.parse(await trialdeck('experiment', 'show'));
    assert.deepEqual(profile.params.searchSpace, { y: { _type: 'randint', _value: [0, 9] } });
    const wrong = writeConfig(home, { searchSpace: { y: { _type: 'randint', _value: [9, 0] } } }, 'wrong.json');
    assert.match(
      await refusal('update', 'searchspace', '-f', wrong),
      /wrong\.json:\d+:\d+: error: .*nothing was changed/s,
    );
  });

  it('creates, follows, lists, stops, views, resumes and deletes an experiment of a real NNI', async function () {
    const nni = findRealNni();
    if (!nni) {
      console.log(`  ${noRealNni}`);
      return this.skip();
    }
    await nnictl(`exec ${nni.python} ${patientProgram} "$@"`);
    const config = writeConfig(home, {
      ...evolution,
      searchSpace: { mode: { _type: 'choice', _value: ['number'] } },
      trialCommand: `${nni.python} trial.py`,
      trialCodeDirectory: join(projectRoot, 'test', 'fixtures', 'wire'),
      maxTrialNumber: 2,
    });
    const followed = await trialdeck('create', '-c', config, '--foreground');
    assert.match(followed, /^NNI runs it\. .*\nExperiment \w{8} was started by NNI: http:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(followed, /^2 of 2 trials succeeded in /m);
    const { id, engine, live } = await one();
    assert.deepEqual([engine, live], ['nni', false]);
    assert.match(await trialdeck('view', id), new RegExp(`^Experiment ${id} is served read-only: http`));
    await trialdeck('stop', id);
    assert.match(
      await trialdeck('resume', id),
      new RegExp(`^NNI runs it\\. .*\\nExperiment ${id} runs again by NNI: `),
    );
    await trialdeck('update', 'trialnum', id, '--value', '3');
    assert.match(await trialdeck('stop', id), /was stopped/);
    await trialdeck('experiment', 'delete', id, '--yes');
    assert.equal(existsSync(join(home.experiments, id)), false);
  });
});
