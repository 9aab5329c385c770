import assert from 'node:assert/strict';
import Fastify, { type FastifyInstance } from 'fastify';
import { jsonBodies } from '../../../src/server/rest/bodies.ts';
import { bearer, isSameToken } from '../../../src/server/security/bearer.ts';
import { hostCheck } from '../../../src/server/security/hostCheck.ts';
import { answerTo, httpError } from '../../../src/server/security/httpError.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';

/** An API as ours: one token, JSON bodies, errors as JSON. */
async function ours(scope: FastifyInstance): Promise<void> {
  const words = { missing: 'A token is asked for.', wrong: 'The token is wrong.' };
  const token = bearer((given) => isSameToken(given, 'ours'), words);
  scope.addHook('onRequest', token);
  jsonErrors(scope, token);
  jsonBodies(scope);
  scope.post('/echo', ({ body }) => ({ body }));
  scope.get('/fails', () => {
    throw httpError(409, 'Not now.');
  });
}

/** An API with other manners, as Schedy's: logins with bearers of their own, errors as one line of text, bodies of any type. */
async function theirs(scope: FastifyInstance): Promise<void> {
  const bearers = new Map<string, string>();
  const token = bearer((given) => bearers.has(given), { missing: 'Log in first.', wrong: 'Log in again.' });
  const text = (message: string) => `${message.replace(/\s+/g, ' ')}\n`;
  scope.setErrorHandler((error, _request, reply) => {
    const { statusCode, message } = answerTo(error);
    return reply.code(statusCode).type('text/plain; charset=utf-8').send(text(message));
  });
  scope.setNotFoundHandler({ preHandler: token }, (_request, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send(text('No such thing.')),
  );
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'string' }, async (_request: unknown, body: string) => body);
  scope.post<{ Body: string }>('/login', ({ body }) => {
    bearers.set(`of ${body}`, body);
    return { bearer: `of ${body}` };
  });
  scope.register(async (closed) => {
    closed.addHook('onRequest', token);
    closed.put<{ Body: string }>('/jobs/:name', ({ body, params }, reply) =>
      reply.header('etag', '"1"').send({ params, body }),
    );
    closed.get('/fails', () => {
      throw httpError(412, 'The job\nhas changed.');
    });
  });
}

describe('two different APIs on one port', () => {
  let server: FastifyInstance;
  let address: string;

  before(async () => {
    server = Fastify();
    server.addHook('onRequest', hostCheck('127.0.0.1'));
    server.register(ours, { prefix: '/ours' });
    server.register(theirs, { prefix: '/theirs' });
    address = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => server.close());

  async function ask(method: string, path: string, token?: string, body?: string, type?: string) {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(type === undefined ? {} : { 'content-type': type }),
    };
    // As bytes: for a text, fetch would name a type.
    const content = body === undefined ? {} : { body: new TextEncoder().encode(body) };
    const answer = await fetch(address + path, { method, headers, ...content });
    return [answer.status, await answer.text(), answer.headers.get('content-type')] as const;
  }
  const json = 'application/json; charset=utf-8';
  const plain = 'text/plain; charset=utf-8';

  it('each ask for their own bearer, and take no other', async () => {
    assert.deepEqual(await ask('GET', '/ours/fails'), [401, '{"error":"A token is asked for."}', json]);
    assert.deepEqual(await ask('GET', '/theirs/fails'), [401, 'Log in first.\n', plain]);
    assert.equal((await ask('POST', '/theirs/login', undefined, 'ada'))[1], '{"bearer":"of ada"}');
    assert.deepEqual(await ask('GET', '/ours/fails', 'of ada'), [401, '{"error":"The token is wrong."}', json]);
    assert.deepEqual(await ask('GET', '/theirs/fails', 'ours'), [401, 'Log in again.\n', plain]);
  });

  it('each have their own form of errors, also for unknown routes', async () => {
    await ask('POST', '/theirs/login', undefined, 'ada');
    assert.deepEqual(await ask('GET', '/ours/fails', 'ours'), [409, '{"error":"Not now."}', json]);
    assert.deepEqual(await ask('GET', '/theirs/fails', 'of ada'), [412, 'The job has changed.\n', plain]);
    const nothing = '{"error":"There is nothing at GET /ours/nowhere."}';
    assert.deepEqual(await ask('GET', '/ours/nowhere', 'ours'), [404, nothing, json]);
    assert.deepEqual(await ask('GET', '/theirs/nowhere', 'of ada'), [404, 'No such thing.\n', plain]);
    assert.equal((await ask('GET', '/ours/nowhere'))[0], 401);
    assert.equal((await ask('GET', '/theirs/nowhere'))[0], 401);
  });

  it('each read bodies in their own way', async () => {
    await ask('POST', '/theirs/login', undefined, 'ada');
    assert.equal(
      (await ask('PUT', '/theirs/jobs/a%2Fb', 'of ada', '{"x": 1.0}'))[1],
      '{"params":{"name":"a/b"},"body":"{\\"x\\": 1.0}"}',
    );
    assert.equal((await ask('POST', '/ours/echo', 'ours', '{"x": 1.0}', 'application/json'))[1], '{"body":{"x":1.0}}');
    assert.equal((await ask('POST', '/ours/echo', 'ours', '{"x": 1.0}', 'text/plain'))[0], 415);
  });

  it('share the port’s check of the host, whose refusal has the form of the API', async () => {
    const refused = 'Requests from web pages are not answered here.';
    const from = async (path: string) => {
      const answer = await fetch(address + path, { headers: { origin: 'https://evil.example' } });
      return [answer.status, await answer.text()];
    };
    assert.deepEqual(await from('/ours/fails'), [403, JSON.stringify({ error: refused })]);
    assert.deepEqual(await from('/theirs/fails'), [403, `${refused}\n`]);
  });
});
