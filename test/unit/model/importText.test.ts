import assert from 'node:assert/strict';
import { exportText } from '../../../src/model/files/exportText.ts';
import { readImport } from '../../../src/model/files/importText.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';

const space: SearchSpace = {
  lr: { _type: 'loguniform', _value: [1e-4, 1] },
  version: { _type: 'choice', _value: ['1', '2'] },
  layer: {
    _type: 'choice',
    _value: [{ _name: 'conv', kernel: { _type: 'choice', _value: [3, 5] } }, { _name: 'none' }],
  },
};
const told = (text: string) => {
  const { results, skipped, problems } = readImport(text, space);
  assert.deepEqual(problems, []);
  return { results: JSON.parse(JSON.stringify(results.map(({ parameter, value }) => [parameter, value]))), skipped };
};

describe('results to import', () => {
  it('may be NNI’s list of parameters and values', () => {
    const text =
      '[\n  {"parameter": {"lr": 0.1}, "value": 0.5},\n  {"parameter": {"lr": 0.2}, "value": {"default": 0.7, "loss": 1}}\n]';
    assert.deepEqual(told(text).results, [
      [{ lr: 0.1 }, 0.5],
      [{ lr: 0.2 }, 0.7],
    ]);
    assert.deepEqual(
      readImport(text).results.map(({ line }) => line),
      [2, 3],
    );
  });

  it('may be NNI’s export: values as text, numbers as they were written', () => {
    const { results } = readImport('[{"parameter": {"lr": 1.0}, "value": "0.50", "trialJobId": "a"}]');
    assert.equal(JSON.stringify(results[0]?.parameter), '{"lr":1.0}');
    assert.equal(Number(results[0]?.value), 0.5);
    assert.deepEqual(told('lr,reward,trialJobId\n0.1,0.5,a\n0.2,0.6,b\n').results, [
      [{ lr: 0.1 }, 0.5],
      [{ lr: 0.2 }, 0.6],
    ]);
    assert.deepEqual(told('loss,default,lr,trialJobId\n3,0.5,0.1,a\n').results, [[{ lr: 0.1 }, 0.5]]);
  });

  it('may be our export, in each form', () => {
    const row = {
      id: 'T0',
      number: 0,
      status: 'SUCCEEDED' as const,
      parameters: { lr: 0.1, version: '1', layer: { _name: 'conv', kernel: 3 } },
      parameterId: '0',
      source: 'algorithm' as const,
      intermediates: 1,
      final: '{"default": 0.9, "loss": 0.1}',
    };
    const failed = {
      ...row,
      id: 'T1',
      status: 'FAILED' as const,
      parameters: { lr: 0.2, version: '2', layer: { _name: 'none' } },
    };
    const { final: _none, ...without } = failed;
    const trials = [
      { row, intermediates: [{ sequence: 0, timestamp: 0, text: '0.4' }] },
      { row: without, intermediates: [] },
    ];
    for (const format of ['csv', 'json'] as const) {
      for (const curves of [false, true]) {
        const { results, skipped } = told(exportText(trials, format, curves));
        assert.deepEqual(results, [[row.parameters, 0.9]], `${format} ${curves}`);
        assert.equal(skipped.length, 1);
      }
    }
  });

  it('leave out entries without a finite number, and name their lines', () => {
    const text =
      '[{"parameter": {"lr": 0.1}, "value": "NaN"},\n{"parameter": {"lr": 0.1}, "value": null},\n' +
      '{"parameter": {"lr": 0.1}, "value": NaN},\n{"parameter": {"lr": 0.1}, "value": 1}]';
    assert.deepEqual(told(text).skipped, [1, 2, 3]);
  });

  it('are refused as a whole, with the line of the fault', () => {
    const wrong: [string, number, RegExp][] = [
      ['[{"parameter": {"lr": 1},\n "value": }]', 2, /not valid JSON/],
      ['{"parameter": {}, "value": 1}', 1, /must be a list/],
      ['[\n\n{"parameter": {"a": "]"}, "value": 1},\n{"value": 1}]', 4, /Entry 2 has no "parameter"/],
      ['[\n{"parameter": {"a": [1.5, NaN]}, "value": 1}]', 2, /Entry 1 has NaN or Infinity as a parameter/],
      ['[{"parameter": {}}]', 1, /Entry 1 has no "value"/],
      ['[]', 1, /^No results found/],
      ['lr,score\n1,2', 1, /names no column for the result/],
      ['metric\n1', 1, /no column for a parameter/],
      ['lr,metric\n1,2\n"a\nb",1,3\n', 3, /3 values for 2 columns/],
      ['', 1, /names no column/],
    ];
    for (const [text, line, message] of wrong) {
      const [problem] = readImport(text).problems;
      assert.equal(problem?.line, line, text);
      assert.match(problem.message, message);
    }
  });
});
