import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readSearchSpace } from '../../../src/model/space/readSearchSpace.ts';
import { validateSearchSpace } from '../../../src/model/space/validateSearchSpace.ts';
import { anySpace, finiteSpace } from '../search/spaces.ts';
import { plainWith, problemTable } from './reading.ts';

/** The plain config with this for its parameter x, which begins at 4:6. */
const x = (entry: string) => plainWith('{ _type: uniform, _value: [0, 1] }', entry);
const of = (type: string, value: string) => x(`{ _type: ${type}, _value: ${value} }`);

describe('a search space', () => {
  it('has no problem when it is NNI’s own', () => {
    fc.assert(
      fc.property(fc.oneof(anySpace, finiteSpace), (space) => assert.deepEqual(validateSearchSpace(space), [])),
    );
  });

  it('never throws, whatever its shape', () => {
    const noise = fc.letrec<{ value: unknown; entry: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('choice', 'uniform', 'quniform', 'normal', 'randint', null, undefined, Number.NaN, -1, 0, 2),
        fc.array(tie('value'), { maxLength: 4 }),
        tie('entry'),
      ),
      entry: fc.dictionary(fc.constantFrom('_type', '_value', '_name', 'x', '_typ', '__proto__'), tie('value'), {
        maxKeys: 4,
      }),
    }));
    fc.assert(
      fc.property(fc.oneof(noise.entry, noise.value, fc.anything()), (value) => {
        for (const { message } of validateSearchSpace(value)) assert.ok(message.length > 0);
      }),
      { numRuns: 1000 },
    );
  });

  problemTable([
    ['nothing', x(''), '4:3 "x" bad-space: "x" must be { _type: …, _value: […] }.'],
    ['a number', x('3'), '4:6 "3" bad-space: "x" must be { _type: …, _value: […] }.'],
    ['no type', x('{ _value: [0, 1] }'), '4:6 "{ _value: [0, 1] }" bad-space: "x" has no _type. Types are choice, '],
    [
      'no value',
      x('{ _type: uniform }'),
      '4:6 "{ _type: uniform }" bad-space: "x" has no _value; uniform takes [low, high].',
    ],
    [
      'a misspelt key',
      x('{ _type: uniform, _values: [0, 1] }'),
      '4:24 "_values" bad-space: "_values" is not known here; did you mean "_value"? → _value',
      /has no _value/,
    ],
    [
      'an unknown type',
      of('gaussian', '[0, 1]'),
      '4:15 "gaussian" bad-space: "gaussian" is no type. Types are choice, ',
    ],
    [
      'a misspelt type',
      of('unifrom', '[0, 1]'),
      '4:15 "unifrom" bad-space: "unifrom" is no type; did you mean "uniform"? → uniform',
    ],
    ['no list', of('uniform', '1'), '4:32 "1" bad-space: The _value of uniform is a list: [low, high].'],
    [
      'too few numbers',
      of('quniform', '[0, 1]'),
      '4:33 "[0, 1]" bad-space: quniform takes 3 numbers, [low, high, q]; here are 2.',
    ],
    ['too many numbers', of('uniform', '[0, 1, 2]'), /^4:32 .* uniform takes 2 numbers, \[low, high\]; here are 3\.$/],
    ['low above high', of('uniform', '[2, 1]'), '4:33 "2" bad-space: The low end 2 is above the high end 1.'],
    ['low above high of a logarithm', of('qloguniform', '[2, 1, 1]'), /^4:37 "2" bad-space: The low end 2 is above/],
    ['a logarithm of 0', of('loguniform', '[0, 1]'), '4:36 "0" bad-space: loguniform needs a low end above 0, not 0.'],
    ['q of 0', of('quniform', '[0, 1, 0]'), '4:40 "0" bad-space: q must be above 0, not 0.'],
    ['q below 0', of('qnormal', '[0, 1, -1]'), '4:39 "-1" bad-space: q must be above 0, not -1.'],
    ['sigma of 0', of('normal', '[0, 0]'), '4:35 "0" bad-space: sigma must be above 0, not 0.'],
    [
      'an empty randint',
      of('randint', '[3, 3]'),
      /^4:36 "3" bad-space: randint gives whole numbers from 3 up to but not including 3/,
    ],
    ['a randint between two fractions', of('randint', '[0.2, 0.8]'), /^4:38 "0\.8" bad-space: .* there are none\.$/],
    ['an empty choice', of('choice', '[]'), '4:31 "[]" bad-space: This choice has no options.'],
    [
      'a number as text',
      of('uniform', '["1e-4", 1]'),
      '4:33 "\\"1e-4\\"" bad-space: "1e-4" is no number. It is text here; YAML wants 0.0001. → 0.0001',
    ],
    ['no number at all', of('uniform', '[low, 1]'), '4:33 "low" bad-space: "low" is no number.'],
    ['an infinite end', of('uniform', '[0, .inf]'), /^4:36 "\.inf" bad-space: .* is no number\./],
    [
      'an infinite option',
      of('choice', '[1, [.nan]]'),
      '4:35 "[.nan]" bad-space: An option can be neither infinite nor NaN.',
    ],
    [
      'a nested option without a name',
      of('choice', '[{ _name: a }, { b: 1 }]'),
      '4:46 "{ b: 1 }" bad-space: Of nested options, each needs a _name; this one has none.',
    ],
    [
      'a nested option with a number for a name',
      of('choice', '[{ _name: 1 }]'),
      /^4:41 "1" bad-space: A _name must be text\.$/,
    ],
    [
      'two nested options of one name',
      of('choice', '[{ _name: a }, { _name: a }]'),
      /^4:55 "a" bad-space: Two options are named "a"\.$/,
    ],
    [
      'something wrong in a branch',
      of('choice', '[{ _name: a, y: { _type: unform, _value: [0, 1] } }]'),
      '4:56 "unform" bad-space: "unform" is no type; did you mean "uniform"? → uniform',
    ],
    [
      'something that is no parameter in a branch',
      of('choice', '[{ _name: a, y: 3 }]'),
      /^4:47 "3" bad-space: "y" must be/,
    ],
  ]);

  problemTable([
    [
      'in a block, with the place of its own line',
      x('\n    _type: uniform\n    _value:\n      - 5\n      - 1'),
      '7:9 "5" bad-space: The low end 5 is above',
    ],
    [
      'no map',
      plainWith(/searchSpace:\n.*/, 'searchSpace: [1]'),
      '3:14 "[1]" bad-space: The search space must map parameter names',
    ],
    [
      'no parameter',
      plainWith(/searchSpace:\n.*/, 'searchSpace: {}'),
      '3:14 "{}" bad-space: The search space is empty',
    ],
  ]);

  it('in a file of its own is read as JSON or YAML', () => {
    const space = { x: { _type: 'uniform', _value: [0, 1] } };
    for (const text of [JSON.stringify(space), 'x:\n  _type: uniform\n  _value: [0, 1]\n']) {
      assert.deepEqual(readSearchSpace({ text, file: '/s' }), { space, problems: [] });
    }
    const { problems } = readSearchSpace({ text: '{"x": {"_type": "uniform", "_value": [0]}}', file: '/s' });
    assert.deepEqual(
      problems.map(({ file, line, column, code }) => [file, line, column, code]),
      [['/s', 1, 38, 'bad-space']],
    );
  });
});
