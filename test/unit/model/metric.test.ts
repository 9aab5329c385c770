import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { projectRoot } from '../../../scripts/folders.ts';
import { parseJson } from '../../../src/model/json/parseJson.ts';
import { decodeMetric, unwrapMetricData, wrapMetricData } from '../../../src/model/trial/metric.ts';

const { NaN: nan } = Number;

describe('a metric', () => {
  // What NNI stores (JSON text of the value's JSON text), the number of interest, all numbers.
  const recorded: [string, number | undefined, Record<string, number>][] = [
    ['"0.5"', 0.5, { default: 0.5 }],
    ['"NaN"', nan, { default: nan }],
    ['"Infinity"', Number.POSITIVE_INFINITY, { default: Number.POSITIVE_INFINITY }],
    ['"-Infinity"', Number.NEGATIVE_INFINITY, { default: Number.NEGATIVE_INFINITY }],
    ['"3"', 3, { default: 3 }],
    ['"1e400"', Number.POSITIVE_INFINITY, { default: Number.POSITIVE_INFINITY }],
    ['"true"', 1, { default: 1 }],
    ['"null"', undefined, {}],
    ['"\\"text\\""', undefined, {}],
    ['"\\"0.5\\""', undefined, {}],
    ['"{\\"default\\": 0.7, \\"loss\\": 0.1}"', 0.7, { default: 0.7, loss: 0.1 }],
    ['"{\\"default\\": NaN, \\"NaN\\": \\"NaN\\"}"', nan, { default: nan }],
    ['"{\\"a\\": 1, \\"b\\": \\"x\\", \\"c\\": [1], \\"d\\": false}"', undefined, { a: 1, d: 0 }],
    ['"[1, 2]"', undefined, {}],
    ['"{\\"__ndarray__\\": [1.0, 2.0], \\"dtype\\": \\"float64\\", \\"shape\\": [2]}"', undefined, {}],
    ['"{\\"__ndarray__\\": 5.0, \\"dtype\\": \\"float64\\", \\"shape\\": []}"', 5, { default: 5 }],
    ['"{\\"default\\": {\\"__ndarray__\\": 5.0, \\"shape\\": []}}"', 5, { default: 5 }],
    ['"0.5 and more"', undefined, {}],
    ['""', undefined, {}],
  ];
  for (const [data, value, entries] of recorded) {
    it(`${data} is ${value}`, () => {
      const text = unwrapMetricData(data);
      const metric = decodeMetric(text);
      assert.deepEqual([metric.default, metric.entries], [value, entries]);
      assert.equal(metric.text, text);
      assert.equal(wrapMetricData(text), data);
    });
  }

  it('keeps any text and never throws', () => {
    const json = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'NaN', '-', 'Infinity', '1', 'e9', ' '),
    });
    const half = fc.string({ unit: fc.constantFrom('\uD800', '\uDC00', '"', 'a', '\\u') });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), json, half, fc.json()), (text) => {
        assert.equal(decodeMetric(text).text, text);
        assert.equal(unwrapMetricData(wrapMetricData(text)), text);
        unwrapMetricData(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not a number, and not a failure, when it is nested too deep or too long', () => {
    const deep = (open: string, close: string) => open.repeat(200_000) + close.repeat(200_000);
    for (const text of [
      deep('[', ']'),
      deep('{"default":', '}').replace(':}', ':NaN}'),
      deep('{"__ndarray__":', '}').replace(':}', ':1}'),
      `${'9'.repeat(100_000)}x`,
    ]) {
      assert.equal(decodeMetric(text).default, undefined);
    }
    assert.equal(decodeMetric('9'.repeat(1000)).default, Number.POSITIVE_INFINITY);
  });

  it('keeps its own text in every recorded answer of NNI', () => {
    const folder = join(projectRoot, 'test/fixtures/nni-3.0/rest/hpo');
    const rows = JSON.parse(readFileSync(join(folder, 'metric-data.json'), 'utf8')) as { data: string }[];
    assert.ok(rows.length > 10);
    for (const { data } of rows) assert.equal(wrapMetricData(decodeMetric(unwrapMetricData(data)).text), data);
  });
});

describe('JSON as Python writes it', () => {
  /** As Python's `json.dumps` puts it. */
  function python(value: unknown): string {
    if (typeof value === 'number') return String(value);
    if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${python(each)}`);
    return `{${entries.join(', ')}}`;
  }
  const tricky = fc.constantFrom(
    'NaN',
    '"NaN"',
    ': NaN',
    "'",
    "'NaN",
    '\\',
    '\\"',
    'Infinity',
    '-Infinity',
    ':',
    '\u0000',
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(nan, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null, true, 0, -1.5),
      fc.oneof(tricky, fc.string({ unit: 'binary' })),
      fc.array(tie('value'), { maxLength: 4 }),
      // V8's own JSON.parse confuses a key of one escaped character with a backslash that it has read as a key before.
      fc.dictionary(
        fc.oneof(tricky, fc.string()).filter((key) => !/^[\\"\p{Cc}]$/u.test(key)),
        tie('value'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }));

  it('is read with NaN and infinities, while strings that look like them stay strings', () => {
    fc.assert(
      fc.property(value, (each) => assert.deepEqual(parseJson(python(each)), each)),
      { numRuns: 1000 },
    );
  });

  it('is refused where Python refuses it', () => {
    for (const text of [
      '',
      'nan',
      'NaNs',
      '-NaN',
      '1Infinity',
      '+Infinity',
      '[NaN',
      '{NaN: 1}',
      '"NaN',
      'NaN NaN',
      "'NaN'",
    ]) {
      assert.throws(() => parseJson(text), SyntaxError, text);
    }
  });
});
