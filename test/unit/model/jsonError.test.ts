import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonErrorAt } from '../../../src/model/json/jsonError.ts';

describe('the place where a text stops being JSON', () => {
  it('is the first wrong token', () => {
    const wrong: [string, number][] = [
      ['[{"a": {"lr": 1},\n "value": }]', 28],
      ['[1,2', 4],
      ['[1 2]', 3],
      ['{"a":1} x', 8],
      ['[1,]', 3],
      ['{"a":1,}', 7],
      ["{'a':1}", 1],
      ['[NaN]', 1],
      ['[01]', 2],
      ['"\n"', 0],
      ['', 0],
      [']', 0],
      ['[1}', 2],
      ['{"a" 1}', 5],
    ];
    for (const [text, at] of wrong) assert.equal(jsonErrorAt(text), at, JSON.stringify(text));
  });

  it('exists in every text that is not JSON, and in no valid one', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => jsonErrorAt(JSON.stringify(value, null, 1)) === undefined));
    const texts = fc.string({ unit: fc.constantFrom(...'[]{},:"a1-.e \\') });
    const valid = (text: string) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(fc.property(texts, (text) => (jsonErrorAt(text) === undefined) === valid(text)));
  });
});
