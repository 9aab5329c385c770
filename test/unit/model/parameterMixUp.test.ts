import assert from 'node:assert/strict';
import { ParameterMixUps } from '../../../src/model/nni/parameterMixUp.ts';

const trial = (id: string, parameterId: string | null, x: number, startTime?: number) => ({
  id,
  parameterId,
  parameters: { x },
  ...(startTime === undefined ? {} : { startTime }),
});

describe('mixed-up parameters', () => {
  it('are corrected for two trials that got each other’s', () => {
    const mixUps = new ParameterMixUps();
    assert.deepEqual(mixUps.record(trial('A', '0', 0.1)), []);
    assert.deepEqual(mixUps.record(trial('B', '1', 0.2)), []);
    assert.deepEqual(mixUps.reported('A', '1'), ['A']);
    assert.deepEqual(mixUps.actual('A'), { parameterId: '1', parameters: { x: 0.2 } });
    assert.equal(mixUps.actual('B'), undefined);
    assert.deepEqual(mixUps.reported('B', '0'), ['B']);
    assert.deepEqual(mixUps.actual('B'), { parameterId: '0', parameters: { x: 0.1 } });
  });

  it('are corrected along a cycle, and once the record that holds the set comes', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0));
    mixUps.record(trial('B', '1', 1));
    mixUps.reported('A', '1');
    assert.deepEqual(mixUps.reported('B', '2'), []);
    assert.equal(mixUps.actual('B'), undefined);
    assert.deepEqual(mixUps.record(trial('C', '2', 2)), ['B']);
    assert.deepEqual(mixUps.actual('B')?.parameters, { x: 2 });
    mixUps.reported('C', '0');
    assert.deepEqual(mixUps.actual('C')?.parameters, { x: 0 });
  });

  it('are known also where a trial reports before its record comes', () => {
    const mixUps = new ParameterMixUps();
    assert.deepEqual(mixUps.reported('A', '1'), []);
    mixUps.record(trial('B', '1', 1));
    assert.deepEqual(mixUps.record(trial('A', '0', 0)), ['A']);
    assert.deepEqual(mixUps.actual('A')?.parameters, { x: 1 });
  });

  it('are those of the last run where a trial ran again after a resume', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '2', 0.2, 1000));
    mixUps.record(trial('B', '3', 0.3, 1010));
    mixUps.reported('A', '3');
    mixUps.reported('B', '2');
    assert.deepEqual(mixUps.actual('A')?.parameters, { x: 0.3 });
    // B was killed; A is started again by the resume, and gets its own this time.
    mixUps.record(trial('A', '2', 0.2, 90_000));
    assert.deepEqual(mixUps.reported('A', '2'), ['A']);
    assert.equal(mixUps.actual('A'), undefined);
    assert.deepEqual(mixUps.actual('B')?.parameters, { x: 0.2 }, 'what B ran with is as it was');
  });

  it('leave correct records, and repeated reports, alone', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0));
    assert.deepEqual(mixUps.reported('A', '0'), []);
    assert.deepEqual(mixUps.reported('A', '0'), []);
    assert.deepEqual(mixUps.record(trial('A', '0', 0, 5)), []);
    assert.equal(mixUps.actual('A'), undefined);
  });

  it('are those of the trial that started closest where a resumed experiment uses an id again', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0, 1000));
    mixUps.record(trial('B', '1', 1, 1010));
    mixUps.record(trial('C', '0', 20, 900_000));
    mixUps.record(trial('D', '1', 21, 900_020));
    mixUps.reported('C', '1');
    mixUps.reported('B', '0');
    assert.deepEqual(mixUps.actual('C')?.parameters, { x: 21 });
    assert.deepEqual(mixUps.actual('B')?.parameters, { x: 0 });
  });

  it('stay unknown where sets have no id to tell them apart', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0));
    mixUps.record(trial('B', null, 1));
    mixUps.reported('A', null);
    assert.deepEqual(mixUps.actual('A'), { parameterId: null, parameters: { x: 1 } });
    assert.deepEqual(mixUps.record(trial('C', null, 2)), ['A']);
    assert.equal(mixUps.actual('A'), undefined);
  });

  it('are not taken from a set that its own trial got', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0));
    mixUps.record(trial('B', '1', 1));
    mixUps.reported('A', '1');
    assert.deepEqual(mixUps.reported('B', '1'), ['A']);
    assert.equal(mixUps.actual('A'), undefined);
    mixUps.record(trial('C', '1', 21));
    assert.deepEqual(mixUps.actual('A')?.parameters, { x: 21 });
  });

  it('are not taken from an id that no record has', () => {
    const mixUps = new ParameterMixUps();
    mixUps.record(trial('A', '0', 0));
    mixUps.reported('A', '77');
    assert.equal(mixUps.actual('A'), undefined);
  });
});
