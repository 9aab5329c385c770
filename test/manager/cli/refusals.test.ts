/** What the command line refuses: the reason on stderr, in words and without a stack, and an exit code that is not 0. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ConfigProblem } from '../../../src/model/config/config.ts';
import { CommandLine } from '../../harness/commandLine.ts';
import { Home } from '../../harness/home.ts';
import { writeConfig, writeText } from './configFile.ts';

const failure = 1;
const usage = 2;

describe('the command line refuses', () => {
  let home: Home;
  let cli: CommandLine;

  /** What a command that must fail says. */
  async function refusal(code: number, ...args: string[]): Promise<string> {
    const result = await cli.run(...args);
    const { stderr } = result;
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${stderr}`);
    assert.equal(result.stdout, '');
    assert.notEqual(stderr.trim(), '');
    assert.doesNotMatch(
      stderr,
      /\n\s+at |node:internal|Error:.*Error:|undefined|\[object/,
      'this is nothing for a person',
    );
    return stderr;
  }
  const started = () => readdirSync(home.experiments).filter((name) => !name.startsWith('.'));

  before(async () => {
    home = await Home.make();
    cli = new CommandLine(home);
  });
  after(() => home.dispose());

  describe('a faulty config, with line and column, and starts nothing:', () => {
    const base = `searchSpace:
  x:
    _type: uniform
    _value: [0, 1]
trialCommand: touch ran
trialCodeDirectory: .
trialConcurrency: 1
tuner:
  name: Random
trainingService:
  platform: local
`;
    /** The base with some of its text replaced. */
    const changed = (from: string, to: string) => {
      assert.ok(base.includes(from));
      return base.replace(from, to);
    };
    const cases: [what: string, text: string, at: string, reason: RegExp][] = [
      ['broken YAML', changed('[0, 1]', '[0, 1'), '', /error: .*/],
      ['a tab as indentation', changed('  x:', '\tx:'), '2:1', /tab/i],
      [
        'an unknown key, with the nearest right one',
        changed('trialConcurrency', 'trialConcurency'),
        '7:1',
        /trialConcurency.*trialConcurrency/s,
      ],
      [
        'an unknown key of the tuner',
        changed('  name: Random', '  name: Random\n  classArg: {}'),
        '10:3',
        /classArg.*classArgs/s,
      ],
      ['a wrong type', changed('trialConcurrency: 1', 'trialConcurrency: many'), '7:19', /whole number|integer/],
      ['a number that is too small', changed('trialConcurrency: 1', 'trialConcurrency: 0'), '7:19', /1/],
      ['an unknown tuner', changed('name: Random', 'name: Radnom'), '9:9', /Random/],
      ['an unknown type of parameter', changed('_type: uniform', '_type: unifrom'), '3:12', /uniform/],
      ['low above high', changed('[0, 1]', '[2, 1]'), '4:', /2.*1|low|below|less/],
      [
        'an empty choice',
        changed('_type: uniform\n    _value: [0, 1]', '_type: choice\n    _value: []'),
        '4:13',
        /no options/,
      ],
      ['a missing trial command', changed('trialCommand: touch ran\n', ''), '', /trialCommand is missing/],
      [
        'a folder that is not there',
        changed('trialCodeDirectory: .', 'trialCodeDirectory: nowhere'),
        '6:21',
        /nowhere/,
      ],
      [
        'a key that is there twice',
        changed('trialConcurrency: 1', 'trialConcurrency: 1\ntrialConcurrency: 2'),
        '8:1',
        /unique|twice/,
      ],
      [
        'a search space file that is not there',
        changed('searchSpace:\n  x:\n    _type: uniform\n    _value: [0, 1]', 'searchSpaceFile: space.json'),
        '1:18',
        /space\.json/,
      ],
      ['something that is no config', '- just\n- a list\n', '1:1', /./],
      ['an empty file', '', '', /./],
    ];
    for (const [what, text, at, reason] of cases) {
      it(what, async () => {
        writeText(home, 'config.yml', text);
        const said = await refusal(failure, 'create', '--config', 'config.yml');
        const place = at === '' || at.endsWith(':') ? `${at}\\d+` : at;
        assert.match(said, new RegExp(`^config\\.yml:${at === '' ? '\\d+:\\d+' : place}: error: `, 'm'));
        assert.match(said, reason);
        assert.match(said, /^\d errors?(, \d warnings?)?; nothing was started\.$/m);
        assert.ok(!existsSync(join(home.path, 'ran')));
        assert.deepEqual(started(), []);
      });
    }

    it('a config with many problems, and prints all of them as JSON with --json', async () => {
      writeText(
        home,
        'config.yml',
        changed('_value: [0, 1]', '_value: [5, 1]').replace('name: Random', 'name: Radnom'),
      );
      const said = await refusal(failure, 'create', '-c', 'config.yml');
      assert.match(said, /^config\.yml:4:.*\n4 \| {5}_value: \[5, 1\]\n +\^+$/m);
      assert.match(said, /^config\.yml:9:9: error: /m);
      assert.match(said, /^2 errors; nothing was started\.$/m);
      const { error, problems } = JSON.parse(await refusal(failure, 'create', '-c', 'config.yml', '--json'));
      assert.match(error, /./);
      assert.deepEqual(
        (problems as ConfigProblem[]).map(({ line, severity }) => [line, severity]),
        [
          [4, 'error'],
          [9, 'error'],
        ],
      );
    });
  });

  it('a config that is missing, a folder or not text', async () => {
    assert.match(await refusal(failure, 'create', '-c', 'nosuch.yml'), /config file can't be read.*nosuch\.yml/);
    assert.match(await refusal(failure, 'create', '-c', '.'), /config file can't be read.*directory/i);
    writeFileSync(join(home.path, 'binary.yml'), Buffer.from([0, 255, 254, 1, 2, 3, 200]));
    assert.match(await refusal(failure, 'create', '-c', 'binary.yml'), /binary\.yml:1:1: error/);
  });

  it('a port in use, and leaves nothing behind', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    try {
      const said = await refusal(failure, 'create', '-c', writeConfig(home), '--port', String(port));
      assert.equal(
        said,
        `trialdeck: Could not start the experiment: Port ${port} is in use. Choose another one, or none for a free one.\n`,
      );
      assert.deepEqual(started(), []);
    } finally {
      server.close();
    }
  });

  it('ids that do not exist, and commands for experiments that do not run', async () => {
    for (const args of [
      ['resume', 'nosuch'],
      ['view', 'nosuch'],
      ['stop', 'nosuch'],
      ['experiment', 'show', 'nosuch'],
      ['experiment', 'status', 'nosuch'],
      ['experiment', 'export', 'nosuch', '-f', 'out.csv', '-t', 'csv'],
      ['trial', 'ls', 'nosuch'],
      ['trial', 'kill', 'nosuch', '-T', '0'],
      ['update', 'concurrency', 'nosuch', '--value', '2'],
    ]) {
      assert.match(await refusal(failure, ...args), /There is no experiment nosuch in /, args.join(' '));
    }
    for (const args of [
      ['stop'],
      ['experiment', 'show'],
      ['experiment', 'export', '-f', 'out.csv', '-t', 'csv'],
      ['trial', 'ls'],
      ['update', 'trialnum', '--value', '2'],
    ]) {
      const said = await refusal(failure, ...args);
      assert.match(
        said,
        /^trialdeck: No experiment is running in .*nni-experiments\. Start one with: trialdeck create/,
      );
    }
    assert.match(await refusal(failure, 'stop', '--port', '4'), /No experiment runs at port 4\./);
    assert.match(await refusal(failure, 'resume', '../../etc'), /There is no experiment \.\.\/\.\.\/etc in/);
  });

  it('wrong usage', async () => {
    for (const [args, reason] of [
      [['create'], /required option '-c, --config <file>'/],
      [['create', '-c', 'config.yml', '--port', '70000'], /--port.*70000.*0 to 65535/],
      [['create', '-c', 'config.yml', '--prot', '1'], /unknown option '--prot'.*--port/s],
      [['crate'], /unknown command 'crate'.*create/s],
      [['resume'], /missing required argument 'id'/],
      [['experiment', 'export', 'x', '-f', 'a', '-t', 'xml'], /--type.*csv or json/],
      [['experiment', 'lst'], /unknown command 'lst'.*list/s],
      [['trial', 'ls', '--head', '-1'], /--head.*at least 1/],
      [['trial', 'kill'], /--trial_id/],
      [['stop', 'a', 'b'], /too many arguments/],
    ] as const) {
      assert.match(await refusal(usage, ...args), reason, args.join(' '));
    }
  });

  it('a folder in which an experiment can’t be made', async () => {
    const below = join(home.path, 'file', 'experiments');
    writeFileSync(join(home.path, 'file'), '');
    // Of a folder in /proc, Linux says that it does not exist.
    for (const folder of process.platform === 'linux' ? [below, '/proc/experiments'] : [below]) {
      const said = await refusal(failure, 'create', '-c', writeConfig(home, { experimentWorkingDirectory: folder }));
      assert.ok(said.includes(folder), said);
    }
  });

  it('an experiments folder that can’t be used', async () => {
    writeFileSync(join(home.path, 'file'), '');
    const said = await refusal(failure, 'experiment', 'list', '--experiments-dir', 'file');
    assert.match(said, /file\/\.trialdeck cannot be written.*Choose another experiments folder/);
  });

  describe('while experiments run', () => {
    const ids: string[] = [];

    before(async () => {
      for (const experimentName of ['one', 'two']) {
        const config = writeConfig(home, { experimentName, trialCommand: 'exec sleep 600' });
        const { code, stdout, stderr } = await cli.run('create', '-c', config, '--json');
        assert.equal(code, 0, stderr);
        ids.push((JSON.parse(stdout) as { id: string }).id);
      }
    });

    it('to choose among several', async () => {
      for (const args of [
        ['stop'],
        ['experiment', 'show'],
        ['trial', 'ls'],
        ['update', 'concurrency', '--value', '2'],
      ]) {
        const said = await refusal(failure, ...args);
        assert.match(said, /^trialdeck: 2 experiments are running; say which one:$/m);
        for (const id of ids) assert.ok(said.includes(id));
      }
      assert.match(await refusal(failure, 'stop', ''), /2 running experiments have ids that begin with/);
      const said = await refusal(failure, 'experiment', 'show', ids[0]?.slice(0, 4) ?? '');
      assert.match(said, new RegExp(`There is no experiment .*Did you mean ${ids[0]}`));
    });

    it('wrong values, and changes nothing', async () => {
      const [id = ''] = ids;
      for (const [args, reason, code] of [
        [
          ['update', 'concurrency', id, '--value', '0'],
          /concurrency must be a whole number of at least 1, not 0/,
          failure,
        ],
        [['update', 'concurrency', id, '--value', '-1'], /"-1" is not a whole number/, usage],
        [['update', 'concurrency', id, '--value', 'two'], /"two" is not a whole number/, usage],
        [['update', 'trialnum', id, '--value', '1.5'], /"1\.5" is not a whole number/, usage],
        [['update', 'duration', id, '--value', 'soon'], /soon/, failure],
        [['update', 'searchspace', id, '-f', 'nosuch.json'], /nosuch\.json can't be read/, failure],
        [['trial', 'kill', id, '-T', 'nosuch'], /has no trial nosuch/, failure],
        [
          ['experiment', 'export', id, '-f', join('no', 'such', 'folder.csv'), '-t', 'csv'],
          /folder\.csv can't be written/,
          failure,
        ],
        [['resume', id], /is running already/, failure],
        [['view', id], /is running already/, failure],
      ] as const) {
        assert.match(await refusal(code, ...args), reason, args.join(' '));
      }
      writeText(home, 'space.json', '{\n  "x": { "_type": "uniform", "_value": [3, 1] }\n}\n');
      const said = await refusal(failure, 'update', 'searchspace', id, '-f', 'space.json');
      assert.match(said, /^space\.json:2:\d+: error: .*\n.*\n.*\n1 error; nothing was changed\.$/m);
      const profile = JSON.parse((await cli.run('experiment', 'show', id)).stdout);
      assert.deepEqual([profile.params.trialConcurrency, profile.params.searchSpace.x._value], [1, [0, 1]]);
    });

    it('to change a stopped experiment', async () => {
      const [id = ''] = ids;
      assert.equal((await cli.run('stop', id)).code, 0);
      for (const args of [
        ['update', 'concurrency', id, '--value', '2'],
        ['trial', 'kill', id, '-T', '0'],
      ]) {
        const said = await refusal(failure, ...args);
        assert.match(
          said,
          new RegExp(`Experiment ${id} is not running \\(STOPPED\\)\\. Resume it first: trialdeck resume ${id}`),
        );
      }
      assert.match(await refusal(failure, 'stop', id), /is not running \(STOPPED\)/);
    });
  });
});
