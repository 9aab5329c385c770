import assert from 'node:assert/strict';
import { RunClock } from '../../../src/runner/runClock.ts';
import { ManualClock } from '../../harness/manualClock.ts';

describe('the time an experiment has run', () => {
  it('counts over sessions, and only while the experiment runs', async () => {
    const clock = new ManualClock();
    const ran = new RunClock(100, () => assert.fail('there is no limit'), clock);
    await clock.advance(5000);
    ran.run(true);
    await clock.advance(2500);
    ran.run(false);
    await clock.advance(60_000);
    ran.run(true);
    await clock.advance(1500);
    assert.equal(ran.seconds, 104);
  });

  it('reaches its limit, also one that is raised or is months away', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const ran = new RunClock(0, () => calls++, clock);
    const months = 90 * 24 * 3600;
    ran.setLimit(10);
    ran.run(true);
    await clock.advance(9000);
    ran.setLimit(months);
    await clock.advance((months - 10) * 1000);
    assert.deepEqual([calls, ran.timeIsUp], [0, false]);
    await clock.advance(1001);
    assert.deepEqual([calls, ran.timeIsUp], [1, true]);
    ran.dispose();
    assert.equal(clock.pendingTimers, 0);
  });

  it('does not change when the wall clock is set', async () => {
    const clock = new ManualClock();
    const ran = new RunClock(0, () => undefined, clock);
    ran.run(true);
    await clock.advance(3000);
    clock.setWallClock(0);
    assert.equal(ran.seconds, 3);
  });
});
