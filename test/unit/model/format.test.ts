import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatDuration, formatNumber } from '../../../src/model/text/format.ts';

describe('numbers and durations as people read them', () => {
  it('have four significant digits, and integers in full', () => {
    const expected: [number, string][] = [
      [0.9731234, '0.9731'],
      [0.9, '0.9'],
      [0.0010000000474, '1.0e-3'],
      [0.00065, '6.5e-4'],
      [0.0065432, '6.543e-3'],
      [0.01, '0.01'],
      [0.00999999, '0.01'],
      [12345.678, '12346'],
      [1234567.8, '1.235e6'],
      [123456789, '123456789'],
      [-0.5, '-0.5'],
      [0, '0'],
      [Number.NaN, 'NaN'],
      [Number.NEGATIVE_INFINITY, '-∞'],
    ];
    for (const [value, text] of expected) assert.equal(formatNumber(value), text);
  });

  it('never show another number than the real one', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) => {
        const read = Number(formatNumber(value));
        assert.ok(Math.abs(read - value) <= Math.abs(value) * 5.1e-4, `${value} as ${formatNumber(value)}`);
      }),
    );
  });

  it('show a duration in its two largest units', () => {
    const expected: [number, string][] = [
      [0.42, '0.4 s'],
      [3, '3 s'],
      [9.97, '10 s'],
      [59.4, '59 s'],
      [59.6, '1m 00s'],
      [192, '3m 12s'],
      [3600, '1h 00m'],
      [3720, '1h 02m'],
      [26 * 3600, '1d 2h'],
      [Number.NaN, ''],
      [-1, ''],
    ];
    for (const [seconds, text] of expected) assert.equal(formatDuration(seconds), text);
  });
});
