import assert from 'node:assert/strict';
import { parseWrittenJson } from '../../../src/model/json/parseJson.ts';

import { readUpdate } from '../../../src/runner/rest/profileUpdate.ts';

const read = (type: unknown, params: unknown) => readUpdate(type, { id: 'exp', params });

describe('an update of a running experiment', () => {
  it('takes what NNI’s clients send', () => {
    assert.deepEqual(read('TRIAL_CONCURRENCY', { trialConcurrency: 3, maxTrialNumber: 9 }), {
      set: { trialConcurrency: 3 },
    });
    assert.deepEqual(read('MAX_TRIAL_NUM', { maxTrialNumber: 9 }), { set: { maxTrialNumber: 9 } });
    assert.deepEqual(read('MAX_TRIAL_NUM', { maxTrialNumber: null }), { set: {}, remove: 'maxTrialNumber' });
    assert.deepEqual(read('MAX_EXEC_DURATION', { maxExperimentDuration: '10s' }), {
      set: { maxExperimentDuration: '10s' },
    });
    const searchSpace = { x: { _type: 'choice', _value: [1] } };
    assert.deepEqual(read('SEARCH_SPACE', { searchSpace }), { set: { searchSpace } });
  });

  it('keeps how the numbers of a search space are written, and no others', () => {
    const text =
      '{"trialConcurrency":2.0,"searchSpace":{"x":{"_type":"choice","_value":[1.0,1]},"y":{"_type":"uniform","_value":[0.0,1]}}}';
    const { searchSpace } = read('SEARCH_SPACE', parseWrittenJson(text)).set;
    assert.deepEqual(JSON.stringify(searchSpace?.x), '{"_type":"choice","_value":[1.0,1]}');
    assert.deepEqual(read('TRIAL_CONCURRENCY', parseWrittenJson(text)), { set: { trialConcurrency: 2 } });
  });

  for (const [type, params, said] of [
    [undefined, {}, /update_type must be one of TRIAL_CONCURRENCY.*missing/],
    ['toString', {}, /not "toString"/],
    ['TRIAL_CONCURRENCY', undefined, /object "params"/],
    ['TRIAL_CONCURRENCY', {}, /params.trialConcurrency is missing/],
    ['TRIAL_CONCURRENCY', { trialConcurrency: -1 }, /above 0, not -1/],
    ['TRIAL_CONCURRENCY', { trialConcurrency: '3' }, /not "3"/],
    ['TRIAL_CONCURRENCY', { trialConcurrency: null }, /not null/],
    ['MAX_TRIAL_NUM', { maxTrialNumber: 1.5 }, /whole number/],
    ['MAX_EXEC_DURATION', { maxExperimentDuration: 'soon' }, /"2h", not "soon"/],
    ['MAX_EXEC_DURATION', { maxExperimentDuration: 0 }, /above 0/],
    ['SEARCH_SPACE', { searchSpace: { lr: { _type: 'uniform', _value: [2, 1] } } }, /lr/],
    ['SEARCH_SPACE', { searchSpace: [] }, /The search space is wrong/],
  ] as const) {
    it(`says what is wrong with ${type} ${JSON.stringify(params)}`, () => {
      assert.throws(() => read(type, params), { statusCode: 400, message: said });
    });
  }
});
