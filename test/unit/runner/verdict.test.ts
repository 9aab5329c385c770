import assert from 'node:assert/strict';
import { judge, unwatchedEnd } from '../../../src/runner/trials/verdict.ts';

const endTime = 0;
const cancelled = { status: 'USER_CANCELED', message: 'cancelled' } as const;

describe('verdict on a trial', () => {
  for (const [final, expected] of [
    ['0.5', { status: 'SUCCEEDED', value: 0.5 }],
    ['{"default": 2, "loss": NaN}', { status: 'SUCCEEDED', value: 2 }],
    ['true', { status: 'SUCCEEDED', value: 1 }],
    ['NaN', { status: 'SUCCEEDED', message: 'final result is NaN' }],
    ['-Infinity', { status: 'SUCCEEDED', message: 'final result is infinite' }],
    ['"good"', { status: 'SUCCEEDED', message: 'final result is text' }],
    ['null', { status: 'SUCCEEDED', message: 'final result is no number' }],
    ['[1, 2]', { status: 'SUCCEEDED', message: 'final result is no number' }],
    ['{"loss": 1}', { status: 'SUCCEEDED', message: "final result has no number named 'default'" }],
    ['{"default": "x"}', { status: 'SUCCEEDED', message: "final result has no number named 'default'" }],
    [undefined, { status: 'SUCCEEDED', message: 'ended without a final result' }],
  ] as const) {
    it(`takes the final result ${final} for what it is`, () => {
      assert.deepEqual(judge({ exitCode: 0, endTime }, final, undefined, ''), expected);
    });
  }

  it('says why a trial failed, in its own last words', () => {
    const traceback =
      'Traceback (most recent call last):\n  File "trial.py", line 3\n\x1b[31mValueError: lr must be positive\x1b[0m\n\n';
    const failed = (exitCode: number, errors: string) => judge({ exitCode, endTime }, '0.5', undefined, errors).message;
    assert.equal(failed(1, traceback), 'exit 1: ValueError: lr must be positive');
    assert.equal(failed(1, `${traceback}epoch 3\repoch 4\r`), 'exit 1: ValueError: lr must be positive');
    assert.equal(
      failed(127, '/bin/bash: line 1: pyton: command not found\n'),
      'exit 127: /bin/bash: line 1: pyton: command not found',
    );
    assert.equal(failed(2, ''), 'exit 2');
    assert.equal(failed(2, 'x'.repeat(5000))?.length, 'exit 2: '.length + 200);
  });

  it('tells a kill from a cancellation', () => {
    assert.deepEqual(judge({ signal: 'SIGKILL', endTime }, undefined, undefined, ''), {
      status: 'FAILED',
      message: 'killed by SIGKILL, maybe for want of memory',
    });
    assert.deepEqual(judge({ signal: 'SIGINT', endTime }, undefined, cancelled, 'KeyboardInterrupt'), cancelled);
    assert.deepEqual(judge({ endTime }, '0.5', undefined, ''), { status: 'FAILED', message: unwatchedEnd });
  });

  it('keeps the result of a trial that used the grace to end well', () => {
    assert.deepEqual(judge({ exitCode: 0, endTime }, '0.5', cancelled, ''), { status: 'SUCCEEDED', value: 0.5 });
    assert.deepEqual(judge({ exitCode: 0, endTime }, undefined, cancelled, ''), cancelled);
  });
});
