import assert from 'node:assert/strict';
import { judge, unwatchedEnd } from '../../../src/runner/trials/verdict.ts';

const endTime = 0;
const cancelled = { status: 'USER_CANCELED', message: 'cancelled' } as const;

describe('the verdict on a trial', () => {
  for (const [final, expected] of [
    ['0.5', { status: 'SUCCEEDED', final: { value: 0.5, text: '0.5' } }],
    ['{"default": 2, "loss": NaN}', { status: 'SUCCEEDED', final: { value: 2, text: '{"default": 2, "loss": NaN}' } }],
    ['true', { status: 'SUCCEEDED', final: { value: 1, text: 'true' } }],
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
      assert.deepEqual(judge({ exitCode: 0, endTime }, final === undefined ? {} : { final }, undefined, ''), expected);
    });
  }

  it('gives the reason of a failed trial in its own last words', () => {
    const traceback =
      'Traceback (most recent call last):\n  File "trial.py", line 3\n\x1b[31mValueError: lr must be positive\x1b[0m\n\n';
    const failed = (exitCode: number, errors: string) =>
      judge({ exitCode, endTime }, { final: '0.5' }, undefined, errors).message;
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
    assert.deepEqual(judge({ signal: 'SIGKILL', endTime }, {}, undefined, ''), {
      status: 'FAILED',
      message: 'killed by SIGKILL, maybe for want of memory',
    });
    assert.deepEqual(
      judge({ signal: 'SIGINT', endTime }, { latest: '0.5' }, cancelled, 'KeyboardInterrupt'),
      cancelled,
    );
    assert.deepEqual(judge({ endTime }, { final: '0.5' }, undefined, ''), { status: 'FAILED', message: unwatchedEnd });
  });

  it('keeps the result of a trial that ended well within its grace time', () => {
    assert.deepEqual(judge({ exitCode: 0, endTime }, { final: '0.5' }, cancelled, ''), {
      status: 'SUCCEEDED',
      final: { value: 0.5, text: '0.5' },
    });
    assert.deepEqual(judge({ exitCode: 0, endTime }, {}, cancelled, ''), cancelled);
  });

  it('keeps the reports of a trial that was stopped early', () => {
    const stopped = { status: 'EARLY_STOPPED', message: 'below the median' } as const;
    const verdict = (reported: { final?: string; latest?: string }) =>
      judge({ signal: 'SIGINT', endTime }, reported, stopped, '');
    assert.deepEqual(verdict({}), stopped);
    assert.deepEqual(verdict({ latest: '0.5' }), { ...stopped, latest: { value: 0.5, text: '0.5' } });
    assert.deepEqual(verdict({ latest: '0.5', final: '0.6' }), { ...stopped, latest: { value: 0.6, text: '0.6' } });
    assert.deepEqual(verdict({ latest: '0.5', final: 'NaN' }), { ...stopped, latest: { value: 0.5, text: '0.5' } });
  });
});
