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
  return { row, record, stored: undefined, reports: () => [], ...more };
}

const report = (text: string) => ({
  timestamp: 0,
  trialJobId: 'trial1',
  parameterId: '1',
  type: 'PERIODICAL' as const,
  sequence: 0,
  data: JSON.stringify(text),
});

describe('a resume', () => {
  it('continues the numbers of trials and sets', () => {
    const { inheritance, nextSetId } = readPast([stored(4, 'FAILED'), stored(6, 'SUCCEEDED'), stored(5, 'SUCCEEDED')]);
    assert.deepEqual(inheritance, { trials: 3, nextTrialNumber: 7 });
    assert.equal(nextSetId, 7);
  });

  it('tells submitted trials from those that wait', async () => {
    const run = { trialId: 'trial1', handle: { job: 4 }, attempt: 2, position: 12 };
    const queued = { trialId: 'trial6', handle: { job: 6 }, attempt: 1 };
    const { unfinished } = readPast([
      stored(0, 'SUCCEEDED', { final: '1' }),
      stored(1, 'RUNNING', { stored: run, reports: () => [report('0.25'), report('NaN')] }),
      stored(2, 'WAITING'),
      stored(3, 'WAITING'),
      stored(4, 'RUNNING', { final: '0.5' }),
      stored(5, 'RUNNING', { record: undefined }),
      stored(6, 'WAITING', { stored: queued }),
    ]);
    const found = { job: 7 };
    const { waiting, adopt } = await findProcesses(unfinished, {
      find: async (id) => (id === 'trial3' ? found : undefined),
    });
    assert.deepEqual(
      waiting.map((trial) => [trial.id, trial.number, trial.record.parameter_source, trial.record.parameter_id]),
      [['trial2', 2, 'resumed', 2]],
    );
    assert.deepEqual(
      adopt.map((each) => [each.trial.number, each.stored, each.isRunning, each.startTime, each.final, each.latest]),
      [
        [1, run, true, 1001, undefined, '0.25'],
        [3, { trialId: 'trial3', attempt: 1, handle: found }, false, 1003, undefined, undefined],
        [4, { trialId: 'trial4', attempt: 1 }, true, 1004, '0.5', undefined],
        [6, queued, false, 1006, undefined, undefined],
      ],
    );
  });
});
