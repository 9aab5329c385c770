import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { TrialMetric } from '../../../src/runner/channels/channel.ts';
import { MetricFrameDecoder } from '../../../src/runner/channels/file/metricFrames.ts';

function frame(payload: string): Buffer {
  const bytes = Buffer.from(`${payload}\n`);
  return Buffer.concat([Buffer.from(`ME${String(bytes.length).padStart(6, '0')}`), bytes]);
}
const record = (value: string, more: object = {}) =>
  JSON.stringify({ parameter_id: 3, trial_job_id: 'T3', type: 'PERIODICAL', sequence: 0, value, ...more });
const metric = (value: string): TrialMetric => ({ parameterId: '3', type: 'PERIODICAL', sequence: 0, value });

/** Decodes bytes cut at these places. */
function decode(bytes: Buffer, cuts: number[] = []) {
  const decoder = new MetricFrameDecoder();
  const metrics: TrialMetric[] = [];
  const garbage: string[] = [];
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const take = (found: { metrics: TrialMetric[]; garbage: string[] }) => {
    metrics.push(...found.metrics);
    garbage.push(...found.garbage);
  };
  for (const [index, place] of places.entries()) take(decoder.push(bytes.subarray(places[index - 1] ?? 0, place)));
  const beforeEnd = decoder.offset;
  take(decoder.finish());
  return { metrics, garbage, beforeEnd, offset: decoder.offset };
}

describe('the reader of metric frames', () => {
  it('reads what both generations of the SDK write', () => {
    const bytes = Buffer.from(
      'ME000096{"parameter_id": 3, "trial_job_id": "T3", "type": "PERIODICAL", "sequence": 0, "value": "0.25"}\n',
    );
    // The length in the fixture counts the newline.
    const found = decode(Buffer.concat([bytes, frame(record('{"default": NaN}', { type: 'FINAL' }))]));
    assert.deepEqual(found.metrics, [metric('0.25'), { ...metric('{"default": NaN}'), type: 'FINAL' }]);
    assert.deepEqual(found.garbage, []);
    assert.equal(found.offset, found.beforeEnd);
  });

  it('decodes the same metrics wherever the bytes are cut, also non-Latin text', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.array(fc.nat()),
        fc.array(fc.string({ unit: 'binary' }).filter((text) => !text.includes('ME'))),
        (values, cuts, noise) => {
          const parts = values.flatMap((value, index) => [Buffer.from(noise[index] ?? ''), frame(record(value))]);
          const found = decode(Buffer.concat(parts), cuts);
          assert.deepEqual(found.metrics, values.map(metric));
        },
      ),
    );
  });

  it('loses no valid frame after garbage that looks like frames, wherever the bytes are cut', () => {
    const broken = fc.oneof(
      fc.constant('ME'),
      fc.constant('ME999999{"parameter_id": 1, "type"'),
      fc.constant('ME000050{"parameter_id": 1, "ty'),
      fc.constant('ME000020{"a": 1}'),
      fc.constant('ME0000000000012{}'),
      fc.constant('ME000003no\nME00'),
      fc.constant(frame('{"type": "NEW"}').toString()),
      fc.constant(frame('[1, 2]').toString()),
      fc.string({ unit: fc.constantFrom('M', 'E', '0', '9', '{', '}', '"', '\n', ' ') }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(broken, fc.nat({ max: 1000 }))), fc.array(fc.nat()), (parts, cuts) => {
        const bytes = Buffer.concat(
          parts.flatMap(([garbage, value]) => [Buffer.from(garbage), frame(record(String(value)))]),
        );
        const found = decode(bytes, cuts);
        assert.deepEqual(found.metrics, decode(bytes).metrics);
        assert.deepEqual(
          found.metrics.map((each) => each.value),
          parts.map(([, value]) => String(value)),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('continues from an offset and gives no metric twice', () => {
    const bytes = Buffer.concat([frame(record('1')), frame(record('2')), frame(record('3'))]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const first = new MetricFrameDecoder();
      const metrics = [...first.push(bytes.subarray(0, cut)).metrics];
      const second = new MetricFrameDecoder(first.offset);
      metrics.push(...second.push(bytes.subarray(first.offset)).metrics);
      assert.deepEqual(metrics, ['1', '2', '3'].map(metric));
      assert.equal(second.offset, bytes.length);
    }
  });

  it('reads a value of 10 MB, whose length needs eight digits', () => {
    const text = `"${'x'.repeat(10_000_000)}"`;
    const bytes = frame(record(text));
    assert.match(bytes.toString('latin1', 0, 12), /^ME100000\d\d\{/);
    const found = decode(
      Buffer.concat([bytes, frame(record('1'))]),
      Array.from({ length: 150 }, (_, index) => index * 65_536),
    );
    assert.equal(found.metrics[0]?.value.length, text.length);
    assert.deepEqual(found.metrics[1], metric('1'));
  });

  it('reports skipped bytes, and does not wait for a payload that was never finished', () => {
    const decoder = new MetricFrameDecoder();
    const first = decoder.push(Buffer.from('loss: 0.3\n'));
    assert.deepEqual(first, { metrics: [], garbage: ['text that is not a metric (10 bytes: loss: 0.3)'] });
    const half = decoder.push(Buffer.from('ME500000{"parameter_id": 3, "value\n'));
    assert.deepEqual(half, { metrics: [], garbage: [] });
    const found = decoder.push(frame(record('0.5')));
    assert.deepEqual(found.metrics, [metric('0.5')]);
    assert.match(found.garbage.join(), /cut off after \d+ of 500000 bytes/);
    assert.match(decoder.push(Buffer.from('ME999999999{')).garbage.join(), /999999999 bytes, more than/);
  });

  it('ignores requests for parameters, and reads bare values of scripts that write frames themselves', () => {
    const request = frame('{"trial_job_id": "T", "type": "REQUEST_PARAMETER", "sequence": 0, "parameter_index": 0}');
    const bare = frame('{"type": "FINAL", "value": 0.5}');
    const nan = frame('{"type": "FINAL", "value": NaN, "parameter_id": "0-3_0_6"}');
    const found = decode(Buffer.concat([request, bare, nan]));
    assert.deepEqual(found.garbage, []);
    assert.deepEqual(found.metrics, [
      { parameterId: null, type: 'FINAL', sequence: 0, value: '0.5' },
      { parameterId: '0-3_0_6', type: 'FINAL', sequence: 0, value: 'NaN' },
    ]);
  });
});
