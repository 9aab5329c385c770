import assert from 'node:assert/strict';
import type { ParameterRecord, TrialRow } from '../../../src/model/trial/trial.ts';
import { findProcesses, readPast, type StoredTrial } from '../../../src/runner/trials/resume.ts';

function stored(number: number, status: TrialRow['status'], more: Partial<StoredTrial> & { final?: string } = {}) {
  const record: ParameterRecord = {
    parameter_id: number,
    parameter_source: 'algorithm',
    parameters: { x: number },
    parameter_index: 0,
  };
  const row: TrialRow = {
    id: `trial${number}`,
    number,
    status,
    parameters: record.parameters,
    parameterId: String(number),
    source: 'algorithm',
    startTime: 1000 + number,
    intermediates: 0,
    ...(more.final === undefined ? {} : { final: more.final }),
  };
  return { row, record, stored: undefined, ...more };
}

describe('resume', () => {
  it('teaches the tuner what was found, and only numbers that trials really gave', () => {
    const { inheritance } = readPast(
      [
        stored(0, 'SUCCEEDED', { final: '0.5' }),
        stored(1, 'SUCCEEDED', { final: 'NaN' }),
        stored(2, 'SUCCEEDED', { final: '"text"' }),
        stored(3, 'SUCCEEDED'),
        stored(4, 'FAILED', { final: '0.7' }),
        stored(5, 'USER_CANCELED', { final: '0.8' }),
        stored(6, 'SUCCEEDED', { final: '{"default": 0.9}' }),
      ],
      [
        '[{"parameter":{"x":9},"value":"1.5"},{"parameter":{"x":8},"value":2},{"value":1},null]',
        '{"parameter":1}',
        '{',
      ],
      { grid: 3 },
    );
    assert.deepEqual(inheritance.past, {
      finished: [
        { parameters: { x: 0 }, value: 0.5 },
        { parameters: { x: 6 }, value: 0.9 },
        { parameters: { x: 9 }, value: 1.5 },
        { parameters: { x: 8 }, value: 2 },
      ],
      pending: new Map(),
      fruitless: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 4 }, { x: 5 }],
      state: { grid: 3 },
    });
    assert.equal(inheritance.trials, 7);
    assert.equal(inheritance.nextTrialNumber, 7);
    assert.equal(inheritance.nextParameterId, 7);
  });

  it('tells submitted trials from those that wait', async () => {
    const run = { trialId: 'trial1', handle: { job: 4 }, attempt: 2, position: 12 };
    const queued = { trialId: 'trial6', handle: { job: 6 }, attempt: 1 };
    const { inheritance, unfinished } = readPast(
      [
        stored(0, 'SUCCEEDED', { final: '1' }),
        stored(1, 'RUNNING', { stored: run }),
        stored(2, 'WAITING'),
        stored(3, 'WAITING'),
        stored(4, 'RUNNING', { final: '0.5' }),
        stored(5, 'RUNNING', { record: undefined }),
        stored(6, 'WAITING', { stored: queued }),
      ],
      [],
      undefined,
    );
    assert.deepEqual([...inheritance.past.pending.keys()], [1, 2, 3, 4, 6]);
    const found = { job: 7 };
    const { waiting, adopt } = await findProcesses(unfinished, {
      find: async (id) => (id === 'trial3' ? found : undefined),
    });
    assert.deepEqual(
      waiting.map((trial) => [trial.id, trial.number, trial.record.parameter_source, trial.record.parameter_id]),
      [['trial2', 2, 'resumed', 2]],
    );
    assert.deepEqual(
      adopt.map((each) => [each.trial.number, each.stored, each.isRunning, each.startTime, each.final]),
      [
        [1, run, true, 1001, undefined],
        [3, { trialId: 'trial3', attempt: 1, handle: found }, false, 1003, undefined],
        [4, { trialId: 'trial4', attempt: 1 }, true, 1004, '0.5'],
        [6, queued, false, 1006, undefined],
      ],
    );
  });
});
