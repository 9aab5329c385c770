import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { ExperimentChange, ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { MetricPoint } from '../../../src/model/trial/metric.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { ChangeStream } from '../../../src/server/sources/changes.ts';

const row = (id: string, status: TrialRow['status']): TrialRow => ({
  id,
  number: 0,
  status,
  parameters: {},
  parameterId: '0',
  source: 'algorithm',
  intermediates: 0,
});
const point = (sequence: number): MetricPoint => ({
  trialId: 'a',
  type: 'PERIODICAL',
  sequence,
  timestamp: 0,
  data: '1',
});
const summary = (name: string) => ({ name }) as ExperimentSummary;

describe('changes of an experiment', () => {
  function listening() {
    const stream = new ChangeStream();
    const heard: ExperimentChange[] = [];
    let ended = 0;
    const listener = stream.listen({ change: (change) => heard.push(change), ended: () => ended++ });
    return { stream, heard, listener, ended: () => ended };
  }

  it('become one change when they come at one moment, with the newest row of each trial and all metrics', async () => {
    const { stream, heard } = listening();
    stream.publish({ summary: summary('old'), trials: [row('a', 'WAITING'), row('b', 'WAITING')] });
    stream.publish({ metrics: [point(0)] });
    stream.publish({ summary: summary('new'), trials: [row('a', 'RUNNING')], metrics: [point(1)] });
    assert.deepEqual(heard, [], 'not before the moment is over');
    await turn();
    assert.deepEqual(heard, [
      {
        revision: 1,
        summary: summary('new'),
        trials: [row('a', 'RUNNING'), row('b', 'WAITING')],
        metrics: [point(0), point(1)],
      },
    ]);
    stream.publish({ metrics: [point(2)] });
    await turn();
    assert.deepEqual(heard[1], { revision: 2, metrics: [point(2)] });
  });

  it('keep what came after a removal at the same moment, and nothing of the trial before it', async () => {
    const { stream, heard } = listening();
    const other = { ...point(0), trialId: 'b' };
    stream.publish({ trials: [row('a', 'RUNNING'), row('b', 'RUNNING')], metrics: [point(0), other] });
    stream.publish({ removedTrials: ['a'] });
    stream.publish({ removedTrials: ['c'], trials: [row('d', 'WAITING')] });
    stream.publish({ trials: [row('a', 'WAITING')], metrics: [point(7)] });
    await turn();
    assert.deepEqual(heard, [
      {
        revision: 1,
        trials: [row('b', 'RUNNING'), row('d', 'WAITING'), row('a', 'WAITING')],
        metrics: [other, point(7)],
        removedTrials: ['a', 'c'],
      },
    ]);
  });

  it('are given again from any known revision on', async () => {
    const { stream, heard } = listening();
    for (let sequence = 0; sequence < 5000; sequence++) {
      stream.publish({ metrics: [point(sequence)] });
      stream.flush();
    }
    const { session } = stream;
    assert.deepEqual(stream.since(session, 5000), []);
    assert.deepEqual(stream.since(session, 4997), heard.slice(4997));
    const oldest = heard.findIndex(({ revision }) => stream.since(session, revision) !== undefined);
    assert.ok(oldest > 0 && oldest < 3000, 'the last 2000 at least');
    assert.deepEqual(stream.since(session, oldest + 1), heard.slice(oldest + 1));
    assert.equal(stream.since(session, 0), undefined);
    assert.equal(stream.since(session, 5001), undefined, 'a revision that never was');
    assert.equal(stream.since('another session', 5000), undefined);
  });

  it('count while they are pending', () => {
    const { stream, heard } = listening();
    stream.publish({ metrics: [point(0)] });
    assert.equal(stream.revision, 1);
    assert.equal(heard.length, 1);
    stream.publish({ metrics: [point(1)] });
    assert.deepEqual(stream.since(stream.session, 1), [{ revision: 2, metrics: [point(1)] }]);
  });

  it('reach all listeners, until these stop or the experiment ends', () => {
    const { stream, heard, listener, ended } = listening();
    const other: number[] = [];
    stream.listen({ change: ({ revision }) => other.push(revision), ended: () => other.push(-1) });
    stream.publish({});
    stream.flush();
    listener.dispose();
    stream.publish({});
    stream.flush();
    assert.equal(heard.length, 1);
    assert.ok(stream.listening);
    stream.dispose();
    assert.deepEqual(other, [1, 2, -1]);
    assert.equal(ended(), 0);
    assert.ok(!stream.listening);
  });

  it('of two processes are never confused', () => {
    assert.notEqual(new ChangeStream().session, new ChangeStream().session);
  });
});
