import assert from 'node:assert/strict';
import { type Batch, Journal } from '../../../src/server/storage/journal.ts';

const named = (name: string): Batch => ({ meta: { name } });
const nameOf = (batch: Batch) => String(batch.meta?.name);

function journalThat(fails: () => Error | undefined) {
  const log: string[] = [];
  const failures: string[] = [];
  const journal = new Journal({
    store: (batch) => {
      const error = fails();
      if (error) throw error;
      log.push(`store ${nameOf(batch)}`);
      return { event: log.length, metric: 0 };
    },
    apply: (batch) => log.push(`apply ${nameOf(batch)}`),
    failed: (reason) => failures.push(reason),
  });
  return { journal, log, failures };
}

describe('journal', () => {
  it('stores, then applies, then goes on, at once when nothing is in the way', () => {
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

  it('keeps the order while storing fails, and loses nothing', async () => {
    let failing = 3;
    const { journal, log, failures } = journalThat(() => (failing-- > 0 ? new Error('locked') : undefined));
    journal.write(named('a'));
    journal.write(named('b'));
    assert.deepEqual(log, []);
    assert.equal(await journal.flush(5000), true);
    assert.deepEqual(log, ['store a', 'apply a', 'store b', 'apply b']);
    assert.deepEqual(failures, []);
  });

  it('says after a while that it can’t store, once, and goes on trying', async () => {
    let failing = true;
    const { journal, log, failures } = journalThat(() => (failing ? new Error('disk full') : undefined));
    const clock = performance.now.bind(performance);
    let passed = 0;
    performance.now = () => clock() + passed;
    try {
      journal.write(named('a'));
      assert.equal(await journal.flush(1), false);
      passed = 20_000;
      assert.equal(await journal.flush(100), false);
      assert.deepEqual(failures, ['disk full']);
      failing = false;
      assert.equal(await journal.flush(5000), true);
      assert.deepEqual(log, ['store a', 'apply a']);
    } finally {
      performance.now = clock;
    }
  });
});
