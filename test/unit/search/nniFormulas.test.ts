/** The formulas of our tuners beside those of the real NNI, where it is installed. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import { parseWrittenJson } from '../../../src/model/json/parseJson.ts';
import { numberOf } from '../../../src/model/json/writtenNumber.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import { logDensity, normalMixture } from '../../../src/search/space/mixture.ts';
import { normalQuantile } from '../../../src/search/space/normalQuantile.ts';
import { parameterSpecs, toParameters, toPoint } from '../../../src/search/space/parameterSpec.ts';
import { GridSearchTuner } from '../../../src/search/tuners/gridSearch.ts';
import { RandomTuner } from '../../../src/search/tuners/random.ts';
import { forgettingWeights } from '../../../src/search/tuners/tpe.ts';
import { findRealNni, noRealNni } from '../../harness/realNni.ts';
import { draw } from './drawing.ts';
import { anySpace } from './spaces.ts';

const script = fileURLToPath(new URL('nniFormulas.py', import.meta.url));

/** Equal up to the noise of floating point; where `typed`, also float or int to Python alike. */
function assertClose(actual: unknown, expected: unknown, about: string, typed: boolean, tolerance = 1e-9): void {
  const [number, wanted] = [numberOf(actual), numberOf(expected)];
  if (number !== undefined && wanted !== undefined) {
    const near = Math.abs(number - wanted) <= tolerance * Math.max(1, Math.abs(wanted));
    assert.ok(near || Object.is(number, wanted), `${about}: ${number} instead of ${wanted}`);
    // With noise only one of them may be whole.
    if (typed && number === wanted) assert.equal(JSON.stringify(actual), JSON.stringify(expected), about);
  } else if (typeof expected !== 'object' || expected === null) assert.deepEqual(actual, expected, about);
  else {
    assert.deepEqual(Object.keys(actual as object).toSorted(), Object.keys(expected).toSorted(), about);
    for (const [key, each] of Object.entries(expected)) {
      assertClose((actual as Record<string, unknown>)[key], each, `${about} ${key}`, typed, tolerance);
    }
  }
}

const sample = <T>(arbitrary: fc.Arbitrary<T>, count: number) => fc.sample(arbitrary, { numRuns: count, seed: 30 });

describe('the formulas of the tuners, beside the real NNI', () => {
  const nni = findRealNni();
  const cases: { question: Record<string, unknown>; ours: unknown; tolerance?: number }[] = [];
  let answers: { answer?: unknown }[] = [];

  before(async function () {
    if (!nni) {
      console.log(`!! SKIPPED: ${noRealNni}`);
      this.skip();
    }
    for (const [n, flat] of sample(fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 30 })), 30)) {
      cases.push({ question: { question: 'weights', n, flat }, ours: forgettingWeights(n, flat) });
    }
    const unit = fc.double({ min: -1, max: 1, noNaN: true });
    const mixtures = fc.record({
      centres: fc.uniqueArray(unit, { maxLength: 40 }),
      at: fc.array(unit, { minLength: 1, maxLength: 4 }),
      flat: fc.integer({ min: 1, max: 30 }),
      weight: fc.constantFrom(0.5, 1, 3),
      clipped: fc.boolean(),
    });
    for (const { centres, at, flat, weight, clipped } of sample(mixtures, 60)) {
      // Off the centres: which of two equal ones is the prior differs, and does not matter.
      const [mu, sigma] = [0.123456789, 2];
      const mixture = normalMixture({
        centres,
        weights: forgettingWeights(centres.length, flat),
        prior: { mu, sigma, weight },
        ...(clipped ? { range: { low: -1, high: 1 } } : {}),
      });
      // We leave out a constant factor, which is the same in both densities that are compared.
      const densities = at.map((x) => logDensity(mixture, x) - Math.log(Math.sqrt(2 * Math.PI)));
      cases.push({
        question: { question: 'mixture', centres, at, flat, weight, mu, sigma, clip: clipped ? [-1, 1] : null },
        ours: [mixture.weights, mixture.mus, mixture.sigmas, densities],
        tolerance: 1e-6,
      });
    }
    for (const space of [...sample(anySpace, 40), ...ordinary]) {
      const tuner = new GridSearchTuner();
      tuner.open(space);
      const points = draw(tuner, 25);
      // NNI itself may look for ever for a next point, so it is asked for our number of points.
      cases.push({ question: { question: 'grid', space, count: points.length }, ours: points });
    }
    for (const space of sample(anySpace, 60)) {
      const tuner = new RandomTuner(1);
      tuner.open(space);
      const [parameters = {}] = draw(tuner, 1);
      const specs = parameterSpecs(space);
      const back = toParameters(specs, toPoint(specs, parameters) ?? new Map());
      // A logarithm of 0 makes NNI fail.
      if (!JSON.stringify(parameters).includes(':0')) {
        cases.push({ question: { question: 'round_trip', space, parameters }, ours: back });
      }
    }
    for (const p of [0.5, 0.25, 0.001, 0.999, 1e-10]) {
      cases.push({ question: { question: 'quantile', p }, ours: normalQuantile(p), tolerance: 1e-6 });
    }
    const { stdout } = await execa(nni.python, [script], {
      input: JSON.stringify(cases.map(({ question }) => question)),
    });
    answers = parseWrittenJson(stdout) as typeof answers;
  });

  for (const [question, title] of [
    ['weights', 'old results lose weight alike'],
    ['mixture', 'densities of good and other results are alike'],
    ['grid', 'the grid has the same points in the same order'],
    ['round_trip', 'parameters become the same point and come back'],
    ['quantile', 'a normal dimension is divided alike'],
  ]) {
    it(title ?? '', () => {
      let compared = 0;
      for (const [index, each] of cases.entries()) {
        const answer = answers[index]?.answer;
        if (each.question.question !== question || answer === undefined) continue;
        compared++;
        const areParameters = question === 'grid' || question === 'round_trip';
        assertClose(each.ours, answer, JSON.stringify(each.question), areParameters, each.tolerance);
      }
      assert.ok(compared > 4);
    });
  }
});

const ordinary: SearchSpace[] = [
  {
    lr: { _type: 'loguniform', _value: [1e-5, 1] },
    batch: { _type: 'choice', _value: [16, 32, 64] },
    dropout: { _type: 'quniform', _value: [0, 0.5, 0.1] },
  },
  { x: { _type: 'normal', _value: [0, 1] }, y: { _type: 'qnormal', _value: [5, 2, 1] } },
  { x: { _type: 'qloguniform', _value: [1, 1000, 10] }, y: { _type: 'qlognormal', _value: [0, 1, 1] } },
];
