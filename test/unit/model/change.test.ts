import assert from 'node:assert/strict';
import { ChangeMerger, mergeChanges } from '../../../src/model/experiment/change.ts';
import { MetricTable } from '../../../src/model/trial/metricColumns.ts';
import { point, summary, trial } from '../../fixtures/builders.ts';

describe('changes merged into one', () => {
  it('have the newest summary and rows, and all points in order', () => {
    const merged = mergeChanges([
      { summary: summary({ name: 'old' }), trials: [trial(0, { status: 'WAITING' }), trial(1)] },
      { metrics: [point('t0', 0, 1)] },
      { summary: summary({ name: 'new' }), trials: [trial(0)], metrics: [point('t0', 1, 2)] },
    ]);
    assert.deepEqual(merged, {
      summary: summary({ name: 'new' }),
      trials: [trial(0), trial(1)],
      metrics: [point('t0', 0, 1), point('t0', 1, 2)],
    });
    assert.deepEqual(mergeChanges([]), {});
  });

  it('drop earlier news of a removed trial, and keep later news', () => {
    const merged = mergeChanges([
      { trials: [trial(0), trial(1)], metrics: [point('t0', 0, 1), point('t1', 0, 1)] },
      { removedTrials: ['t0', 't1'] },
      { trials: [trial(1)], metrics: [point('t1', 0, 3)] },
    ]);
    assert.deepEqual(merged, {
      removedTrials: ['t0', 't1'],
      trials: [trial(1)],
      metrics: [point('t1', 0, 3)],
    });
  });

  it('copy no point more than once in a burst', () => {
    const merger = new ChangeMerger();
    const metrics = [point('t0', 0, 1)];
    for (let index = 0; index < 200_000; index++) merger.add({ metrics });
    assert.equal(merger.merged().metrics?.length, 200_000);
  }).timeout(5000);
});

describe('metric points as columns', () => {
  const points = [point('a', 0, 1), point('b', 0, 2, 'FINAL'), point('a', 1, 3)];
  const columns = {
    trialIds: ['a', 'b'],
    trial: [0, 1, 0],
    type: ['P', 'F', 'P'],
    sequence: [0, 0, 1],
    timestamp: [2_000_000, 2_000_000, 2_000_001],
    data: ['1', '2', '3'],
  };

  it('name each trial once', () => {
    const table = new MetricTable(points);
    assert.deepEqual(table.columns, columns);
    assert.equal(table.length, 3);
  });

  it('take other columns, with trials of their own numbering', () => {
    const table = new MetricTable(points.slice(0, 1));
    table.append(new MetricTable(points.slice(1)).columns);
    assert.deepEqual(table.columns, columns);
  });
});
