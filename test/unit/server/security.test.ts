import assert from 'node:assert/strict';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { bearer, isSameToken } from '../../../src/server/security/bearer.ts';
import { hostCheck, isLoopback } from '../../../src/server/security/hostCheck.ts';
import { httpError } from '../../../src/server/security/httpError.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';
import { StorageError } from '../../../src/server/storage/storageError.ts';

interface Options {
  /** The address that the server is said to listen on. */
  host: string;
  /** Asked for on all routes but `/open`. */
  token?: string;
}

function server({ host, token }: Options) {
  const made = Fastify();
  const words = { missing: 'A token is asked for.', wrong: 'The token is wrong.' };
  const check = token === undefined ? undefined : bearer((given) => isSameToken(given, token), words);
  made.addHook('onRequest', hostCheck(host));
  jsonErrors(made, check);
  made.get('/open', () => ({ fine: true }));
  made.register(async (scope) => {
    if (check) scope.addHook('onRequest', check);
    scope.get('/closed', () => ({ fine: true }));
    scope.post('/closed', ({ body }) => ({ body }));
  });
  made.get<{ Params: { what: string } }>('/fails/:what', ({ params }) => {
    if (params.what === 'locked') throw new StorageError('locked', 'It is locked.');
    if (params.what === 'missing') throw new StorageError('missing', 'It is not there.');
    if (params.what === 'refused') throw httpError(409, 'Not now.');
    if (params.what === 'problems') throw httpError(400, 'Wrong.', [{ line: 1 }]);
    if (params.what === 'long') throw httpError(400, `Not ${'x'.repeat(10_000_000)}`, Array(10_000).fill({ line: 1 }));
    throw new Error('A bug.');
  });
  return made;
}

describe('the checks of host and bearer', () => {
  async function status(options: Options, headers: Record<string, string>, path = '/closed') {
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
    it(`listening on ${host}, ${answered ? 'answer' : 'refuse'} a request for ${header}`, async () => {
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
    it(`${answered ? 'answer' : 'refuse'} a page of "${origin}"`, async () => {
      assert.equal(await status({ host: '127.0.0.1' }, { host: 'localhost:8080', origin }), answered ? 200 : 403);
    });
  }

  it('ask for the token in their scope and on unknown routes, not outside', async () => {
    const options = { host: '127.0.0.1', token: 'right' };
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

  it('refuse a request that names two hosts, also when both are this machine', async () => {
    const made = server({ host: '127.0.0.1' });
    const address = await made.listen({ host: '127.0.0.1', port: 0 });
    const ask = (...hosts: string[]) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(new URL(address).port), '127.0.0.1', () => {
          const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
          socket.write(`GET /closed HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
        });
        let answer = '';
        socket.setEncoding('utf8').on('data', (text) => {
          answer += text;
        });
        socket.on('error', reject).on('end', () => resolve(answer));
      });
    try {
      assert.match(await ask('localhost'), /^HTTP\/1.1 200 /);
      for (const second of ['localhost', 'evil.example']) {
        assert.match(await ask('localhost', second), /^HTTP\/1.1 400 [\s\S]*one Host header/, second);
      }
      assert.match(await ask('evil.example', 'localhost'), /^HTTP\/1.1 400 /);
    } finally {
      await made.close();
    }
  });

  it('forbid browsers to guess types, on answers and refusals', async () => {
    const made = server({ host: '127.0.0.1', token: 'right' });
    for (const [path, host] of [
      ['/open', 'localhost'],
      ['/closed', 'localhost'],
      ['/nowhere', 'localhost'],
      ['/open', 'evil.example'],
    ] as const) {
      const { headers } = await made.inject({ path, headers: { host } });
      assert.equal(headers['x-content-type-options'], 'nosniff', `${path} of ${host}`);
    }
  });

  it('know the addresses that only this machine reaches (isLoopback)', () => {
    for (const host of ['localhost', '::1', '127.0.0.1', '127.3.2.1']) assert.ok(isLoopback(host), host);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'localhost.evil.example', '']) {
      assert.ok(!isLoopback(host), host);
    }
  });
});

describe('jsonErrors', () => {
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
    it(`answers ${path} with ${status}`, async () => {
      const response = await server(plain).inject({ path, headers });
      assert.deepEqual([response.statusCode, response.json()], [status, body]);
    });
  }

  it('cuts a message of 10 MB and says so', async () => {
    const { error, problems } = (await server(plain).inject({ path: '/fails/long', headers })).json();
    assert.match(error, /^Not x+… \(cut; 10000004 characters in all\)$/);
    assert.ok(error.length < 5000);
    assert.equal(problems.length, 200);
  });

  it('refuses bodies that are not JSON in words', async () => {
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
