import assert from 'node:assert/strict';
import { chooseRetries } from '../../../src/model/trial/retry.ts';
import { trial } from '../../fixtures/builders.ts';

describe('failed trials to try again', () => {
  it('hold each set of parameters once, unless that set has succeeded or is running', () => {
    const failed = [1, 2, 3, 3].map((x, number) => trial(number, { status: 'FAILED', parameters: { x } }));
    const others = [
      trial(10, { status: 'SUCCEEDED', parameters: { x: 1 } }),
      trial(11, { status: 'WAITING', parameters: { x: 2 } }),
      trial(12, { status: 'USER_CANCELED', parameters: { x: 3 } }),
    ];
    const { queue, ...left } = chooseRetries(failed, [...failed, ...others]);
    assert.deepEqual(
      queue.map(({ id }) => id),
      ['t2'],
    );
    assert.deepEqual(left, { succeeded: 1, pending: 1, repeated: 1 });
  });
});
