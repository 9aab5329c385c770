import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import {
  createBoundedServer,
  defaultServerLimits,
  type ServerLimits,
} from '../../../src/server/security/boundedServer.ts';

describe('createBoundedServer', () => {
  let server: Server;
  let sockets: Socket[];

  async function serve(limits: Partial<ServerLimits>): Promise<void> {
    sockets = [];
    server = createBoundedServer({ ...defaultServerLimits(), ...limits });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function open(text = ''): Promise<Socket> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    const accepted = once(server, 'connection');
    await accepted;
    if (text !== '') socket.write(text);
    return socket;
  }
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const answered = async (socket: Socket) => String((await once(socket, 'data'))[0]).startsWith('HTTP/1.1 200 ');

  it('closes the longest idle connection to make room for a new one', async () => {
    await serve({ maxConnections: 3 });
    server.on('request', (_request, response) => response.end('fine'));
    const [first, second, third] = [await open(), await open(), await open()];
    // The first is not the longest idle any more.
    first.write(get);
    assert.ok(await answered(first));
    const closed = once(second, 'close');
    const fourth = await open(get);
    await closed;
    assert.ok(await answered(fourth));
    for (const socket of [first, third]) {
      socket.write(get);
      assert.ok(await answered(socket));
    }
  });

  it('answers beside hundreds of connections that are idle or half sent', async () => {
    await serve({ maxConnections: 10 });
    server.on('request', (request, response) => {
      request.resume();
      request.on('end', () => response.end('fine'));
    });
    for (let i = 0; i < 150; i++) {
      await open();
      await open('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf');
    }
    assert.ok(await answered(await open(get)));
    const count = await new Promise<number>((resolve, reject) =>
      server.getConnections((error, found) => (error ? reject(error) : resolve(found))),
    );
    assert.ok(count <= 11, `${count} connections`);
  });

  it('keeps connections with answers in progress, and closes a new connection instead', async () => {
    await serve({ maxConnections: 2 });
    const responses: ServerResponse[] = [];
    server.on('request', (_request, response) => {
      responses.push(response);
      server.emit('asked');
    });
    const waiting: Socket[] = [];
    for (let i = 0; i < 2; i++) {
      const asked = once(server, 'asked');
      waiting.push(await open(get));
      await asked;
    }
    await once(await open(), 'close');
    for (const response of responses) response.end('fine');
    for (const socket of waiting) assert.ok(await answered(socket));
  });

  for (const [what, text] of [
    ['headers that do not end', 'POST / HTTP/1.1\r\nHost: localhost\r\n'],
    ['a body that does not end', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf'],
  ] as const) {
    it(`closes a connection with ${what}`, async () => {
      await serve({ headersTimeoutMs: 50, requestTimeoutMs: 100, checkIntervalMs: 20 });
      server.on('request', (request) => request.resume());
      const socket = await open(text);
      socket.resume();
      await once(socket, 'close');
    });
  }

  it('takes a part of the descriptors that the process may open', () => {
    const { maxConnections } = defaultServerLimits();
    assert.ok(maxConnections >= 16 && maxConnections <= 512, `${maxConnections}`);
  });
});
