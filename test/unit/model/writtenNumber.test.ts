import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseWrittenJson } from '../../../src/model/json/parseJson.ts';
import { asFloat, asWritten, numberOf, plainNumbers, WrittenNumber } from '../../../src/model/json/writtenNumber.ts';

/** How a text comes out again. */
const rewritten = (text: string) => JSON.stringify(parseWrittenJson(text));

describe('numbers as they are written', () => {
  it('keep their Python type', () => {
    for (const [text, expected] of [
      ['1', '1'],
      ['1.0', '1.0'],
      ['1.000', '1.0'],
      ['0.5', '0.5'],
      ['-0.0', '-0.0'],
      ['1e3', '1000.0'],
      ['1E3', '1000.0'],
      ['12.5e1', '125.0'],
      ['1e-3', '0.001'],
      ['1e22', '1e+22'],
      ['100000000000000000000.0', '100000000000000000000.0'],
      ['12345678901234567890', '12345678901234567890'],
      ['-9007199254740993', '-9007199254740993'],
      ['1000000000000000000000000', '1000000000000000000000000'],
      ['{"a":[1.0,{"b":2.0}],"s":"3.0","n":null}', '{"a":[1.0,{"b":2.0}],"s":"3.0","n":null}'],
      ['{"__proto__":1.0}', '{"__proto__":1.0}'],
    ]) {
      assert.equal(rewritten(text ?? ''), expected, text);
    }
  });

  it('are plain where JavaScript writes them alike', () => {
    for (const text of ['[1,0.5,-3,1e-7,1e22,9007199254740992]', '{"a":{"b":["1.0"]}}', '12']) {
      assert.deepEqual(parseWrittenJson(text), JSON.parse(text), text);
    }
    assert.equal(asWritten(31, '0x1F'), 31);
    assert.equal(asWritten(225, '0xE1'), 225);
    assert.equal(asWritten(15, '0o17'), 15);
    assert.equal(asFloat(0.5), 0.5);
    assert.ok(Number.isNaN(asFloat(Number.NaN)));
  });

  it('have the value of any JSON text, and are refused where it is', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(plainNumbers(parseWrittenJson(text)), JSON.parse(JSON.stringify(JSON.parse(text))));
        const once = rewritten(text);
        assert.equal(rewritten(once), once);
      }),
    );
    assert.throws(() => parseWrittenJson('{"a": 1.0,}'), SyntaxError);
    assert.throws(() => parseWrittenJson(''), SyntaxError);
  });

  it('are floats after asFloat, for any number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = JSON.stringify(asFloat(value));
        assert.match(text, /[.e]/);
        assert.ok(Object.is(Number(text), value), text);
      }),
    );
  });

  it('count as numbers', () => {
    const one = asFloat(1);
    assert.ok(one instanceof WrittenNumber);
    assert.equal(numberOf(one), 1);
    assert.equal(Number(one) + 1, 2);
    assert.equal(`${one}`, '1');
    assert.equal(numberOf('1'), undefined);
    assert.equal(
      JSON.stringify({ one }, (_key, value: unknown) => value, 1),
      '{\n "one": 1.0\n}',
    );
  });
});
