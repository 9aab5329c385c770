import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { httpError, isLoopback, type SecurityOptions, secure } from '../../../src/server/security/security.ts';
import { StorageError } from '../../../src/server/storage/storageError.ts';

function server(options: SecurityOptions) {
  const made = Fastify();
  secure(made, options);
  made.get('/open', () => ({ fine: true }));
  made.get('/closed', () => ({ fine: true }));
  made.post('/closed', ({ body }) => ({ body }));
  made.get<{ Params: { what: string } }>('/fails/:what', ({ params }) => {
    if (params.what === 'locked') throw new StorageError('locked', 'It is locked.');
    if (params.what === 'missing') throw new StorageError('missing', 'It is not there.');
    if (params.what === 'refused') throw httpError(409, 'Not now.');
    if (params.what === 'problems') throw Object.assign(httpError(400, 'Wrong.'), { problems: [{ line: 1 }] });
    throw new Error('A bug.');
  });
  return made;
}

describe('who may talk to a server of ours', () => {
  async function status(options: SecurityOptions, headers: Record<string, string>, path = '/closed') {
    const response = await server(options).inject({ path, headers });
    if (response.statusCode !== 200) assert.ok(response.json().error.length > 10, 'says why');
    return response.statusCode;
  }

  const hosts: [listening: string, host: string, answered: boolean][] = [
    ['127.0.0.1', '127.0.0.1:8080', true],
    ['127.0.0.1', 'localhost:8080', true],
    ['127.0.0.1', 'LOCALHOST', true],
    ['127.0.0.1', 'trialdeck.localhost:8080', true],
    ['127.0.0.1', '[::1]:8080', true],
    ['127.0.0.1', '127.8.9.10', true],
    ['127.0.0.1', 'evil.example', false],
    ['127.0.0.1', 'evil.example:8080', false],
    ['127.0.0.1', '127.0.0.1.evil.example:8080', false],
    ['127.0.0.1', '127.evil.example', false],
    ['127.0.0.1', 'localhost.evil.example', false],
    ['127.0.0.1', 'evillocalhost', false],
    ['127.0.0.1', '192.168.0.7:8080', false],
    ['127.0.0.1', '[::1].evil.example', false],
    ['127.0.0.1', '[fe80::1]:8080', false],
    ['0.0.0.0', '192.168.0.7:8080', true],
    ['192.168.0.7', 'gpu-machine:8080', true],
    ['::', '[fe80::1]:8080', true],
  ];
  for (const [host, header, answered] of hosts) {
    it(`listening on ${host}, a request for ${header} is ${answered ? 'answered' : 'refused'}`, async () => {
      assert.equal(await status({ host }, { host: header }), answered ? 200 : 403);
    });
  }

  const origins: [origin: string, answered: boolean][] = [
    ['http://localhost:8080', true],
    ['http://localhost:9090', false],
    ['http://evil.example', false],
    ['https://localhost:8080.evil.example', false],
    ['vscode-webview://abc', false],
    ['null', false],
    ['', false],
  ];
  for (const [origin, answered] of origins) {
    it(`a page of "${origin}" is ${answered ? 'answered' : 'refused'}`, async () => {
      assert.equal(await status({ host: '127.0.0.1' }, { host: 'localhost:8080', origin }), answered ? 200 : 403);
    });
  }

  it('asks for the token where one is set, but on open routes', async () => {
    const options = { host: '127.0.0.1', token: 'right', open: (path: string) => path === '/open' };
    const host = 'localhost';
    assert.equal(await status(options, { host }, '/open?a=1'), 200);
    assert.equal(await status(options, { host }), 401);
    assert.equal(await status(options, { host, authorization: 'Bearer right' }), 200);
    for (const authorization of [
      'Bearer wrong',
      'Bearer right ',
      'Bearer',
      'right',
      'Basic right',
      'Bearer rightright',
    ]) {
      assert.equal(await status(options, { host, authorization }), 401, authorization);
    }
    for (const path of ['/open/../closed', '/closed?x=/open', '/%6fpen/x', '//open']) {
      assert.equal(await status(options, { host }, path), 401, path);
    }
    assert.equal(await status(options, { host: 'evil.example', authorization: 'Bearer right' }), 403);
  });

  it('knows which addresses only this machine reaches', () => {
    for (const host of ['localhost', '::1', '127.0.0.1', '127.3.2.1']) assert.ok(isLoopback(host), host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'localhost.evil.example', '']) {
      assert.ok(!isLoopback(host), host);
    }
  });
});

describe('what a server of ours says when it can not', () => {
  const headers = { host: 'localhost' };
  const plain = { host: '127.0.0.1' };

  const failures: [path: string, status: number, body: object][] = [
    ['/nowhere', 404, { error: 'There is nothing at GET /nowhere.' }],
    ['/fails/missing', 404, { error: 'It is not there.' }],
    ['/fails/locked', 503, { error: 'It is locked.' }],
    ['/fails/refused', 409, { error: 'Not now.' }],
    ['/fails/problems', 400, { error: 'Wrong.', problems: [{ line: 1 }] }],
    ['/fails/bug', 500, { error: 'A bug.' }],
  ];
  for (const [path, status, body] of failures) {
    it(`${path} is ${status}`, async () => {
      const response = await server(plain).inject({ path, headers });
      assert.deepEqual([response.statusCode, response.json()], [status, body]);
    });
  }

  it('bodies that are no JSON are refused in words', async () => {
    const post = async (type: string, payload: string) => {
      const response = await server(plain).inject({
        method: 'POST',
        path: '/closed',
        headers: { ...headers, 'content-type': type },
        payload,
      });
      return [response.statusCode, response.json().error] as const;
    };
    assert.deepEqual(await post('application/x-www-form-urlencoded', 'a=1'), [
      415,
      'The body must be JSON (Content-Type: application/json).',
    ]);
    const [status, words] = await post('application/json', '{bad');
    assert.equal(status, 400);
    assert.match(words, /not valid JSON/);
    assert.equal((await post('application/json', `"${'x'.repeat(2 ** 21)}"`))[0], 413);
  });
});
