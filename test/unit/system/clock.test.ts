import assert from 'node:assert/strict';
import { systemClock } from '../../../src/system/clock.ts';
import { ManualClock } from '../../harness/manualClock.ts';

describe('the system clock', () => {
  it('does not fire a timer of more than 24.8 days at once', async () => {
    let isFired = false;
    const timer = systemClock.setTimeout(() => {
      isFired = true;
    }, 2 ** 31);
    await systemClock.delay(20);
    timer.cancel();
    assert.equal(isFired, false);
  });

  it('ends a delay when its signal aborts', async () => {
    const controller = new AbortController();
    const delay = systemClock.delay(60_000, controller.signal);
    controller.abort();
    await assert.rejects(delay, { name: 'AbortError' });
  });
});

describe('the manual clock', () => {
  it('fires timers in the order of their times, also those that a timer starts', async () => {
    const clock = new ManualClock(1000);
    const fired: string[] = [];
    clock.setTimeout(() => fired.push(`late ${clock.now()}`), 50);
    clock.setTimeout(() => {
      fired.push(`early ${clock.now()}`);
      clock.setTimeout(() => fired.push(`started by early ${clock.now()}`), 10);
    }, 20);
    await clock.advance(49);
    assert.deepEqual(fired, ['early 1020', 'started by early 1030']);
    await clock.advance(1);
    assert.deepEqual(fired, ['early 1020', 'started by early 1030', 'late 1050']);
    assert.equal(clock.pendingTimers, 0);
  });

  it('repeats an interval until it is cancelled', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const timer = clock.setInterval(() => calls++, 10);
    await clock.advance(35);
    timer.cancel();
    await clock.advance(100);
    assert.equal(calls, 3);
  });

  it('moves elapsed time only by advancing', async () => {
    const clock = new ManualClock(0);
    clock.setWallClock(5_000_000);
    assert.equal(clock.elapsedMs(), 0);
    await clock.advance(10);
    assert.deepEqual([clock.now(), clock.elapsedMs()], [5_000_010, 10]);
  });
});
