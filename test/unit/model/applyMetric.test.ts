import assert from 'node:assert/strict';
import { PolledExperiment } from '../../../src/client/follow/polledExperiment.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import { applyMetric } from '../../../src/model/trial/applyMetric.ts';
import { type MetricPoint, wrapMetricData } from '../../../src/model/trial/metric.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { ExperimentModel } from '../../../src/store/experimentModel.ts';
import { ExperimentData } from '../../../webview/state/experimentData.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeServer } from '../store/samples.ts';

/** A trial that reports a second final result, and another intermediate one after it. */
const points: MetricPoint[] = [
  point('t0', 0, 0.2),
  point('t0', 1, 0.4),
  point('t0', 0, 0.5, 'FINAL'),
  point('t0', 1, 0.9, 'FINAL'),
  point('t0', 2, 0.3),
];
const expected = { final: '0.5', latest: { sequence: 2, data: '0.3' }, intermediates: 3 };
const reported = ({ final, latest, intermediates }: TrialRow | undefined = trial(0)) => ({
  final,
  latest,
  intermediates,
});
const records = points.map(({ trialId, data, ...rest }) => ({
  ...rest,
  trialJobId: trialId,
  parameterId: '0',
  data: wrapMetricData(data),
}));

describe('a metric applied to its trial', () => {
  it('changes only the first final result, the latest result and the number of intermediate ones', () => {
    const row = points.reduce((now, each) => applyMetric(now, each), trial(0));
    assert.deepEqual(reported(row), expected);
    assert.equal(applyMetric(row, point('t0', 2, 1, 'FINAL')), row, 'the same row where nothing changes');
  });

  it('is not counted again in a row that includes it', () => {
    const row = trial(0, { intermediates: 2, latest: { sequence: 1, data: '0.4' } });
    assert.equal(applyMetric(row, point('t0', 1, 0.4), 2), row);
    assert.equal(applyMetric(row, point('t0', 2, 0.6), 3).intermediates, 3);
  });

  it('gives the same row in the state of a server', () => {
    const state = new ExperimentState('maximize');
    state.applyEvent({ timestamp: 1, trialJobId: 't0', event: 'RUNNING', sequenceId: 0 });
    for (const record of records) state.applyMetric(record);
    assert.deepEqual(reported(state.row('t0')), expected);
    assert.equal(state.best?.value, 0.5);
  });

  it('gives the same row when NNI is polled', () => {
    const profile = { id: 'exp1', params: {}, execDuration: 0, logDir: '', nextSequenceId: 1, revision: 1 };
    // Only the parts of the profile that polling reads.
    const polled = new PolledExperiment(profile as unknown as ExperimentProfile);
    polled.applyJob({ trialJobId: 't0', status: 'RUNNING', hyperParameters: [], sequenceId: 0 });
    const read = polled.metricsReader();
    for (const record of records) read(record);
    assert.deepEqual(reported(polled.drainChanges()?.trials?.[0]), expected);
    assert.equal(polled.best?.value, 0.5);
  });

  for (const withRows of [false, true]) {
    const how = withRows ? 'with the row that includes them' : 'without a row';
    const changes = points.map((each, index) => ({
      revision: index + 2,
      metrics: [each],
      ...(withRows
        ? { trials: [points.slice(0, index + 1).reduce((row, one) => applyMetric(row, one), trial(0))] }
        : {}),
    }));

    it(`gives the same row in the store, where metrics arrive ${how}`, async () => {
      const link = new FakeServer();
      const model = new ExperimentModel('local', summary());
      model.attach(link);
      link.snapshots.set('exp1', snapshot([trial(0)]));
      model.follow();
      await model.loaded();
      for (const change of changes) link.change('exp1', change);
      assert.deepEqual(reported(model.trials.get('t0')?.row), expected);
      model.dispose();
    });

    it(`gives the same row on the page, where metrics arrive ${how}`, () => {
      const data = new ExperimentData(snapshot([trial(0)]));
      for (const change of changes) assert.equal(data.apply(change), 'applied');
      const row = data.rows.get('t0');
      assert.deepEqual([row?.final, row?.latest, row?.intermediates], Object.values(expected));
    });
  }
});
