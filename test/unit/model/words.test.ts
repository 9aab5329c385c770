/** The small words of the model: durations, spelling, directions, states. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { algorithmNames, findAlgorithm } from '../../../src/model/config/algorithms.ts';
import { parseDuration } from '../../../src/model/config/duration.ts';
import { looksLikeConfig } from '../../../src/model/config/looksLikeConfig.ts';
import { optimizeModeOf } from '../../../src/model/experiment/optimizeMode.ts';
import { searchSpaceTypes } from '../../../src/model/space/searchSpace.ts';
import { nearest } from '../../../src/model/text/nearest.ts';
import { flatParameters } from '../../../src/model/trial/flatParameters.ts';
import { canKill, isEnded, trialStatuses } from '../../../src/model/trial/trial.ts';
import { plain } from '../config/reading.ts';

describe('a duration', () => {
  it('is in seconds, rounded up to whole ones', () => {
    const expected: [number | string, number][] = [
      ['10s', 10],
      ['5m', 300],
      ['2h', 7200],
      ['1d', 86_400],
      ['1.5h', 5400],
      ['.5m', 30],
      ['0.1s', 1],
      [' 2 H ', 7200],
      ['90', 90],
      [90, 90],
      [1.2, 2],
    ];
    for (const [text, seconds] of expected) assert.equal(parseDuration(text), seconds, String(text));
  });

  it('is refused in words when it is not valid', () => {
    for (const text of [
      '',
      'm',
      '10min',
      '1h30m',
      '-5',
      '1e3s',
      'NaN',
      '٣s',
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]) {
      assert.throws(() => parseDuration(text), /is no duration; write a number and s, m, h or d/, String(text));
    }
    for (const text of [0, '0', '0.0h']) assert.throws(() => parseDuration(text), /longer than zero/);
  });
});

describe('the nearest word', () => {
  it('corrects common misspellings', () => {
    const known = ['trialCommand', 'trialConcurrency', 'tuner', 'name', 'maximize', 'minimize'];
    const expected: [string, string | undefined][] = [
      ['trialComand', 'trialCommand'],
      ['trial_comand', 'trialCommand'],
      ['TUNER', 'tuner'],
      ['tunre', 'tuner'],
      ['nmae', 'name'],
      ['maximise', 'maximize'],
      ['max', undefined],
      ['colour', undefined],
      ['', undefined],
    ];
    for (const [word, meant] of expected) assert.equal(nearest(word, known), meant, word);
  });

  it('of a word with one slip is that word, and of a known word the word itself', () => {
    const words = [...algorithmNames('tuner'), ...searchSpaceTypes];
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.nat(), fc.constantFrom('x', ''), (word, at, put) => {
        assert.equal(nearest(word, words), word);
        const place = at % word.length;
        const slip = word.slice(0, place) + put + word.slice(place + 1);
        if (word.length > 8) assert.ok(nearest(slip, words), slip);
      }),
    );
  });
});

describe('algorithms', () => {
  it('are found in any case and by the names of their classes', () => {
    for (const [word, name] of [
      ['TPE', 'TPE'],
      ['tpe', 'TPE'],
      ['gridSearch', 'GridSearch'],
      ['GPTuner', 'GP'],
      ['metistuner', 'Metis'],
    ]) {
      assert.equal(findAlgorithm(word ?? '', 'tuner')?.name, name);
    }
    assert.equal(findAlgorithm('Medianstop', 'tuner'), undefined);
    assert.equal(findAlgorithm('medianstop', 'assessor')?.name, 'Medianstop');
    assert.equal(findAlgorithm('constructor', 'tuner'), undefined);
  });
});

describe('the direction of a search', () => {
  it('comes from the config, else from the default of the algorithm', () => {
    const told = (optimize_mode: unknown) => ({ name: 'TPE', classArgs: { optimize_mode } });
    const expected: [Parameters<typeof optimizeModeOf>[0], string][] = [
      [{ tuner: told('maximize') }, 'maximize'],
      [{ tuner: told('minimize') }, 'minimize'],
      [{ tuner: told('up') }, 'minimize'],
      [{ tuner: { name: 'tpe' } }, 'minimize'],
      [{ tuner: { name: 'Anneal' } }, 'minimize'],
      [{ tuner: { name: 'Random' } }, 'maximize'],
      [
        { tuner: { name: 'Random' }, assessor: { name: 'Medianstop', classArgs: { optimize_mode: 'minimize' } } },
        'minimize',
      ],
      [{ advisor: { name: 'BOHB', classArgs: { optimize_mode: 'minimize' } } }, 'minimize'],
      [{}, 'maximize'],
      [{ tuner: null }, 'maximize'],
      [{ tuner: 'TPE' }, 'maximize'],
      [{ tuner: { name: 3, classArgs: 'maximize' } }, 'maximize'],
    ];
    for (const [config, mode] of expected) assert.equal(optimizeModeOf(config), mode, JSON.stringify(config));
  });
});

describe('states', () => {
  it('of a trial either are final or allow a kill', () => {
    for (const status of trialStatuses) assert.equal(canKill(status), !isEnded(status));
    assert.deepEqual(trialStatuses.filter(canKill), ['UNKNOWN', 'WAITING', 'RUNNING']);
  });
});

describe('parameters as columns', () => {
  it('split a nested choice into its branch and its parameters, and keep lists whole', () => {
    const flat = flatParameters({
      lr: 0.1,
      layers: [1, 2],
      none: null,
      net: { _name: 'b', size: 3, inner: { _name: 'c' } },
    });
    assert.deepEqual(
      [...flat],
      [
        ['lr', 0.1],
        ['layers', [1, 2]],
        ['none', null],
        ['net', 'b'],
        ['net.size', 3],
        ['net.inner', 'c'],
      ],
    );
  });
});

describe('a file that looks like a config', () => {
  it('is recognised in either format and either language', () => {
    for (const text of [
      plain,
      JSON.stringify({ trialCommand: 'x', trialConcurrency: 1 }),
      '{\n  "search_space": {},\n  "tuner": {}\n}',
      'trainingServicePlatform: local\nsearchSpacePath: a.json\n',
      '# mine\r\ntrial_command: x\r\ntuner:\r\n',
      `${'# long\n'.repeat(1000)}${plain}`,
    ]) {
      assert.ok(looksLikeConfig(text), text.slice(0, 80));
    }
  });

  it('is not confused with any other file', () => {
    for (const text of [
      '',
      'name: ci\non: push\njobs:\n  test:\n    runs-on: ubuntu\n',
      '{"name": "package", "version": "1.0.0", "tuner": 3}',
      'version: "3"\nservices:\n  db:\n    image: postgres\n',
      'trialCommand in a sentence, and the tuner too.',
      'notes:\n  trialCommand: x\n  trialConcurrency: 2\n',
      'tuner: piano\n',
      '[1, 2, 3]',
    ]) {
      assert.ok(!looksLikeConfig(text), text);
    }
  });

  it('is told apart for any text without an exception, and quickly for a long one', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof looksLikeConfig(text) === 'boolean'));
    assert.ok(!looksLikeConfig('a: '.repeat(1_000_000)));
    assert.ok(!looksLikeConfig(' '.repeat(1_000_000)));
    assert.ok(!looksLikeConfig('a'.repeat(1_000_000)));
  });
});
