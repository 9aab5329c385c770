import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { bodyLimits, jsonBodies, unreadBodies } from '../../../src/server/rest/bodies.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';

describe('jsonBodies', () => {
  function server() {
    const made = Fastify();
    jsonErrors(made);
    jsonBodies(made);
    made.post('/small', ({ body }) => ({ body }));
    made.post('/large', bodyLimits(10_000_000, 2_000_000), ({ body }) => ({ is: typeof body }));
    made.register(async (scope) => {
      unreadBodies(scope);
      scope.post('/unread', ({ body }) => ({ is: typeof body }));
    });
    return made;
  }
  const post = async (path: string, payload: string, type = 'application/json') => {
    const answer = await server().inject({ method: 'POST', path, payload, headers: { 'content-type': type } });
    return [answer.statusCode, answer.body] as const;
  };

  it('keeps how numbers are written', async () => {
    assert.deepEqual(await post('/small', '{"b":1.0,"a":12345678901234567890}'), [
      200,
      '{"body":{"b":1.0,"a":12345678901234567890}}',
    ]);
  });

  for (const [what, payload, status, said] of [
    ['6,000 levels', '['.repeat(6000) + ']'.repeat(6000), 400, /nested deeper than 64 levels/],
    ['6,000 levels that are cut off', '{"a":'.repeat(6000), 400, /nested deeper than 64 levels/],
    ['20,000 values', `[${'1,'.repeat(20_000)}1]`, 400, /more than 10000 values/],
    ['more bytes than the route takes', `"${'x'.repeat(70_000)}"`, 413, /too large/],
    ['nothing', '', 400, /empty/],
    ['a prototype', '{"__proto__": {"x": 1}}', 400, /key that is not allowed/],
    ['half a text', '{"x": [1', 400, /not valid JSON/],
    ['a number that JSON has no word for', '{"x": NaN}', 400, /not valid JSON/],
  ] as const) {
    it(`refuses a body of ${what} in words`, async () => {
      const [code, text] = await post('/small', payload);
      assert.equal(code, status, text);
      assert.match(text, said);
      assert.ok(text.length < 300);
    });
  }

  it('lets a route take more than others', async () => {
    const payload = `[${'1.5,'.repeat(1_000_000)}1]`;
    assert.deepEqual(await post('/large', payload), [200, '{"is":"object"}']);
  });

  it('leaves any type to the handler with unreadBodies', async () => {
    for (const type of ['application/json', 'application/xml', 'text/plain']) {
      assert.deepEqual(await post('/unread', '{bad', type), [200, '{"is":"undefined"}']);
    }
  });
});
