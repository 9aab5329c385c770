import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Server } from 'node:net';
import { identifyEndpoint } from '../../../src/client/endpoint.ts';
import { EndpointError, type EndpointFault } from '../../../src/client/errors.ts';
import { readServerAddress } from '../../../src/model/text/serverAddress.ts';
import { summary } from '../../fixtures/builders.ts';
import { type Answer, json, Scene, silent, text } from './scene.ts';
import { ScriptedNni } from './scriptedNni.ts';

describe('An address that a person gives', () => {
  const rows: [string, string, string[]][] = [
    ['gpu1:8080', 'http://gpu1:8080', ['']],
    [' http://gpu1:8080/ ', 'http://gpu1:8080', ['']],
    ['8080', 'http://localhost:8080', ['']],
    ['[::1]:8080', 'http://[::1]:8080', ['']],
    ['http://gpu1:8080/oview', 'http://gpu1:8080', ['']],
    ['http://gpu1:8080/my/pre/detail?x=1#y', 'http://gpu1:8080', ['/my/pre', '/my', '']],
    ['http://gpu1:8080/pre/api/v1/nni/check-status', 'http://gpu1:8080', ['/pre', '']],
    ['https://gpu1.example.org/nni/', 'https://gpu1.example.org', ['/nni', '']],
    ['http://someone:secret@gpu1:8080/', 'http://gpu1:8080', ['']],
  ];
  for (const [given, origin, paths] of rows) {
    it(`is parsed: ${given.trim()}`, () => {
      assert.deepEqual(readServerAddress(given), { origin, paths });
    });
  }

  it('is parsed without its token, which is returned apart', () => {
    const found = readServerAddress('http://gpu1:8080/?token=secret');
    assert.deepEqual(found, { origin: 'http://gpu1:8080', paths: [''], token: 'secret' });
  });

  const wrong: [string, string][] = [
    ['', 'empty'],
    ['   ', 'empty'],
    ['what is this', 'nonsense'],
    ['http://', 'nonsense'],
    ['a!b:80', 'nonsense'],
    ['ftp://gpu1:8080', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['gpu1', 'port'],
    ['gpu1:', 'port'],
    ['gpu1:0', 'port'],
    ['gpu1:99999', 'port'],
    ['gpu1:eighty', 'port'],
  ];
  for (const [given, problem] of wrong) {
    it(`is refused: "${given}"`, () => {
      assert.deepEqual(readServerAddress(given), { problem });
    });
  }
});

describe('The server at an address', () => {
  let scene: Scene;
  let nni: ScriptedNni;
  beforeEach(async () => {
    scene = await new Scene().open();
    nni = await new ScriptedNni().open();
  });
  afterEach(async () => {
    await scene.close();
    await nni.scene.close();
  });

  const info = { name: 'trialdeck-manager', version: '0.1.0', pid: 1, experimentsDirectory: '/e' };
  const manager =
    (token?: string): Answer =>
    (request, response) => {
      if (request.url === '/api/v1/trialdeck/manager') return json(info)(request, response);
      const given = request.headers.authorization;
      if (token !== undefined && given !== `Bearer ${token}`) {
        return json({ error: 'This manager asks for a token.' }, 401)(request, response);
      }
      return json([])(request, response);
    };
  async function fault(url: string, options: Parameters<typeof identifyEndpoint>[1] = {}): Promise<EndpointError> {
    const error = await identifyEndpoint(url, options).then(
      () => assert.fail('something was found'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof EndpointError, String(error));
    return error;
  }

  it('is a manager', async () => {
    scene.answer = manager('secret');
    const found = await identifyEndpoint(`${scene.address}/`, { token: 'secret' });
    assert.deepEqual(found, { kind: 'manager', address: scene.address, info });
  });

  it('is a manager that refuses a missing or wrong token', async () => {
    scene.answer = manager('secret');
    assert.equal((await fault(scene.address)).fault, 'token missing' satisfies EndpointFault);
    const wrong = await fault(scene.address, { token: 'guessed' });
    assert.equal(wrong.fault, 'token wrong' satisfies EndpointFault);
    assert.doesNotMatch(wrong.message, /guessed/);
  });

  it('is a manager whose token is in the address', async () => {
    scene.answer = manager('secret');
    const found = await identifyEndpoint(`${scene.address}/?token=secret`);
    assert.equal(found.address, scene.address);
  });

  it('is a runner', async () => {
    scene.answer = (request, response) =>
      request.url === '/api/v1/trialdeck/summary'
        ? json(summary({ id: 'abc' }))(request, response)
        : json({ error: 'There is nothing.' }, 404)(request, response);
    const found = await identifyEndpoint(scene.address);
    assert.equal(found.kind, 'runner');
  });

  it('is a real NNI, also by the address of a page of its web portal', async () => {
    for (const page of ['', '/', '/oview', '/detail', '/not/a/prefix']) {
      const found = await identifyEndpoint(nni.scene.address + page);
      assert.equal(found.kind, 'nni');
      assert.equal(found.address, nni.scene.address);
    }
  });

  it('is a real NNI whose prefix is found when it is not given', async () => {
    nni.prefix = '/my/pre';
    for (const page of ['', '/my/pre', '/my/pre/oview', '/my/pre/api/v1/nni/version', '/other']) {
      const found = await identifyEndpoint(nni.scene.address + page);
      assert.ok(found.kind === 'nni');
      assert.equal(found.address, `${nni.scene.address}/my/pre`);
      assert.equal(found.urlPrefix, 'my/pre');
    }
  });

  it('is a real NNI that has no experiment yet', async () => {
    nni.instead = (path) => (path.endsWith('/experiment') ? text('') : undefined);
    const found = await identifyEndpoint(nni.scene.address);
    assert.ok(found.kind === 'nni');
    assert.equal(found.profile, undefined);
  });

  it('gets one request at a time', async () => {
    await identifyEndpoint(`${nni.scene.address}/a/b`);
    assert.equal(nni.mostAtOnce, 1);
  });

  it('is missing, and the error says so', async () => {
    const { address } = scene;
    await scene.close();
    const error = await fault(address);
    assert.equal(error.fault, 'unreachable');
    assert.match(error.message, /connection refused/);
  });

  const neither =
    /^Could not connect: (a web page of )?another program answers at \S+, neither a Trialdeck manager nor NNI\./;
  const broken = /^Could not connect: \S+ answers with an error \(status 500\): /;
  const others: [string, Answer, words?: RegExp][] = [
    ['a web page', text('<html>Jupyter</html>', 200, 'text/html')],
    ['JSON of another kind', json({ hello: 'world' })],
    ['nothing', text('')],
    ['a number', text('42')],
    ['an error page', text('<html>no</html>', 404)],
    ['the way to another address', (_request, response) => response.writeHead(302, { location: 'http://x/' }).end()],
    ['an error', text('broken', 500), broken],
    ['a list without an end', text(`[${'1,'.repeat(1000)}`)],
  ];
  for (const [name, answer, words = neither] of others) {
    it(`is another program: it answers with ${name}`, async () => {
      scene.answer = answer;
      const error = await fault(`${scene.address}/some/path`);
      assert.equal(error.fault, 'other program');
      assert.match(error.message, words);
    });
  }

  it('does not answer at all', async () => {
    scene.answer = silent;
    const error = await fault(scene.address, { idleTimeout: 100, deadline: 100 });
    assert.equal(error.fault, 'unreachable');
    assert.match(error.message, /did not answer/);
  });

  it('is not waited for after an abort', async () => {
    scene.answer = silent;
    const abort = new AbortController();
    const asked = scene.nextRequest();
    const found = identifyEndpoint(scene.address, { signal: abort.signal });
    await asked;
    abort.abort(new Error('cancelled'));
    await assert.rejects(found, /cancelled/);
  });

  it('speaks no TLS: http is suggested', async () => {
    const error = await fault(scene.address.replace('http:', 'https:'));
    assert.equal(error.fault, 'certificate');
    assert.match(error.message, /Try http:\/\//);
  });

  it('speaks no HTTP', async () => {
    const server: Server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const error = await fault(`127.0.0.1:${(server.address() as AddressInfo).port}`);
      assert.equal(error.fault, 'other program');
    } finally {
      server.close();
    }
  });

  it('is not requested at a text that is not an address', async () => {
    const error = await fault('what is this');
    assert.equal(error.fault, 'address');
    assert.match(error.message, /gpu1:8080/);
  });
});
