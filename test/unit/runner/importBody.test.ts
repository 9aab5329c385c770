import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maxImported, readImportBody } from '../../../src/runner/rest/importBody.ts';

describe('readImportBody', () => {
  it('takes numbers, objects with "default", and JSON texts of either', async () => {
    const body = [
      { parameter: { x: 1 }, value: 0.5 },
      { parameter: { x: 'a, ] "b"' }, value: { default: 2, loss: 3 } },
      { parameter: {}, value: '{"default": 3}' },
    ];
    const { results, data } = await readImportBody(` ${JSON.stringify(body, undefined, 2)}\n`);
    assert.deepEqual(results, [
      { parameters: { x: 1 }, value: 0.5 },
      { parameters: { x: 'a, ] "b"' }, value: 2 },
      { parameters: {}, value: 3 },
    ]);
    assert.deepEqual(data, body);
    assert.deepEqual(await readImportBody('[]'), { results: [], data: [] });
  });

  it('keeps how numbers are written', async () => {
    const text = '[{"parameter":{"x":1.0},"value":2}]';
    assert.equal(JSON.stringify((await readImportBody(text)).data), text);
  });

  it('reads any list as JSON.parse does', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), async (parameters) => {
        fc.pre(!JSON.stringify(parameters).includes('__proto__'));
        const body = JSON.stringify(parameters.map((parameter) => ({ parameter, value: 1 })));
        const { data } = await readImportBody(body);
        assert.equal(JSON.stringify(data), body);
      }),
    ));

  for (const [what, body, statusCode, message] of [
    ['an object', '{}', 400, /must be an array/],
    ['half a list', '[{"parameter":{},"value":1}', 400, /must be an array/],
    ['nothing', '', 400, /must be an array/],
    ['an empty entry', '[{"parameter":{},"value":1},]', 400, /Entry 1 of the body is not valid JSON/],
    ['two values without a comma', '[{"parameter":{}} {}]', 400, /Entry 0 of the body is not valid JSON/],
    ['more behind the list', '[{"parameter":{},"value":1}] []', 400, /Entry 0 of the body is not valid JSON/],
    ['an open text', '["a]', 400, /Entry 0 of the body is not valid JSON/],
    ['NaN as a parameter', '[{"parameter":{"lr":NaN},"value":1}]', 400, /Entry 0 of the body is not valid JSON/],
    ['no parameter', '[{"value":1}]', 400, /Entry 0 has no "parameter"/],
    ['a text as value', '[{"parameter":{},"value":"good"}]', 400, /Entry 0 has no number as "value", but "good"/],
    ['6,000 levels', `[${'['.repeat(6000)}${']'.repeat(6000)}]`, 400, /Entry 0 .*nested deeper than 64 levels/],
    ['11 MB of numbers', `[[${'1.0,'.repeat(2_700_000)}1]]`, 400, /Entry 0 .*more than 10000 values/],
    ['11 MB of open texts', `["${'\\"'.repeat(5_500_000)}]`, 400, /Entry 0 of the body is not valid JSON/],
    ['too many results', `[${'{"parameter":{},"value":1},'.repeat(500_000)}{}]`, 413, /At most 50000 results/],
  ] as const) {
    it(`says what is wrong with ${what}`, () => assert.rejects(readImportBody(body), { statusCode, message }));
  }

  it('lets other work run while it reads', async () => {
    const body = `[${Array(maxImported).fill('{"parameter":{"x":1.0,"y":[1,2,3]},"value":1.0}').join()}]`;
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { results } = await readImportBody(body);
    clearInterval(timer);
    assert.equal(results.length, maxImported);
    assert.ok(turns > 1, `${turns} turns`);
  });
});
