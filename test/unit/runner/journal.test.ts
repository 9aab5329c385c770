import assert from 'node:assert/strict';
import { type Batch, Journal } from '../../../src/server/storage/journal.ts';
import { type Clock, systemClock } from '../../../src/system/clock.ts';
import { ManualClock } from '../../harness/manualClock.ts';

const named = (name: string): Batch => ({ meta: { name } });
const nameOf = (batch: Batch) => String(batch.meta?.name);

function journalThat(fails: () => Error | undefined, clock: Clock = systemClock) {
  const log: string[] = [];
  const failures: string[] = [];
  const journal = new Journal(
    {
      store: (batch) => {
        const error = fails();
        if (error) throw error;
        log.push(`store ${nameOf(batch)}`);
        return { event: log.length, metric: 0 };
      },
      apply: (batch) => log.push(`apply ${nameOf(batch)}`),
    },
    clock,
  );
  journal.onFailure((reason) => failures.push(reason));
  return { journal, log, failures };
}

describe('the journal', () => {
  it('stores and applies a batch at once, then calls back', () => {
    const { journal, log } = journalThat(() => undefined);
    journal.write(named('a'), () => {
      log.push('after a');
      journal.write(named('b'), () => log.push('after b'));
      log.push('still after a');
    });
    assert.deepEqual(log, ['store a', 'apply a', 'after a', 'still after a', 'store b', 'apply b', 'after b']);
  });

  it('gives the end of the log after each batch', () => {
    const { journal } = journalThat(() => undefined);
    const ends: number[] = [];
    journal.write(named('a'), ({ event }) => ends.push(event));
    journal.write(named('b'), ({ event }) => ends.push(event));
    assert.deepEqual(ends, [1, 3]);
  });

  it('keeps the order of batches while storing fails, and loses none', async () => {
    let failing = 3;
    const { journal, log, failures } = journalThat(() => (failing-- > 0 ? new Error('locked') : undefined));
    journal.write(named('a'));
    journal.write(named('b'));
    assert.deepEqual(log, []);
    assert.equal(await journal.flush(5000), true);
    assert.deepEqual(log, ['store a', 'apply a', 'store b', 'apply b']);
    assert.deepEqual(failures, []);
  });

  it('reports once, after five seconds, that it can’t store, and goes on trying', async () => {
    const clock = new ManualClock();
    let failing = true;
    const { journal, log, failures } = journalThat(() => (failing ? new Error('disk full') : undefined), clock);
    journal.write(named('a'));
    const flushed = journal.flush(20_000);
    await clock.advance(4900);
    assert.deepEqual(failures, []);
    await clock.advance(15_100);
    assert.equal(await flushed, false);
    assert.deepEqual(failures, ['disk full']);
    failing = false;
    const again = journal.flush(5000);
    await clock.advance(1000);
    assert.equal(await again, true);
    assert.deepEqual(log, ['store a', 'apply a']);
  });
});
