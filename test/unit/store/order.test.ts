import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type TrialRow, trialStatuses } from '../../../src/model/trial/trial.ts';
import { TrialOrder } from '../../../src/store/order.ts';
import { trial } from '../../fixtures/builders.ts';

describe('The order of trials', () => {
  it('puts the best trial first, then running, then waiting, then the newest', () => {
    const order = new TrialOrder();
    const rows = [
      trial(0),
      trial(1),
      trial(2, { status: 'FAILED' }),
      trial(3, { status: 'RUNNING' }),
      trial(4, { status: 'RUNNING' }),
      trial(5, { status: 'WAITING' }),
      trial(6),
    ];
    order.reset(rows, 't1');
    assert.deepEqual(order.slice(), ['t1', 't4', 't3', 't5', 't6', 't2', 't0']);
    assert.equal(order.indexOf('t3'), 2);
    assert.equal(order.indexOf('nobody'), -1);
  });

  it('tells whether any trial moved', () => {
    const order = new TrialOrder();
    order.reset([trial(0), trial(1, { status: 'RUNNING' })], undefined);
    assert.equal(order.update(trial(1, { status: 'RUNNING', intermediates: 3 })), false);
    assert.equal(order.update(trial(1)), true);
    assert.equal(
      order.setBest('t0', (id) => (id === 't0' ? trial(0) : undefined)),
      true,
    );
    assert.equal(
      order.setBest('t0', () => undefined),
      false,
    );
  });

  it('is the same whether trials came one by one or all at once', () => {
    const row = fc.record({ number: fc.integer({ min: -1, max: 12 }), status: fc.constantFrom(...trialStatuses) });
    const step = fc.oneof(
      row.map((value) => ({ kind: 'row' as const, ...value })),
      fc.integer({ min: -1, max: 12 }).map((best) => ({ kind: 'best' as const, best })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const order = new TrialOrder();
        const rows = new Map<string, TrialRow>();
        let best: string | undefined;
        for (const entry of steps) {
          if (entry.kind === 'row') {
            const changed = trial(entry.number, { status: entry.status });
            rows.set(changed.id, changed);
            order.update(changed);
          } else {
            best = entry.best < 0 ? undefined : `t${entry.best}`;
            order.setBest(best, (id) => rows.get(id));
          }
        }
        const anew = new TrialOrder();
        anew.reset(rows.values(), best);
        assert.deepEqual(order.slice(), anew.slice());
        for (const [index, id] of order.slice().entries()) assert.equal(order.indexOf(id), index);
      }),
    );
  });
});
