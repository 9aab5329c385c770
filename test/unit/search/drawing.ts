/** Asks tuners and tells them events. */
import assert from 'node:assert/strict';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import type { Parameters } from '../../../src/model/trial/trial.ts';
import type { Answer, KnownResult, SearchEvent, SetId } from '../../../src/search/algorithm.ts';

/** A tuner that answers at once. */
interface Native {
  ask(count: number, firstId: number): Answer;
}

/** The next set; undefined when there is none. */
export function next(tuner: Native, id: number): Parameters | undefined {
  const [set] = tuner.ask(1, id).sets;
  if (set) assert.equal(set.id, id);
  return set?.parameters;
}

/** The next sets, at most `count`. */
export function draw(tuner: Native, count: number, firstId = 0): Parameters[] {
  return tuner.ask(count, firstId).sets.map(({ parameters }) => parameters);
}

/** All sets there are. Fails when there seem to be more than `max`. */
export function drawAll(tuner: Native, max = 10_000): Parameters[] {
  const { sets, rest } = tuner.ask(max + 1, 0);
  assert.ok(sets.length <= max, `more than ${max}`);
  assert.equal(rest, 'never');
  assert.deepEqual(tuner.ask(1, max), { sets: [], rest: 'never' }, 'still none when asked again');
  return sets.map(({ parameters }) => parameters);
}

const seq = 0;
const trialId = 'trial';

/** A trial has ended; it failed when it has no value. */
export function ended(set: SetId | null, parameters: Parameters, value?: number): SearchEvent {
  const status = value === undefined ? 'FAILED' : 'SUCCEEDED';
  const final = value === undefined ? {} : { final: { value, text: String(value) } };
  return { seq, kind: 'ended', set, trialId, parameters, status, ...final };
}

export function imported(results: readonly KnownResult[]): SearchEvent {
  return { seq, kind: 'imported', results };
}

/** The tuner proposed this set before it was resumed. */
export function proposed(set: SetId, parameters: Parameters): SearchEvent {
  return { seq, kind: 'proposed', set, trialId, parameters };
}

export function changedSpace(space: SearchSpace): SearchEvent {
  return { seq, kind: 'space', space };
}
