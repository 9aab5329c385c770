import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import {
  BadAnswerError,
  ClientError,
  NotFoundError,
  RejectedError,
  TimeoutError,
  UnreachableError,
} from '../../../src/client/errors.ts';
import { Http, type HttpOptions } from '../../../src/client/http.ts';
import { type Answer, cutOff, inTurn, json, Scene, silent, text } from './scene.ts';

const token = 'secret-token-1234';

describe('Requests', () => {
  let scene: Scene;
  const clients: Http[] = [];
  const client = (options: HttpOptions = {}, address = scene.address) => {
    const made = new Http(address, 'the manager', { token, ...options });
    clients.push(made);
    return made;
  };
  const read = (options?: HttpOptions) => client(options).json('GET', '/thing', { task: 'read the thing' });

  beforeEach(async () => {
    scene = await new Scene().open();
  });
  afterEach(async () => {
    for (const made of clients.splice(0)) made.dispose();
    await scene.close();
  });

  /** The error of a request, whose words are for a person and hold no token. */
  async function failure<E extends ClientError>(
    request: Promise<unknown>,
    kind: abstract new (...args: never[]) => E,
  ): Promise<E> {
    const error: unknown = await request.then(
      () => assert.fail('did not fail'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof kind, String(error));
    assert.match(error.message, /^Could not read the thing: .+[.!]$/s);
    assert.ok(
      !JSON.stringify([error.message, error.stack, { ...error }, error.cause]).includes(token),
      'holds the token',
    );
    return error;
  }

  it('return the parsed JSON, also Python’s, or undefined for an empty answer', async () => {
    const answers: [body: string, value: unknown][] = [
      ['{"a": [1, null, "é"]}', { a: [1, null, 'é'] }],
      ['', undefined],
      ['[NaN, -Infinity, "NaN"]', [Number.NaN, Number.NEGATIVE_INFINITY, 'NaN']],
      ['3', 3],
    ];
    for (const [body, value] of answers) {
      scene.answer = text(body);
      assert.deepEqual(await read(), value);
    }
  });

  it('carry the token, a body as JSON, and a query', async () => {
    const http = client();
    await http.json('POST', '/thing', { task: 'write', body: { a: 'é' }, query: { tail: 5, not: undefined } });
    await http.at('/experiments/abc', 'experiment abc').json('GET', '/deeper', { task: 'read' });
    assert.deepEqual(scene.requests, ['POST /thing?tail=5', 'GET /experiments/abc/deeper']);
    assert.deepEqual(scene.bodies, ['{"a":"é"}', '']);
    assert.equal(scene.headers[0]?.['content-type'], 'application/json');
    assert.deepEqual(
      scene.headers.map(({ authorization }) => authorization),
      [`Bearer ${token}`, `Bearer ${token}`],
    );
  });

  it('return text and headers unchanged', async () => {
    scene.answer = (_request, response) => response.setHeader('x-trialdeck-start', '7').end('3.0.0');
    const answer = await client().text('GET', '/version', { task: 'read the thing' });
    assert.equal(answer.text, '3.0.0');
    assert.equal(answer.header('x-trialdeck-start'), '7');
    assert.equal(answer.header('none'), undefined);
  });

  const bad: [name: string, answer: Answer, words: RegExp][] = [
    ['a web page', text('<!DOCTYPE html><html></html>'), /answered with a web page instead of data/],
    ['a page after some space', text('\n  <html>'), /answered with a web page/],
    ['half of JSON', text('{"a": [1, 2'), /no valid JSON; it may have been cut off/],
    ['text', text('INITIALIZING'), /no valid JSON/],
    [
      'the way to another address',
      (_request, response) => response.writeHead(302, { location: 'http://elsewhere.invalid/' }).end(),
      /sends requests elsewhere \(status 302\)/,
    ],
  ];
  for (const [name, answer, words] of bad) {
    it(`throw BadAnswerError with the server’s name when answered with ${name}`, async () => {
      scene.answer = answer;
      const error = await failure(read(), BadAnswerError);
      assert.match(error.message, words);
      assert.ok(error.message.includes(scene.address));
      assert.ok(error.excerpt.length <= 200);
      assert.equal(scene.requests.length, 1, 'asked again, it would answer the same');
    });
  }

  it('throw NotFoundError, with the server’s words if it gives any', async () => {
    scene.answer = json({ error: 'There is no trial abcde.' }, 404);
    assert.equal((await failure(read(), NotFoundError)).message, 'Could not read the thing: There is no trial abcde.');
    scene.answer = text('Not Found', 404, 'text/plain');
    assert.match((await failure(read(), NotFoundError)).message, /the manager at .* does not have it \(status 404\)/);
  });

  it('throw RejectedError with the server’s reason', async () => {
    const refusals: [status: number, body: unknown, reason: RegExp][] = [
      [409, { error: 'It is running.' }, /^It is running\.$/],
      [500, { error: 'ENOENT: no such file.' }, /^ENOENT/],
      [401, { error: 'Asks for a token.' }, /token/],
      [500, { message: 'other' }, /answered with status 500 and gave no reason/],
      [400, 'text', /answered with status 400 and gave no reason/],
    ];
    for (const [status, body, reason] of refusals) {
      scene.answer = json(body, status);
      const error = await failure(read(), RejectedError);
      assert.equal(error.status, status);
      assert.match(error.reason, reason);
    }
    scene.answer = text('<pre>Error: at /home/me</pre>', 500, 'text/html');
    assert.match((await failure(read(), RejectedError)).reason, /status 500 and gave no reason/);
  });

  it('carry the valid problems of a refused config', async () => {
    scene.answer = json({ error: 'No.', problems: [{ message: 'Wrong.', line: 3 }, 'nonsense', { line: 4 }] }, 400);
    const { problems } = await failure(read(), RejectedError);
    assert.deepEqual(
      problems.map(({ message, line, column, severity }) => [message, line, column, severity]),
      [['Wrong.', 3, 1, 'error']],
    );
  });

  it('tell what to check when nothing listens or the host is unknown', async () => {
    const { address } = scene;
    await scene.close();
    const refused = await failure(client({}, address).json('GET', '/', { task: 'read the thing' }), UnreachableError);
    assert.equal(refused.code, 'ECONNREFUSED');
    assert.match(
      refused.message,
      /is not there \(connection refused\)\. It may have ended, or listens on another port\./,
    );
    const nowhere = client({}, 'http://nowhere.invalid:1').json('GET', '/', { task: 'read the thing' });
    assert.match((await failure(nowhere, UnreachableError)).message, /host name that is not known|cannot be reached/);
    await failure(client({}, 'http://:bad').json('GET', '/', { task: 'read the thing' }), ClientError);
  });

  it('are retried when a connection breaks during a read', async () => {
    scene.answer = inTurn(cutOff, (request) => request.socket.destroy(), json({ whole: true }));
    assert.deepEqual(await read(), { whole: true });
    assert.equal(scene.requests.length, 3);
  });

  it('fail when the connection keeps breaking, and are never retried when they write', async () => {
    scene.answer = cutOff;
    const error = await failure(read(), UnreachableError);
    assert.match(error.message, /closed the connection before it had answered\. It may just have ended; try again\./);
    assert.equal(scene.requests.length, 3);
    await failure(client().json('POST', '/thing', { task: 'read the thing' }), UnreachableError);
    await failure(client().json('DELETE', '/thing', { task: 'read the thing' }), UnreachableError);
    assert.equal(scene.requests.length, 5);
  });

  it('are retried while a database is locked', async () => {
    scene.answer = inTurn(json({ error: 'locked' }, 503), json({ fine: true }));
    assert.deepEqual(await read(), { fine: true });
    scene.answer = json({ error: 'It is locked.' }, 503);
    assert.equal((await failure(read(), RejectedError)).status, 503);
  });

  it('time out without an answer, and when an answer never ends', async () => {
    scene.answer = silent;
    const error = await failure(read({ idleTimeout: 50 }), TimeoutError);
    assert.match(error.message, /did not answer within 0\.05 s\. It may be busy or hang; try again\./);
    scene.answer = (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('['), 10);
      response.once('close', () => clearInterval(timer));
    };
    await failure(read({ idleTimeout: 5000, deadline: 100 }), TimeoutError);
  });

  it('end at once, with the reason, when they are aborted', async () => {
    scene.answer = silent;
    const reason = new Error('not wanted any more');
    const controller = new AbortController();
    const request = client().json('GET', '/thing', { task: 'read the thing', signal: controller.signal });
    await scene.nextRequest();
    controller.abort(reason);
    await assert.rejects(request, reason);
    await assert.rejects(client().json('GET', '/', { task: 'x', signal: controller.signal }), reason);
    assert.equal(scene.requests.length, 1, 'an aborted one is not sent');
  });

  it('end when their client is disposed', async () => {
    scene.answer = silent;
    const http = client();
    const request = http.at('/deeper', 'experiment abc').json('GET', '/', { task: 'read the thing' });
    await scene.nextRequest();
    http.dispose();
    await failure(request, UnreachableError);
  });

  it('name another program that answers', async () => {
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.0\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const http = client({}, `http://127.0.0.1:${port}`);
    const error = await failure(http.json('GET', '/', { task: 'read the thing' }), BadAnswerError);
    assert.match(error.message, /does not speak HTTP\. Another program uses this port\./);
    other.close();
  });

  it('for a stream fail with the same errors as others', async () => {
    scene.answer = json({ error: 'There is no trial.' }, 404);
    await failure(client().stream('/events', { task: 'read the thing' }), NotFoundError);
    scene.answer = text('x'.repeat(300_000), 500);
    await failure(client().stream('/events', { task: 'read the thing' }), RejectedError);
    scene.answer = silent;
    await failure(client({ idleTimeout: 50 }).stream('/events', { task: 'read the thing' }), TimeoutError);
  });

  it('for a stream that is refused do not wait for a reason that never ends', async () => {
    const closed: Promise<unknown>[] = [];
    scene.answer = (_request, response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.write('{"error": "You ');
      closed.push(once(response, 'close'));
    };
    const stream = (signal?: AbortSignal) =>
      client({ idleTimeout: 50 }).stream('/events', { task: 'read the thing', signal });
    assert.equal((await failure(stream(), RejectedError)).status, 403);
    const controller = new AbortController();
    const aborted = client().stream('/events', { task: 'read the thing', signal: controller.signal });
    await scene.nextRequest();
    controller.abort(new Error('not wanted any more'));
    await assert.rejects(aborted, /not wanted any more/);
    await Promise.all(closed);
  });
});
