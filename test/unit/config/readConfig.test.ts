import assert from 'node:assert/strict';
import { readConfig, readConfigObject } from '../../../src/model/config/readConfig.ts';
import { configOf, ioOf, plain, plainWith, problemTable, read } from './reading.ts';

const noSpace = plain.replace(/searchSpace:\n.*\n/, '');

describe('a correct config', () => {
  it('gets the values that NNI fills in', async () => {
    assert.deepEqual(await configOf(plain), {
      experimentType: 'hpo',
      searchSpace: { x: { _type: 'uniform', _value: [0, 1] } },
      trialCommand: 'python3 trial.py',
      trialCodeDirectory: '/project',
      trialConcurrency: 2,
      useAnnotation: false,
      debug: false,
      logLevel: 'info',
      experimentWorkingDirectory: '/home/me/nni-experiments',
      tuner: { name: 'TPE' },
      trainingService: {
        platform: 'local',
        trialCommand: 'python3 trial.py',
        trialCodeDirectory: '/project',
        debug: false,
        maxTrialNumberPerGpu: 1,
        reuseMode: false,
      },
    });
  });

  it('may name its keys in any case, with and without underscores', async () => {
    const other = plain
      .replace('trialCommand', 'trial_command')
      .replace('trialConcurrency', 'TRIALCONCURRENCY')
      .replace('searchSpace', 'Search_Space')
      .replace('trainingService', 'training_service');
    assert.deepEqual(await configOf(other), await configOf(plain));
    const config = await configOf(plainWith('{ name: TPE }', '{ Name: TPE, class_args: { seed: 1 } }'));
    assert.deepEqual(config.tuner, { name: 'TPE', classArgs: { seed: 1 } });
  });

  it('may be JSON, have comments, carriage returns, a byte order mark, anchors and merged maps', async () => {
    const config = await configOf(plain);
    assert.deepEqual(await configOf(JSON.stringify(config)), config);
    assert.deepEqual(await configOf(`# mine\r\n${plain.replaceAll('\n', ' # yes\r\n')}`), config);
    assert.deepEqual(await configOf(`\uFEFF${plain}`), config);
    const text = `${noSpace}searchSpace:\n  x: &unit { _type: uniform, _value: [0, 1] }\n  y: *unit\n`;
    assert.deepEqual(Object.keys((await configOf(text)).searchSpace), ['x', 'y']);
    const merged = plainWith('{ platform: local }', '\n  <<: { platform: local, useActiveGpu: true }\n  debug: true');
    const { trainingService } = await configOf(merged);
    assert.equal('useActiveGpu' in trainingService && trainingService.useActiveGpu, true);
  });

  it('counts keys without a value as absent', async () => {
    const config = await configOf(`${plain}maxTrialNumber:\nassessor: null\nexperimentName: ~\n`);
    assert.deepEqual(config, await configOf(plain));
  });

  it('resolves paths against its own folder, and ~', async () => {
    const config = await configOf(`${plain}trialCodeDirectory: src\nexperimentWorkingDirectory: ~/runs\n`, {
      '/project/src/trial.py': '',
    });
    assert.equal(config.trialCodeDirectory, '/project/src');
    assert.equal(config.trainingService.trialCodeDirectory, '/project/src');
    assert.equal(config.experimentWorkingDirectory, '/home/me/runs');
  });

  it('may set what trials need in the training service instead', async () => {
    const text = plain
      .replace('trialCommand: python3 trial.py\n', '')
      .replace(
        '{ platform: local }',
        '{ platform: local, trial_command: echo hi, trialGpuNumber: 1, useActiveGpu: true }',
      );
    const config = await configOf(text);
    assert.equal(config.trialCommand, 'echo hi');
    assert.equal(config.trialGpuNumber, 1);
  });

  it('logs at debug level when debug is on', async () => {
    assert.equal((await configOf(`${plain}debug: true\n`)).logLevel, 'debug');
    assert.equal((await configOf(`${plain}debug: true\nlogLevel: error\n`)).logLevel, 'error');
  });

  it('takes GPU numbers in each form NNI takes', async () => {
    for (const [given, taken] of [
      ['0', [0]],
      ['[0, 2]', [0, 2]],
      ['"0, 2"', [0, 2]],
    ] as const) {
      assert.deepEqual((await configOf(`${plain}tunerGpuIndices: ${given}\n`)).tunerGpuIndices, taken);
    }
  });

  it('takes the search space from a JSON or YAML file', async () => {
    const text = `${noSpace}searchSpaceFile: space/search.json\n`;
    const space = { x: { _type: 'choice', _value: [1, 'two', null] } };
    for (const content of [JSON.stringify(space), 'x:\n  _type: choice\n  _value: [1, two, null]\n']) {
      assert.deepEqual((await configOf(text, { '/project/space/search.json': content })).searchSpace, space);
    }
    // As in NNI, the file wins.
    const both = await configOf(`${plain}searchSpaceFile: s.yml\n`, { '/project/s.yml': JSON.stringify(space) });
    assert.deepEqual(both.searchSpace, space);
  });

  it('calls an advisor a tuner, and algorithms by their usual names', async () => {
    const { config } = await readConfig(
      { text: plainWith('tuner: { name: TPE }', 'advisor: { name: hyperband }'), file: '/project/config.yml' },
      ioOf({}),
    );
    assert.deepEqual(config?.tuner, { name: 'Hyperband' });
    assert.equal((await configOf(plainWith('TPE', 'gridsearch'))).tuner?.name, 'GridSearch');
  });

  it('may be for another engine, whose services and tuners do not run here', async () => {
    const text = plainWith('local', 'remote').replace('TPE', 'Anneal');
    const { config, problems } = await readConfig({ text, file: '/project/config.yml' }, ioOf({}));
    assert.deepEqual(problems, []);
    assert.equal(config?.trainingService.platform, 'remote');
  });

  it('may be given as a value', async () => {
    const value = { ...(await configOf(plain)), trialConcurrency: 0 };
    const { problems } = await readConfigObject(value, '/project', ioOf({}));
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [['bad-value', ['trialConcurrency']]],
    );
    assert.deepEqual((await readConfigObject(undefined, '/project', ioOf({}))).problems[0]?.code, 'missing');
  });

  it('keeps the values of parameters as they are written', async () => {
    const space = '  x: { _type: choice, _value: [1, 0.5, "1", true, null, [1, 2], { a: 1 }, yes, 1e-4] }';
    const { searchSpace } = await configOf(plainWith(/ {2}x: .*/, space));
    assert.deepEqual(searchSpace.x?._value, [1, 0.5, '1', true, null, [1, 2], { a: 1 }, 'yes', 0.0001]);
  });
});

describe('a faulty config', () => {
  problemTable([
    ['nothing in it', '', '1:1 "" missing: The config is empty.'],
    ['only a comment', '# todo\n', '1:1 "" missing: The config is empty.'],
    ['a list', '- a\n- b\n', '1:1 "- a\\n- b\\n" missing: The config must be a map of keys to values.'],
    ['a word', 'hello', '1:1 "hello" missing: The config must be a map'],
    ['two documents', `${plain}---\na: 1\n`, '7:1 "---\\na: 1\\n" syntax: A second document begins here'],
    [
      'a misspelt key',
      plainWith('trialConcurrency', 'trialConcurency'),
      '2:1 "trialConcurency" unknown-key: "trialConcurency" is not known here; did you mean "trialConcurrency"? → trialConcurrency',
    ],
    ['a key like none', `${plain}colour: red\n`, '7:1 "colour" unknown-key: "colour" is not known here.'],
    [
      'a misspelt key of the training service',
      plainWith('platform: local', 'platform: local, useActiveGpus: true'),
      /^6:37 "useActiveGpus" unknown-key: .* → useActiveGpu$/,
    ],
    ['a key twice', `${plain}tuner: { name: Random }\n`, '7:1 "t" syntax: This key stands here twice.'],
    [
      'a key twice in two spellings',
      `${plain}trial_concurrency: 3\n`,
      '7:1 "trial_concurrency" bad-value: "trial_concurrency" is trialConcurrency, which is set already',
    ],
    ['a tab before a key', plainWith('  x:', '\tx:'), '4:1 "\\t" syntax: Tabs are not allowed'],
    ['a bracket that is not closed', plainWith('[0, 1] }', '[0, 1'), /^5:1 "t" syntax: Flow sequence .* end with a \]/],
    ['an alias of nothing', plainWith('TPE', '*best'), '5:16 "*best" syntax: No anchor "&best" stands before this.'],
    [
      'an alias within itself',
      plainWith(/ {2}x: .*/, '  x: &a { _type: choice, _value: [*a] }'),
      '1:1 "t" syntax: An alias stands inside its own anchor',
    ],
    [
      'aliases of aliases without end',
      `a: &a [x, x, x, x, x]\n${[...'bcdefghi'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`)}]`).join('\n')}\n`,
      '1:1 "a" syntax: Aliases repeat one another so often',
    ],
    ['brackets without end', '['.repeat(2_000), /^1:\d+ "\[" syntax: This is nested too deep to be read\.$/],
    [
      'carriage returns before the place',
      plainWith('TPE', 'TPEE').replaceAll('\n', '\r\n'),
      '5:16 "TPEE" bad-value: There is no tuner "TPEE"; did you mean "TPE"? → TPE',
    ],
    [
      'a byte order mark before the place',
      `\uFEFF${plainWith('trialCommand', 'trialComand')}`,
      '1:1 "trialComand" unknown-key: ',
    ],
    ['text for a number', plainWith('2', 'two'), '2:19 "two" wrong-type: trialConcurrency must be a whole number'],
    ['a fraction', plainWith('2', '1.5'), '2:19 "1.5" wrong-type: '],
    ['none at a time', plainWith('2', '0'), '2:19 "0" bad-value: trialConcurrency must be a whole number of 1 or more'],
    ['a number for text', plainWith('python3 trial.py', '3'), '1:15 "3" wrong-type: trialCommand must be text, not 3.'],
    ['an empty command', plainWith('python3 trial.py', '" "'), '1:15 "\\" \\"" bad-value: The trial command is empty.'],
    ['a word for true', `${plain}debug: yes\n`, '7:8 "yes" wrong-type: debug must be true or false, not "yes".'],
    [
      'an unknown log level',
      `${plain}logLevel: warn\n`,
      /^7:11 "warn" bad-value: logLevel must be one of fatal, .* not "warn"\./,
    ],
    ['a list for a map', plainWith('{ name: TPE }', '[TPE]'), '5:8 "[TPE]" wrong-type: tuner must be a map'],
    [
      'GPUs that are none',
      `${plain}tunerGpuIndices: [0, -1]\n`,
      '7:18 "[0, -1]" wrong-type: tunerGpuIndices must be GPU',
    ],
    [
      'a GPU twice',
      `${plain}tunerGpuIndices: "1,1"\n`,
      '7:18 "\\"1,1\\"" bad-value: tunerGpuIndices names a GPU twice.',
    ],
    [
      'annotations',
      `${plain}useAnnotation: true\n`,
      '7:16 "true" unsupported: Annotations were removed in NNI 3: write the search space into the config.',
    ],
    [
      'another type of experiment',
      `${plain}experimentType: nas\n`,
      '7:17 "nas" bad-value: experimentType must be one of hpo',
    ],
  ]);

  problemTable([
    ['no command', plain.replace(/trialCommand.*\n/, ''), '1:1 "trialConcurrency" missing: trialCommand is missing.'],
    ['no concurrency', plain.replace(/trialConcurrency.*\n/, ''), /missing: trialConcurrency is missing\./],
    ['no search space', noSpace, /missing: searchSpace is missing\./],
    ['no tuner', plain.replace(/tuner.*\n/, ''), /missing: tuner is missing\./],
    ['no training service', plain.replace(/trainingService.*\n/, ''), /missing: trainingService is missing\./],
    [
      'a concurrency without a value',
      plainWith('2', ''),
      '2:1 "trialConcurrency" missing: trialConcurrency is missing.',
    ],
    ['a command without a value', plainWith('python3 trial.py', ''), '1:1 "trialCommand" missing: '],
    ['a tuner without a value', plainWith('{ name: TPE }', ''), '5:1 "tuner" missing: tuner is missing.'],
    ['a tuner without a name', plainWith('name: TPE', 'name: '), /^5:8 .* missing: tuner needs a name, such as TPE\.$/],
    [
      'a service without a platform',
      plainWith('platform: local', 'platform: '),
      /^6:18 .* needs a platform, such as local/,
    ],
    ['a file name that is none', `${noSpace}searchSpaceFile: 3\n`, '5:18 "3" wrong-type: searchSpaceFile must be text'],
  ]);

  problemTable(
    [
      [
        'no such folder',
        `${plain}trialCodeDirectory: nope\n`,
        '7:21 "nope" missing: The trial code directory /project/nope does not exist.',
      ],
      [
        'a file for a folder',
        `${plain}trialCodeDirectory: trial.py\n`,
        /^7:21 "trial.py" missing: .* is a file; the trial code/,
      ],
      [
        'no such script',
        plainWith('trial.py', 'train.py'),
        '1:15 "python3 train.py" missing: The trial\'s script train.py is not in /project.',
      ],
      ['a command that is no plain script', plainWith('python3 trial.py', '"cd src && python3 $SCRIPT"')],
      [
        'no such search space file',
        `${noSpace}searchSpaceFile: none.json\n`,
        '5:18 "none.json" missing: The search space file /project/none.json can\'t be read.',
      ],
      [
        'a search space file that is no JSON',
        `${noSpace}searchSpaceFile: broken.json\n`,
        /^broken\.json 3:1 "}" syntax: /,
        /^broken\.json 3:2 .* syntax: Flow map must end/,
      ],
      [
        'a search space file with a wrong type',
        `${noSpace}searchSpaceFile: wrong.json\n`,
        'wrong.json 3:17 "\\"unifrom\\"" bad-space: "unifrom" is no type; did you mean "uniform"? → uniform',
      ],
      [
        'an empty search space file',
        `${noSpace}searchSpaceFile: empty.json\n`,
        'empty.json 1:1 "" bad-space: The search space must map parameter names',
      ],
    ],
    {
      '/project/broken.json': '{\n  "x": [1, 2\n}\n',
      '/project/wrong.json': '{\n  "x": {\n    "_type":    "unifrom",\n    "_value": [0, 1]\n  }\n}\n',
      '/project/empty.json': '',
    },
  );

  const duration = (value: string) => `${plain}maxExperimentDuration: ${value}\n`;
  problemTable([
    ...['10m', '1.5h', '30', '"2d"', '.5h', '90S'].map((value) => [`a duration of ${value}`, duration(value)] as const),
    ['no time', duration('0'), '7:24 "0" bad-value: maxExperimentDuration: A duration must be longer than zero.'],
    ['less than no time', duration('-5m'), '7:24 "-5m" bad-value: maxExperimentDuration: "-5m" is no duration; write'],
    ['a unit that is none', duration('10min'), '7:24 "10min" bad-value: '],
    ['a list of durations', duration('[1h]'), '7:24 "[1h]" wrong-type: maxExperimentDuration must be a duration'],
    [
      'no trials at all',
      `${plain}maxTrialNumber: 0\n`,
      '7:17 "0" bad-value: maxTrialNumber must be a whole number of 1',
    ],
  ]);

  const gpus = (service: string) => `${plainWith('{ platform: local }', service)}trialGpuNumber: 1\n`;
  problemTable([
    [
      'GPUs, and whether used ones may be taken',
      gpus('{ platform: local, useActiveGpu: false, maxTrialNumberPerGpu: 2 }'),
    ],
    ['GPUs without saying so', gpus('{ platform: local }'), /^7:17 "1" missing: Say whether trials may use busy GPUs/],
    [
      'sharing GPUs without any',
      plainWith('platform: local', 'platform: local, maxTrialNumberPerGpu: 2'),
      '6:59 "2" bad-value: maxTrialNumberPerGpu has a meaning only with trialGpuNumber.',
    ],
  ]);

  problemTable([
    [
      'a misspelt platform',
      plainWith('local', 'locl'),
      /^6:30 "locl" bad-value: platform must be one of local, .* not "locl"\. → local$/,
    ],
    [
      'a platform that does not run here',
      plainWith('local', 'remote'),
      '6:30 "remote" unsupported: The embedded manager runs trials on this machine only (platform: local); this config asks for remote.',
    ],
    [
      'several services',
      plainWith('{ platform: local }', '[{ platform: local }]'),
      /^6:18 .* unsupported: A list of training services/,
    ],
    [
      'a misspelt tuner',
      plainWith('TPE', 'Rndom'),
      '5:16 "Rndom" bad-value: There is no tuner "Rndom"; did you mean "Random"? → Random',
    ],
    [
      'a tuner like none',
      plainWith('TPE', 'Oracle'),
      /^5:16 "Oracle" bad-value: There is no tuner "Oracle"\. There are TPE, Random, GridSearch/,
    ],
    [
      'a tuner that does not run here',
      plainWith('TPE', 'SMAC'),
      /^5:1 "tuner" warning missing: SMAC needs its optimize_mode/,
      /^5:8 .* unsupported: The tuner SMAC does not run here yet; TPE, Random and GridSearch do\./,
    ],
    [
      "a tuner of one's own",
      plainWith('name: TPE', 'className: my.Tuner'),
      /unsupported: The tuner my\.Tuner does not run here/,
    ],
    [
      'a name and a class',
      plainWith('name: TPE', 'name: TPE, className: a.B'),
      /^5:32 "a\.B" bad-value: Give a name .* or a className/,
    ],
    [
      'a tuner and an advisor',
      `${plain}advisor: { name: Hyperband }\n`,
      /^7:10 .* bad-value: Give a tuner or an advisor, not both\./,
    ],
    [
      'an assessor',
      `${plain}assessor:\n  name: Medianstop\n`,
      '7:1 "assessor" unsupported: The assessor Medianstop does not run here yet; leave it out.',
    ],
    [
      'a misspelt assessor',
      `${plain}assessor: { name: Medianstp }\n`,
      /^7:19 "Medianstp" bad-value: There is no assessor .* → Medianstop$/,
    ],
  ]);

  const args = (text: string) => plainWith('{ name: TPE }', `\n  name: TPE\n  classArgs: ${text}`);
  problemTable([
    [
      'all arguments of TPE',
      args(
        '{ optimize_mode: maximize, seed: 1, tpe_args: { constant_liar_type: null, n_startup_jobs: 0, n_ei_candidates: 1, linear_forgetting: 10, prior_weight: 0.5, gamma: 1 } }',
      ),
    ],
    ['no arguments', args('')],
    [
      'a misspelt argument',
      args('{ optimise_mode: maximize }'),
      '7:16 "optimise_mode" unknown-key: TPE has no argument "optimise_mode"; did you mean "optimize_mode"? → optimize_mode',
    ],
    [
      'a misspelt direction',
      args('{ optimize_mode: maximise }'),
      '7:31 "maximise" bad-value: optimize_mode must be maximize or minimize, not "maximise". → maximize',
    ],
    [
      'a seed that is text',
      args('{ seed: "1" }'),
      '7:22 "\\"1\\"" wrong-type: seed must be a whole number of 0 or more, not "1".',
    ],
    [
      'an argument of an argument',
      args('{ tpe_args: { gama: 1 } }'),
      /^7:28 "gama" unknown-key: TPE's tpe_args has no argument "gama"; .* → gamma$/,
    ],
    [
      'an argument out of range',
      args('{ tpe_args: { gamma: 0 } }'),
      '7:35 "0" bad-value: gamma must be a number above 0, not 0.',
    ],
    ['a list for arguments', args('[1]'), '7:14 "[1]" wrong-type: classArgs must be a map'],
    [
      'arguments for who takes none like it',
      plainWith('{ name: TPE }', '{ name: GridSearch, classArgs: { seed: 1 } }'),
      /^5:41 "seed" unknown-key: GridSearch has no argument "seed"\. It takes optimize_mode\.$/,
    ],
  ]);

  it('gets all its faults reported at once', async () => {
    const { problems } = await read(
      'trialConcurency: 2\ntuner: { name: TPX }\nsearchSpace: { x: 1 }\nmaxTrialNumber: -1\n',
    );
    assert.deepEqual(problems.map(({ code }) => code).toSorted(), [
      'bad-space',
      'bad-value',
      'bad-value',
      'missing',
      'missing',
      'unknown-key',
    ]);
  });
});
