import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asFloat, numberOf, WrittenNumber } from '../../../src/model/json/writtenNumber.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { GridSearchTuner } from '../../../src/search/tuners/gridSearch.ts';
import { changedSpace, draw, drawAll, ended, imported, proposed } from './drawing.ts';
import { allPoints, anySpace, assertFits, finiteSpace, sortedText } from './spaces.ts';

function grid(space: SearchSpace, state?: unknown): GridSearchTuner {
  const tuner = new GridSearchTuner();
  tuner.open(space, state === undefined ? undefined : { seq: 0, state });
  return tuner;
}

describe('GridSearch', () => {
  it('gives every set of a finite space once, then no more', () => {
    fc.assert(
      fc.property(finiteSpace, (space) => {
        const texts = drawAll(grid(space), 2000).map(sortedText);
        assert.equal(new Set(texts).size, texts.length, 'nothing twice');
        const missing = [...allPoints(space)].filter((point) => !texts.includes(point));
        assert.deepEqual(missing, []);
      }),
      { numRuns: 300 },
    );
  });

  it('gives parameters that fit any space', () => {
    fc.assert(
      fc.property(anySpace, (space) => {
        for (const parameters of draw(grid(space), 60)) assertFits(space, parameters);
      }),
      { numRuns: 300 },
    );
  });

  it('goes through choices in the order they are written, the last parameter fastest', () => {
    const space: SearchSpace = {
      x: { _type: 'choice', _value: ['a', 'b'] },
      y: { _type: 'randint', _value: [3, 5] },
    };
    assert.deepEqual(drawAll(grid(space)), [
      { x: 'a', y: 3 },
      { x: 'a', y: 4 },
      { x: 'b', y: 3 },
      { x: 'b', y: 4 },
    ]);
  });

  it('goes through continuous ranges in ever finer steps, never twice', () => {
    const points = draw(grid({ x: { _type: 'uniform', _value: [0, 8] } }), 200).map(({ x }) => numberOf(x));
    assert.deepEqual(points.slice(0, 7), [4, 2, 6, 1, 3, 5, 7]);
    assert.equal(new Set(points).size, 200);
  });

  it('visits only the parameters of the chosen branch', () => {
    const points = drawAll(
      grid({
        net: {
          _type: 'choice',
          _value: [
            { _name: 'a', k: { _type: 'choice', _value: [1, 2] } },
            { _name: 'b', k: { _type: 'choice', _value: [3] } },
            { _name: 'c' },
          ],
        },
      }),
    );
    assert.deepEqual(points, [
      { net: { _name: 'a', k: 1 } },
      { net: { _name: 'a', k: 2 } },
      { net: { _name: 'b', k: 3 } },
      { net: { _name: 'c' } },
    ]);
  });

  it('ends soon where rounding leaves few values', () => {
    const spaces: [SearchSpace, number][] = [
      // The high end rounds to another value than everything below it.
      [{ x: { _type: 'quniform', _value: [0, 3.5, 1] } }, 4],
      [{ x: { _type: 'quniform', _value: [1, 10, 4] } }, 3],
      [{ x: { _type: 'uniform', _value: [2, 2] } }, 1],
      [{ x: { _type: 'qloguniform', _value: [1, 1000, 500] } }, 3],
      [{ x: { _type: 'qnormal', _value: [0, 1e-6, 1] } }, 1],
    ];
    for (const [space, count] of spaces) assert.equal(drawAll(grid(space)).length, count, JSON.stringify(space));
  });

  it('never gives an infinite value', () => {
    for (const type of ['qnormal', 'qlognormal'] as const) {
      for (const { x } of draw(grid({ x: { _type: type, _value: [0, 1, 1] } }), 5000)) {
        assert.ok(Number.isFinite(numberOf(x)), String(x));
      }
    }
  });

  it('needs no memory for a large whole-number range', () => {
    assert.deepEqual(draw(grid({ seed: { _type: 'randint', _value: [0, 2 ** 40] } }), 3), [
      { seed: 0 },
      { seed: 1 },
      { seed: 2 },
    ]);
  });

  it('skips sets that were tried elsewhere', () => {
    const tuner = grid({ x: { _type: 'randint', _value: [0, 5] } });
    tuner.tell(imported([{ parameters: { x: 1 }, value: 0.5 }]));
    tuner.tell(proposed(7, { x: 2 }));
    tuner.tell(ended(null, { x: 4 }, 0.5));
    tuner.tell(ended(null, { x: 3 }));
    assert.deepEqual(drawAll(tuner), [{ x: 0 }, { x: 3 }]);
  });

  it('tells 1 from 1.0 only where both are options', () => {
    const text = (tuner: GridSearchTuner) => drawAll(tuner).map((parameters) => JSON.stringify(parameters));
    const both: SearchSpace = { x: { _type: 'choice', _value: [1, asFloat(1), [asFloat(2)]] } };
    assert.deepEqual(text(grid(both)), ['{"x":1}', '{"x":1.0}', '{"x":[2.0]}']);
    const one = grid(both);
    one.tell(imported([{ parameters: { x: 1 }, value: 0.5 }]));
    assert.deepEqual(text(one), ['{"x":1.0}', '{"x":[2.0]}']);
    const loose = grid({
      x: { _type: 'choice', _value: [0.5, asFloat(1)] },
      q: { _type: 'quniform', _value: [1, 2, 1] },
    });
    // The numbers as NNI's own manager passes them on, and as earlier versions stored them.
    loose.tell(imported([{ parameters: { x: 1, q: 2 }, value: 0.5 }]));
    loose.tell(proposed(1, { x: 0.5, q: 1 }));
    loose.tell(proposed(2, { q: asFloat(1), x: 1 }));
    assert.deepEqual(text(loose), ['{"x":0.5,"q":2.0}']);
  });

  it('gives whole numbers of any length as they are written', () => {
    const ids = ['12345678901234567890', '12345678901234567891'].map((digits) => new WrittenNumber(digits));
    const sets = drawAll(grid({ id: { _type: 'choice', _value: ids } }));
    assert.equal(JSON.stringify(sets), '[{"id":12345678901234567890},{"id":12345678901234567891}]');
  });

  it('continues from its checkpoint where it was, and repeats no set', () => {
    fc.assert(
      fc.property(anySpace, fc.nat({ max: 30 }), (space, count) => {
        const whole = draw(grid(space), 40);
        const first = grid(space);
        const before = draw(first, Math.min(count, whole.length));
        const second = grid(space, JSON.parse(JSON.stringify(first.checkpoint())));
        for (const [id, parameters] of before.entries()) second.tell(proposed(id, parameters));
        assert.deepEqual([...before, ...draw(second, whole.length - before.length)], whole);
      }),
    );
  });

  it('starts over in the grid of another space', () => {
    const old = grid({ x: { _type: 'randint', _value: [0, 5] } });
    draw(old, 3);
    const changed = grid({ x: { _type: 'randint', _value: [10, 13] } }, old.checkpoint());
    assert.deepEqual(drawAll(changed), [{ x: 10 }, { x: 11 }, { x: 12 }]);
  });

  it('takes a new space while it runs', () => {
    const tuner = grid({ x: { _type: 'choice', _value: [1, 2] } });
    drawAll(tuner);
    tuner.tell(changedSpace({ x: { _type: 'choice', _value: [0, 2, 4] } }));
    assert.deepEqual(drawAll(tuner), [{ x: 0 }, { x: 4 }]);
  });

  it('refuses an empty space', () => assert.throws(() => grid({}), /empty/));
});
