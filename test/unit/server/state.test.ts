import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type MetricDataRecord, type TrialStatus, trialStatuses } from '../../../src/model/trial/trial.ts';
import { ExperimentState, type TrialEventRow } from '../../../src/server/storage/experimentState.ts';

const record = (x: unknown, more: object = {}) =>
  JSON.stringify({ parameter_id: 0, parameter_source: 'algorithm', parameters: { x }, parameter_index: 0, ...more });
/** Events of one trial, a millisecond apart. */
const life = (...names: string[]): TrialEventRow[] =>
  names.map((event, timestamp) => ({
    timestamp,
    trialJobId: 'aaaaa',
    event,
    ...(timestamp === 0 ? { data: record(1), sequenceId: 3 } : {}),
  }));
function replayed(events: readonly TrialEventRow[], mode: 'maximize' | 'minimize' = 'maximize'): ExperimentState {
  const state = new ExperimentState(mode);
  for (const event of events) state.applyEvent(event);
  return state;
}
const metric = (trialJobId: string, value: string, more: Partial<MetricDataRecord> = {}): MetricDataRecord => ({
  timestamp: 100,
  trialJobId,
  parameterId: '0',
  type: 'FINAL',
  sequence: 0,
  data: JSON.stringify(value),
  ...more,
});

describe('a trial replayed from stored events', () => {
  const lives: [events: string[], status: TrialStatus, start: number | undefined, end: number | undefined][] = [
    [['WAITING'], 'WAITING', 0, undefined],
    [['WAITING', 'RUNNING'], 'RUNNING', 1, undefined],
    [['WAITING', 'RUNNING', 'SUCCEEDED'], 'SUCCEEDED', 1, 2],
    [['WAITING', 'RUNNING', 'FAILED'], 'FAILED', 1, 2],
    [['RUNNING', 'USER_TO_CANCEL', 'USER_CANCELED'], 'USER_CANCELED', 0, 2],
    [['RUNNING', 'USER_TO_CANCEL'], 'USER_CANCELED', 0, 1],
    // NNI stores the request after the end that it caused.
    [['RUNNING', 'SUCCEEDED', 'USER_TO_CANCEL'], 'SUCCEEDED', 0, 1],
    [['RUNNING', 'EARLY_STOPPED', 'USER_TO_CANCEL'], 'EARLY_STOPPED', 0, 1],
    // A late cancel takes away no result.
    [['RUNNING', 'SUCCEEDED', 'USER_TO_CANCEL', 'USER_CANCELED'], 'SUCCEEDED', 0, 1],
    [['RUNNING', 'FAILED', 'USER_CANCELED'], 'FAILED', 0, 1],
    [['RUNNING', 'ADD_RESUMED'], 'WAITING', 0, undefined],
    [['RUNNING', 'ADD_RESUMED', 'RUNNING', 'SUCCEEDED'], 'SUCCEEDED', 2, 3],
    [['WAITING', 'ADD_HYPERPARAMETER', 'RUNNING', 'ADD_HYPERPARAMETER'], 'RUNNING', 2, undefined],
    [['WAITING', 'SOMETHING_NEW'], 'WAITING', 0, undefined],
    [['SOMETHING_NEW'], 'UNKNOWN', undefined, undefined],
  ];
  for (const [events, status, start, end] of lives) {
    it(`is ${status} after ${events.join(', ')}`, () => {
      const row = replayed(life(...events)).row('aaaaa') ?? assert.fail();
      assert.deepEqual([row.status, row.startTime, row.endTime], [status, start, end]);
      assert.deepEqual([row.number, row.parameters, row.parameterId], [3, { x: 1 }, '0']);
    });
  }

  it('has its first parameters and number, and its last place and message', () => {
    const state = replayed([
      { timestamp: 0, trialJobId: 'a', event: 'WAITING', data: record(1), sequenceId: 0, logPath: '/old' },
      {
        timestamp: 1,
        trialJobId: 'a',
        event: 'RUNNING',
        data: record(2),
        sequenceId: 9,
        logPath: '/new',
        message: 'first',
      },
      { timestamp: 2, trialJobId: 'a', event: 'FAILED', message: 'exit 1', environmentId: 'local-env' },
    ]);
    assert.deepEqual(state.job('a'), {
      trialJobId: 'a',
      status: 'FAILED',
      hyperParameters: [record(1)],
      startTime: 1,
      endTime: 2,
      logPath: '/new',
      sequenceId: 0,
      envId: 'local-env',
      message: 'exit 1',
      stderrPath: '/new/trial.stderr',
    });
  });

  it('keeps everything else when its parameters are not JSON', () => {
    for (const data of ['{', '3', 'null', '[]', '{"parameters": 3}', '""']) {
      const state = replayed([{ timestamp: 0, trialJobId: 'a', event: 'RUNNING', data, sequenceId: 0 }]);
      assert.deepEqual(
        [state.row('a')?.status, state.row('a')?.parameters],
        ['RUNNING', data === '[]' ? {} : {}],
        data,
      );
      assert.equal(state.jobs().length, 1);
    }
  });

  it('does not come from events that belong to no trial', () => {
    const state = replayed([
      { timestamp: 0, trialJobId: '', event: 'ADD_CUSTOMIZED', data: '{"x":1}' },
      { timestamp: 0, trialJobId: '', event: 'IMPORT_DATA', data: '[{"parameter":{"x":1},"value":2}]' },
    ]);
    assert.equal(state.size, 0);
    assert.deepEqual(state.imported, ['[{"parameter":{"x":1},"value":2}]']);
    assert.equal(state.applyMetric(metric('nobody', '1')), undefined);
  });
});

describe('the state replayed from stored metrics', () => {
  it('has the first final result of a trial, and keeps all of them', () => {
    const state = replayed(life('RUNNING'));
    state.applyMetric(metric('aaaaa', '0.1', { type: 'PERIODICAL', timestamp: 10 }));
    state.applyMetric(metric('aaaaa', 'NaN', { type: 'PERIODICAL', sequence: 1, timestamp: 20 }));
    state.applyMetric(metric('aaaaa', '0.5', { timestamp: 30 }));
    state.applyMetric(metric('aaaaa', '0.9', { timestamp: 40 }));
    const row = state.row('aaaaa') ?? assert.fail();
    assert.deepEqual([row.final, row.latest, row.intermediates], ['0.5', { sequence: 1, data: 'NaN' }, 2]);
    assert.equal(state.metrics('aaaaa').length, 4);
    assert.deepEqual(state.columns().data, ['0.1', 'NaN', '0.5', '0.9']);
    assert.equal(state.job('aaaaa')?.finalMetricData, undefined, 'NNI gives it once the trial has succeeded');
    state.applyEvent({ timestamp: 50, trialJobId: 'aaaaa', event: 'SUCCEEDED' });
    assert.equal(state.job('aaaaa')?.finalMetricData?.length, 1);
    assert.deepEqual(state.exportData(), [{ parameter: { x: 1 }, value: '0.5', trialJobId: 'aaaaa' }]);
  });

  it('gives the metrics of a range of trials in order of arrival', () => {
    const ids = ['t0', 't1', 't2', 't3'];
    const state = replayed(
      ids.map((trialJobId, sequenceId) => ({ timestamp: 0, trialJobId, event: 'RUNNING', sequenceId })),
    );
    for (let sequence = 0; sequence < 3; sequence++) {
      for (const id of ids.toReversed()) state.applyMetric(metric(id, `${sequence}`, { type: 'PERIODICAL', sequence }));
    }
    const arrived = (min: number, max: number) =>
      state.metricRange(min, max).map(({ trialJobId, sequence }) => `${trialJobId}/${sequence}`);
    assert.deepEqual(arrived(1, 2), ['t2/0', 't1/0', 't2/1', 't1/1', 't2/2', 't1/2']);
    assert.deepEqual(state.metricRange(0, 3), state.metrics());
    assert.deepEqual(arrived(4, 9), []);
  });

  it('counts each state once, in order of first occurrence', () => {
    const events = ['FAILED', 'RUNNING', 'FAILED', 'SUCCEEDED', 'RUNNING'];
    const state = replayed(events.map((event, index) => ({ timestamp: 0, trialJobId: `t${index}`, event })));
    assert.deepEqual(
      state.statistics().map(({ trialJobStatus, trialJobNumber }) => [trialJobStatus, trialJobNumber]),
      [
        ['FAILED', 2],
        ['RUNNING', 2],
        ['SUCCEEDED', 1],
      ],
    );
  });

  it('has the best number in the direction of the search, never NaN or infinite', () => {
    const best = (mode: 'maximize' | 'minimize', values: string[]) => {
      const ids = values.map((_, index) => `t${index}`);
      const state = replayed(
        ids.map((trialJobId) => ({ timestamp: 0, trialJobId, event: 'RUNNING' })),
        mode,
      );
      for (const [index, value] of values.entries()) state.applyMetric(metric(`t${index}`, value));
      return state.best && [state.best.trialId, state.best.value];
    };
    const values = [
      'NaN',
      '"text"',
      '0.5',
      '{"default": 0.9, "loss": 7}',
      '-0.5',
      'Infinity',
      '-Infinity',
      '{"loss": 8}',
    ];
    assert.deepEqual(best('maximize', values), ['t3', 0.9]);
    assert.deepEqual(best('minimize', values), ['t4', -0.5]);
    assert.equal(best('maximize', ['NaN', 'null']), undefined);
    assert.deepEqual(best('maximize', ['1', '1']), ['t0', 1], 'the first of equal ones');
  });
});

describe('the replay of any events', () => {
  const event: fc.Arbitrary<TrialEventRow> = fc.record(
    {
      timestamp: fc.nat(),
      trialJobId: fc.constantFrom('a', 'b', 'c', ''),
      event: fc.constantFrom(...trialStatuses, 'USER_TO_CANCEL', 'ADD_RESUMED', 'ADD_CUSTOMIZED', 'IMPORT_DATA', 'NEW'),
      data: fc.constantFrom(record(1), record(2, { parameter_index: 1 }), '{', ''),
      sequenceId: fc.nat({ max: 5 }),
      message: fc.string(),
    },
    { requiredKeys: ['timestamp', 'trialJobId', 'event'] },
  );
  const point = fc
    .tuple(fc.constantFrom('a', 'b', 'd'), fc.constantFrom('1', 'NaN', '{"default":2}', 'x'), fc.boolean())
    .map(([id, value, final]) => metric(id, value, { type: final ? 'FINAL' : 'PERIODICAL' }));

  it('never fails, and the numbers agree with one another', () => {
    fc.assert(
      fc.property(fc.array(event), fc.array(point), (events, metrics) => {
        const state = replayed(events);
        for (const each of metrics) state.applyMetric(each);
        const rows = state.rows();
        const counts = new Map<string, number>();
        for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
        assert.deepEqual(new Map(Object.entries(state.counts())), new Map([...counts].toSorted(byStatus)));
        assert.deepEqual(new Map(state.statistics().map((each) => [each.trialJobStatus, each.trialJobNumber])), counts);
        assert.equal(state.jobs().length, state.size);
        for (const row of rows) {
          assert.deepEqual(state.row(row.id), row);
          assert.equal(state.metrics(row.id, 'PERIODICAL').length, row.intermediates);
          assert.equal(state.metrics(row.id, 'FINAL').length > 0, row.final !== undefined);
        }
        assert.equal(state.columns().data.length, state.metrics().length);
      }),
    );
  });

  const byStatus = ([a]: [string, number], [b]: [string, number]) =>
    trialStatuses.indexOf(a as TrialStatus) - trialStatuses.indexOf(b as TrialStatus);
});
