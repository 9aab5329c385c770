import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { proxy } from '../../../src/manager/proxy.ts';
import { hostCheck } from '../../../src/server/security/hostCheck.ts';

describe('proxy', () => {
  let target: Server;
  let manager: FastifyInstance;
  let address: string;

  before(async () => {
    target = createServer((request, response) => {
      const [, status, length] = (request.url ?? '').split('/');
      response.writeHead(Number(status), { 'content-type': 'application/json', 'x-of': 'target' });
      response.end(JSON.stringify({ error: 'é'.repeat(Number(length)) }));
    }).listen(0, '127.0.0.1');
    await once(target, 'listening');
    const { port } = target.address() as AddressInfo;
    manager = Fastify();
    manager.addHook('onRequest', hostCheck('127.0.0.1'));
    manager.get('/*', (request, reply) => proxy(request, reply, { port, path: request.url }));
    address = await manager.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await manager.close();
    target.close();
  });

  async function ask(status: number, length: number) {
    const answer = await fetch(`${address}/${status}/${length}`);
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    return { error: ((await answer.json()) as { error: string }).error, isPassed: answer.headers.has('x-of') };
  }

  it('passes answers of any length, and errors that a person can read', async () => {
    assert.equal((await ask(200, 5_000_000)).error.length, 5_000_000);
    assert.deepEqual(await ask(500, 10), { error: 'é'.repeat(10), isPassed: true });
    assert.deepEqual(await ask(409, 20_000), { error: 'é'.repeat(20_000), isPassed: true });
  });

  it('lets another answer a GET whose target has gone, and says of the others that nothing answers', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const server = Fastify();
    let codes: (string | undefined)[] = [];
    server.route({
      method: ['GET', 'DELETE'],
      url: '/:other',
      handler: (request, reply) =>
        proxy(request, reply, { port, path: '/' }, (code) => {
          codes.push(code);
          const { other } = request.params as { other: string };
          if (other === 'fails') return Promise.reject(new Error('no database'));
          return other === 'none' ? undefined : Promise.resolve(reply.raw.end('from the database'));
        }),
    });
    const root = await server.listen({ host: '127.0.0.1', port: 0 });
    try {
      assert.equal(await (await fetch(`${root}/stored`)).text(), 'from the database');
      assert.deepEqual(codes, ['ECONNREFUSED']);
      for (const path of ['/none', '/fails']) {
        const answer = await fetch(root + path);
        assert.equal(answer.status, 502);
        assert.match(await answer.text(), /does not answer/);
      }
      codes = [];
      assert.equal((await fetch(`${root}/stored`, { method: 'DELETE' })).status, 502);
      assert.deepEqual(codes, []);
    } finally {
      await server.close();
    }
  });

  it('cuts an error of 10 MB and says so', async () => {
    const { error, isPassed } = await ask(500, 5_000_000);
    assert.match(error, /^The experiment answered with an error of more than 64 kB\. It begins: \{"error":"é+…$/);
    assert.ok(error.length < 5000);
    assert.equal(isPassed, false);
  });
});
