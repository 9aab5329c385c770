/** The manager's token, host check and limits, and its answers to wrong requests. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { managerRoutes } from '../../../src/wire/routes.ts';
import type { ManagerInfo } from '../../../src/wire/schemas/manager.ts';
import { Home } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';

interface Answer {
  status: number;
  error: string;
}

describe('a manager’s port', () => {
  let home: Home;
  let manager: ManagerProcess;

  /** Sends a request with any Host or Origin, which fetch does not allow. */
  function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(manager.address + path, { method, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          assert.match(response.headers['content-type'] ?? '', /^application\/json/, text);
          const { error = '' } = JSON.parse(text) as { error?: string };
          resolve({ status: response.statusCode ?? 0, error });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
  const withToken = (headers: Record<string, string> = {}) => ({
    authorization: `Bearer ${manager.token}`,
    ...headers,
  });

  before(async () => {
    home = await Home.make();
    manager = await ManagerProcess.start(home);
  });
  after(() => home.dispose());

  it('answers /manager to any program of this machine, and everything else only with the token', async () => {
    const info = (await (await fetch(manager.address + managerRoutes.info)).json()) as ManagerInfo;
    assert.deepEqual(
      [info.name, info.pid, info.experimentsDirectory],
      ['trialdeck-manager', manager.pid, home.experiments],
    );
    const wrong = `Bearer ${manager.token.slice(1)}x`;
    for (const path of [managerRoutes.experiments, managerRoutes.events, '/experiments/abc/api/v1/nni/experiment']) {
      assert.match((await ask(path)).error, /asks for a token/);
      const answer = await ask(path, { authorization: wrong });
      assert.deepEqual([answer.status, answer.error], [401, 'The token is not the one of this manager.']);
    }
    assert.equal((await ask(managerRoutes.shutdown, {}, 'POST')).status, 401);
    assert.equal((await ask(managerRoutes.experiments, withToken())).status, 200);
  });

  it('refuses web pages, and host names that point to this machine', async () => {
    const { port } = new URL(manager.address);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', `192.168.1.7:${port}`]) {
      assert.equal((await ask(managerRoutes.info, { host })).status, 403, host);
    }
    for (const origin of ['https://evil.example', 'null', 'file://', `http://127.0.0.1:${Number(port) + 1}`]) {
      const answer = await ask(managerRoutes.experiments, withToken({ origin }));
      assert.deepEqual([answer.status, answer.error], [403, 'Requests from web pages are not answered here.'], origin);
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      assert.equal((await ask(managerRoutes.info, { host })).status, 200, host);
    }
  });

  it('listens on this machine only', async () => {
    const { port, hostname } = new URL(manager.address);
    assert.equal(hostname, '127.0.0.1');
    const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address } of others.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
      await assert.rejects(fetch(`http://${address}:${port}${managerRoutes.info}`));
    }
  });

  it('refuses to listen on another address without a chosen token', async () => {
    const { ended } = await ManagerProcess.spawn(home, { args: ['--host', '0.0.0.0'] });
    const { code, stderr } = await ended;
    assert.equal(code, 1);
    assert.match(stderr, /^On 0\.0\.0\.0 others can reach this manager: choose a token .*TLS/);
  });

  it('answers unknown routes and experiments with 404 and JSON', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/index.html'],
      ['GET', '/api/v1/nni/experiment'],
      ['GET', '/experiments/nosuch/api/v1/nni/experiment'],
      ['GET', '/experiments/nosuch/'],
      ['GET', '/experiments/..%2f..%2fetc/api/v1/nni/experiment'],
      ['PATCH', managerRoutes.experiments],
      ['DELETE', managerRoutes.experiments],
    ] as const) {
      const answer = await ask(path, withToken(), method);
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.match(answer.error, /^There is no(thing at|t?\b)/);
    }
  });

  it('refuses bodies that are too large, too deep or have too many values', async () => {
    const json = withToken({ 'content-type': 'application/json' });
    for (const [config, status, reason] of [
      [`"${'x'.repeat(5_000_000)}"`, 413, /too large/],
      [`${'['.repeat(6000)}${']'.repeat(6000)}`, 400, /nested deeper than 64 levels/],
      [`[${'1.0,'.repeat(200_000)}1]`, 400, /more than 100000 values/],
    ] as const) {
      const body = `{"action":"create","config":${config}}`;
      const answer = await ask(managerRoutes.experiments, json, 'POST', body).catch(() => undefined);
      // The connection of a body that is too large is closed while it is still sent.
      if (!answer && status === 413) continue;
      assert.equal(answer?.status, status);
      assert.match(answer?.error ?? '', reason);
    }
    assert.deepEqual(await manager.get(managerRoutes.experiments), []);
  });

  it('answers faulty requests with 400 and the reason, and starts nothing', async () => {
    const json = withToken({ 'content-type': 'application/json' });
    for (const [body, reason] of [
      ['{"action": "creat', /not valid JSON/],
      ['', /JSON|empty/i],
      ['[]', /object/],
      ['{}', /action/],
      ['{"action":"dance"}', /action/],
      ['{"action":"create"}', /Give a configFile or a config/],
      ['{"action":"create","config":{},"port":"3"}', /port must be integer/],
      ['{"action":"create","config":{},"port":70000}', /port must be <= 65535/],
      ['{"action":"resume","id":7}', /id must be string/],
      ['{"action":"create","config":{}}', /trainingService is missing/],
      ['{"action":"create","configFile":"/nowhere/config.yml"}', /config file can't be read.*\/nowhere\/config\.yml/],
    ] as const) {
      const answer = await ask(managerRoutes.experiments, json, 'POST', body);
      assert.equal(answer.status, 400, body);
      assert.match(answer.error, reason);
    }
    const xml = await ask(managerRoutes.experiments, withToken({ 'content-type': 'application/xml' }), 'POST', '{}');
    assert.equal(xml.status, 415);
    for (const action of ['resume', 'view']) {
      for (const id of ['nosuch', '', '../../etc']) {
        const answer = await ask(managerRoutes.experiments, json, 'POST', JSON.stringify({ action, id }));
        assert.deepEqual([answer.status, answer.error], [404, `There is no experiment ${id} in ${home.experiments}.`]);
      }
    }
    assert.deepEqual(await manager.get(managerRoutes.experiments), []);
  });
});
