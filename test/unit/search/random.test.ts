import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { numericValue, parameterSpecs, roundHalfEven } from '../../../src/search/space/parameterSpec.ts';
import { RandomTuner } from '../../../src/search/tuners/random.ts';
import { changedSpace, draw, drawAll, ended, imported, proposed } from './drawing.ts';
import { allPoints, anySpace, assertFits, finiteSpace, sortedText } from './spaces.ts';

function random(space: SearchSpace, seed?: number, state?: unknown): RandomTuner {
  const tuner = new RandomTuner(seed);
  tuner.open(space, state === undefined ? undefined : { seq: 0, state });
  return tuner;
}

describe('Random', () => {
  it('gives parameters that fit any space', () => {
    fc.assert(
      fc.property(anySpace, fc.nat(), (space, seed) => {
        for (const parameters of draw(random(space, seed), 20)) assertFits(space, parameters);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same sets with the same seed, and others with another seed', () => {
    const space: SearchSpace = { x: { _type: 'uniform', _value: [0, 1] }, n: { _type: 'randint', _value: [0, 100] } };
    assert.deepEqual(draw(random(space, 7), 50), draw(random(space, 7), 50));
    assert.notDeepEqual(draw(random(space, 7), 50), draw(random(space, 8), 50));
    assert.notDeepEqual(draw(random(space), 50), draw(random(space), 50));
    // Seeds that differ beyond 32 bits differ, too.
    assert.notDeepEqual(draw(random(space, 1), 5), draw(random(space, 2 ** 32 + 1), 5));
  });

  it('gives every set of a finite space once, then no more', () => {
    fc.assert(
      fc.property(finiteSpace, fc.nat(), (space, seed) => {
        const texts = drawAll(random(space, seed), 2000).map(sortedText);
        assert.equal(new Set(texts).size, texts.length, 'nothing twice');
        const missing = [...allPoints(space)].filter((point) => !texts.includes(point));
        assert.deepEqual(missing, []);
      }),
    );
  });

  it('does not repeat sets that were tried before it was resumed, failed trials included', () => {
    const space: SearchSpace = { x: { _type: 'choice', _value: ['a', 'b', 'c', 'd', 'e'] } };
    const tuner = random(space, 1);
    tuner.tell(imported([{ parameters: { x: 'a' }, value: 1 }]));
    tuner.tell(proposed(4, { x: 'b' }));
    tuner.tell(proposed(5, { x: 'c' }));
    tuner.tell(ended(5, { x: 'c' }));
    assert.deepEqual(
      drawAll(tuner)
        .map(({ x }) => x)
        .toSorted(),
      ['d', 'e'],
    );
  });

  it('continues from its checkpoint where it was', () => {
    const space: SearchSpace = { x: { _type: 'normal', _value: [0, 1] }, c: { _type: 'choice', _value: [1, 2, 3] } };
    const whole = draw(random(space, 3), 20);
    const first = random(space, 3);
    const before = draw(first, 9);
    const second = random(space, 99, JSON.parse(JSON.stringify(first.checkpoint())));
    assert.deepEqual([...before, ...draw(second, 11)], whole);
  });

  it('covers a range evenly, and a logarithmic range evenly in its logarithm', () => {
    const count = 4000;
    const drawn = draw(
      random(
        {
          u: { _type: 'uniform', _value: [0, 4] },
          l: { _type: 'loguniform', _value: [1e-4, 1] },
          n: { _type: 'normal', _value: [10, 2] },
          r: { _type: 'randint', _value: [0, 4] },
        },
        1,
      ),
      count,
    );
    // Five standard deviations of a count of a quarter.
    const near = (found: number, share: number) =>
      assert.ok(Math.abs(found - count * share) < 5 * Math.sqrt(count * share * (1 - share)), `${found} of ${count}`);
    for (let part = 0; part < 4; part++) {
      near(drawn.filter(({ u }) => Math.floor(Number(u)) === part).length, 1 / 4);
      near(drawn.filter(({ l }) => Math.floor(Math.log10(Number(l))) === part - 4).length, 1 / 4);
      near(drawn.filter(({ r }) => r === part).length, 1 / 4);
    }
    near(drawn.filter(({ n }) => Number(n) > 12).length, 0.1587);
  });

  it('takes a new space while it runs', () => {
    const tuner = random({ x: { _type: 'choice', _value: [1, 2] } });
    drawAll(tuner);
    tuner.tell(changedSpace({ x: { _type: 'choice', _value: [1, 2, 3] } }));
    assert.deepEqual(drawAll(tuner), [{ x: 3 }]);
  });
});

describe('rounding to q', () => {
  it('takes halves to the even neighbour, as Python does', () => {
    const expected: [number, number][] = [
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-0.5, 0],
      [-1.5, -2],
      [-2.5, -2],
      [0.49999999999999994, 0],
      [2.4, 2],
      [-2.6, -3],
      [2 ** 51 + 0.5, 2 ** 51],
    ];
    for (const [from, to] of expected) assert.equal(roundHalfEven(from), to, String(from));
  });

  it('clips uniform values to their range, where they need not be multiples, and leaves normal values', () => {
    const value = (type: 'quniform' | 'qnormal' | 'qloguniform' | 'qlognormal', values: number[], x: number) => {
      const [spec] = parameterSpecs({ x: { _type: type, _value: values } });
      return spec?.kind === 'numeric' ? numericValue(spec, x) : assert.fail();
    };
    assert.equal(value('quniform', [1, 10, 4], 1.2), 1);
    assert.equal(value('quniform', [1, 9, 4], 10.1), 9);
    assert.equal(value('quniform', [0, 1, 0.1], 0.31), 0.30000000000000004);
    assert.equal(value('qloguniform', [1, 100, 8], Math.log(2)), 1);
    assert.equal(value('qnormal', [0, 1, 4], 11), 12);
    assert.equal(value('qlognormal', [0, 1, 4], Math.log(1.9)), 0);
  });
});
