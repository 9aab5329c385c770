/** Asking tuners. */
import assert from 'node:assert/strict';
import type { Parameters } from '../../../src/model/trial/trial.ts';
import type { Tuner } from '../../../src/search/tuner.ts';

type Native = Omit<Tuner, 'generateParameters'> & { generateParameters(id: number): Parameters | undefined };

/** The next sets, at most `count`. */
export function draw(tuner: Native, count: number, firstId = 0): Parameters[] {
  const sets: Parameters[] = [];
  for (let id = firstId; id < firstId + count; id++) {
    const parameters = tuner.generateParameters(id);
    if (!parameters) break;
    sets.push(parameters);
  }
  return sets;
}

/** All there are. Fails when there seem to be more than `most`. */
export function drawAll(tuner: Native, most = 100_000): Parameters[] {
  const sets = draw(tuner, most + 1);
  assert.ok(sets.length <= most, `more than ${most}`);
  assert.equal(tuner.generateParameters(most + 1), undefined, 'still none when asked again');
  return sets;
}
