import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Fastify from 'fastify';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { RunnerFeed } from '../../../src/manager/providers/nniFolder/runnerFeed.ts';
import { proxy } from '../../../src/manager/proxy.ts';
import { readRunnerToken, removeRunnerToken, writeRunnerToken } from '../../../src/server/storage/runnerToken.ts';

const token = 'a-token-of-a-runner-0123456789';

describe('the token of a runner', () => {
  let runner: Server;
  let port: number;
  let seen: IncomingHttpHeaders[];

  before(async () => {
    runner = createServer((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    });
    runner.listen(0, '127.0.0.1');
    await once(runner, 'listening');
    port = (runner.address() as AddressInfo).port;
  });
  beforeEach(() => {
    seen = [];
  });
  after(() => runner.close());

  it('is sent with proxied requests, in place of the manager’s own', async () => {
    const manager = Fastify();
    manager.get('/with', (request, reply) => proxy(request, reply, { port, path: '/', token }));
    manager.get('/without', (request, reply) => proxy(request, reply, { port, path: '/' }));
    try {
      const address = await manager.listen({ host: '127.0.0.1', port: 0 });
      for (const path of ['/with', '/without']) {
        const answer = await fetch(address + path, { headers: { authorization: 'Bearer of-the-manager' } });
        assert.equal(answer.status, 200);
      }
    } finally {
      await manager.close();
    }
    assert.deepEqual(
      seen.map(({ authorization }) => authorization),
      [`Bearer ${token}`, undefined],
    );
  });

  it('is sent with the requests that follow the runner', async () => {
    const feed = await new Promise<RunnerFeed>((resolve) => {
      const made: RunnerFeed = new RunnerFeed(
        { pid: 1, port, token },
        { summary: () => resolve(made), closed: () => resolve(made) },
      );
    });
    feed.dispose();
    assert.ok(seen.length > 0);
    for (const { authorization } of seen) assert.equal(authorization, `Bearer ${token}`);
  });

  it('is read for the process that wrote it, and removed by it', async () => {
    const root = await freshFolder('runner-token');
    try {
      await writeRunnerToken(root, 'exp', token);
      assert.equal(readRunnerToken(root, 'exp', process.pid), token);
      assert.equal(readRunnerToken(root, 'exp', process.pid + 1), undefined);
      assert.equal(readRunnerToken(root, '../exp', process.pid), undefined);
      assert.equal(readRunnerToken(root, 'older', process.pid), undefined);
      const path = join(root, '.trialdeck', 'runners', 'exp.json');
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace(`${process.pid}`, '1'));
      await removeRunnerToken(root, 'exp');
      assert.equal(readRunnerToken(root, 'exp', 1), token, 'it is another process’s now');
      await writeFile(path, '{"pid": ');
      assert.equal(readRunnerToken(root, 'exp', 1), undefined);
    } finally {
      await removeFolder(root);
    }
  });
});
