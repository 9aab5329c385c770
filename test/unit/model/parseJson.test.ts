import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  JsonLimitError,
  maxJsonDepth,
  maxJsonValues,
  parseJson,
  parseStrictJson,
  parseWrittenJson,
} from '../../../src/model/json/parseJson.ts';
import { writeJson } from '../../../src/model/json/writeJson.ts';

const rewritten = (text: string) => writeJson(parseWrittenJson(text));

/** JSON texts, with all that JavaScript would change: Python's constants, numbers of any form, keys of any kind. */
const texts = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('NaN', 'Infinity', '-Infinity', 'null', 'true', '-0', '1.0', '1e5', '2.50', '0.1', '7'),
    fc.bigInt().map(String),
    fc.oneof(fc.string(), fc.constantFrom('NaN', '"', '\\', '\u2028', "'")).map((text) => JSON.stringify(text)),
    fc.array(tie('value')).map((values) => `[${values.join(',')}]`),
    fc
      .uniqueArray(
        fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom('__proto__', 'constructor', 'prototype', '01')),
      )
      .chain((keys) => fc.tuple(...keys.map((key) => tie('value').map((value) => `${JSON.stringify(key)}:${value}`))))
      .map((entries) => `{${entries.join(',')}}`),
  ),
})).value;

/** Writes what is the same to Python the same way: `1e5` and `100000.0`, and the whole numbers `-0` and `0`. */
function normal(text: string | undefined): string {
  return (text ?? '')
    .replace(/\b1e5\b/g, '100000.0')
    .replace(/\b2\.50\b/g, '2.5')
    .replace(/-0(?![\d.])/g, '0');
}

describe('JSON texts', () => {
  it('are written as they were read', () => {
    fc.assert(fc.property(texts, (text) => assert.equal(normal(rewritten(text)), normal(text))));
  });

  it('give the values of JSON.parse, where it accepts them', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(parseJson(text), JSON.parse(text));
        assert.deepEqual(JSON.parse(rewritten(text) ?? ''), JSON.parse(JSON.stringify(JSON.parse(text))));
      }),
    );
  });

  it('are refused when they are not JSON, at any length', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (text, at) => {
        const broken = `[${text.slice(0, at % text.length)}`;
        assert.throws(() => parseJson(broken), SyntaxError, broken);
        assert.throws(() => parseWrittenJson(broken), SyntaxError, broken);
      }),
    );
    for (const text of ['', 'nan', '[NaN,]', '{NaN: 1}', '{"a" NaN}', '[NaN 1]', 'NaN1', '[01, NaN]', '["\n", NaN]']) {
      assert.throws(() => parseJson(text), SyntaxError, text);
    }
  });

  it('of people and clients have no NaN and no infinity', () => {
    for (const text of ['NaN', '{"lr": NaN}', '[1.0, -Infinity]', '[Infinity]']) {
      assert.throws(() => parseStrictJson(text), /is not valid JSON|Unexpected|No number after minus sign/, text);
    }
    const text = '{"10":1.0,"2":["NaN",12345678901234567890]}';
    assert.equal(writeJson(parseStrictJson(text)), text);
    assert.throws(() => parseStrictJson('['.repeat(300)), JsonLimitError);
  });

  it('have keys of any name as data', () => {
    const text = '{"__proto__":{"polluted":1.0},"constructor":2,"prototype":[NaN],"10":1,"2":1}';
    const value = parseWrittenJson(text);
    assert.ok(typeof value === 'object' && value !== null);
    assert.deepEqual(Object.keys(value).sort(), ['10', '2', '__proto__', 'constructor', 'prototype'].sort());
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal('polluted' in {}, false);
    assert.equal(writeJson(value), text);
  });

  it('are refused for their shape before anything is built', () => {
    const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    assert.ok(Array.isArray(parseJson(deep(maxJsonDepth))));
    for (const parse of [parseJson, parseWrittenJson]) {
      assert.throws(() => parse(deep(maxJsonDepth + 1)), JsonLimitError);
      assert.throws(() => parse(`[NaN, ${deep(maxJsonDepth)}]`), JsonLimitError);
      assert.throws(() => parse('['.repeat(20_000_000)), /nested deeper than 256 levels/);
      assert.throws(() => parse(`[${'{},'.repeat(maxJsonValues)}1.0]`), /more than 4 million values/);
    }
    // Brackets in a text are text.
    assert.equal(parseJson(JSON.stringify('["\\'.repeat(1000))), '["\\'.repeat(1000));
  });

  it('are read in one pass, with millions of digits, quotes or blanks', () => {
    assert.equal(parseJson('9'.repeat(5_000_000)), Number.POSITIVE_INFINITY);
    assert.equal(rewritten(`[1.0, ${'9'.repeat(1_000_000)}]`), `[1.0,${'9'.repeat(1_000_000)}]`);
    assert.throws(() => parseJson(`"${'\\"'.repeat(1_000_000)} NaN`), SyntaxError);
    assert.throws(() => parseJson(`[NaN, "${' '.repeat(1_000_000)}"${' '.repeat(1_000_000)}`), SyntaxError);
    assert.deepEqual(parseJson(`["${'x'.repeat(10_000_000)}", NaN]`), ['x'.repeat(10_000_000), Number.NaN]);
  });
});
