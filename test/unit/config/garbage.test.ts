import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ConfigSource } from '../../../src/model/config/configSource.ts';
import { plain, read } from './reading.ts';

/** A config made of right and wrong pieces. */
const pieces = fc.letrec<{ value: unknown; map: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('TPE', 'local', 'python3 x.py', 1, 0, -1, 1.5, '10m', true, null, '', [], 'uniform', 'choice'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('map'),
    fc.string(),
  ),
  map: fc.dictionary(
    fc.constantFrom(
      'trialCommand',
      'trial_concurrency',
      'searchSpace',
      'searchSpaceFile',
      'tuner',
      'assessor',
      'advisor',
      'name',
      'classArgs',
      'tpe_args',
      'seed',
      'trainingService',
      'platform',
      'trainingServicePlatform',
      'trial',
      'command',
      'builtinTunerName',
      'localConfig',
      'tunerGpuIndices',
      'maxTrialDuration',
      'x',
      '_type',
      '_value',
      '_name',
      '__proto__',
      'constructor',
      'toString',
    ),
    tie('value'),
    { maxKeys: 8 },
  ),
}));

const syntax = fc.string({ unit: fc.constantFrom(...' \n\t:-[]{},&*!|>\'"#%@`?<~.\\xa0\r\uFEFF'), maxLength: 60 });

describe('a file with any content', () => {
  // `read` itself checks that there is either a config or an error, and that each problem is at a place in the text.
  const readable = (text: string) => read(text, { '/project/x': text, '/project/searchSpace': null }).then(() => true);

  it('gives a config, or an error at a place in it', () =>
    fc.assert(fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary' }), fc.string(), syntax), readable), {
      numRuns: 1000,
    }));

  it('gives the same when it is any map', () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(pieces.map, pieces.value), (value) => readable(JSON.stringify(value))),
      { numRuns: 1000 },
    ));

  it('gives the same when a piece of a config is cut out or put in', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 20 }), fc.oneof(syntax, fc.string()), (at, length, more) => {
        const start = at % plain.length;
        return readable(plain.slice(0, start) + more + plain.slice(start + length));
      }),
      { numRuns: 500 },
    ));

  it('has an answer for every place, also for one that is not there', () => {
    const step = fc.oneof(fc.constantFrom('tuner', 'name', 'searchSpace', 'x', '_value', 0, 1, 7), fc.string());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), fc.constantFrom('key' as const, 'value' as const), (path, part) => {
        const { start, end, line } = new ConfigSource(plain, '/c').problem('code', 'words', path, { part });
        assert.ok(start >= 0 && end <= plain.length && start <= end && line >= 1);
      }),
    );
  });
});
