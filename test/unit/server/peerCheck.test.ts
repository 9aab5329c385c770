import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { endianness } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import type { RunnerAccess } from '../../../src/model/experiment/runnerAccess.ts';
import { bearerToken } from '../../../src/server/security/bearer.ts';
import { jsonErrors } from '../../../src/server/security/jsonErrors.ts';
import { NetstatPeers } from '../../../src/server/security/peer/netstatPeers.ts';
import { type Ipv4Ends, ipv4Ends, type Peers } from '../../../src/server/security/peer/peer.ts';
import { ProcPeers } from '../../../src/server/security/peer/procPeers.ts';
import { systemPeers } from '../../../src/server/security/peer/systemPeers.ts';
import { peerCheck } from '../../../src/server/security/peerCheck.ts';

const ends: Ipv4Ends = {
  local: { address: '127.0.0.1', port: 0x1f90 },
  remote: { address: '127.0.0.1', port: 0xc001 },
};

/** The two tables' form, written by hand after the kernel's `Documentation/networking/proc_net_tcp.rst`. */
describe('ProcPeers', () => {
  if (endianness() !== 'LE') return;
  const listens =
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 99 1 0 100 0 0 10 0';
  const row = (from: string, to: string, state: string, uid: number, inode: number) =>
    `   7: ${from} ${to} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000 20 4 30 10 -1`;
  const peer = '0100007F:C001';
  const own = '0100007F:1F90';
  const mapped = '0000000000000000FFFF0000';
  const find = (rows: string[], uid = 1000) => new ProcPeers(uid, async () => `${rows.join('\n')}\n`).find(ends);

  for (const [what, rows, found] of [
    ['an open connection of this user is own', [row(peer, own, '01', 1000, 7)], 'own'],
    ['an open connection of root is own', [row(peer, own, '01', 0, 7)], 'own'],
    ['one over an IPv6 socket is own', [row(mapped + peer, mapped + own, '01', 1000, 7)], 'own'],
    ['an open connection of another user is other', [row(peer, own, '01', 1001, 7)], 'other'],
    ['a closed one, of uid 0 and without an inode, is other', [row(peer, own, '01', 0, 0)], 'other'],
    ['a half-closed one is other', [row(peer, own, '05', 1000, 7)], 'other'],
    ['one in TIME_WAIT is other', [row(peer, own, '06', 0, 0)], 'other'],
    ['one that is not in the table is other', [], 'other'],
    ['the row of our own end does not count', [row(own, peer, '01', 1000, 7)], 'other'],
    ['a longer port does not count', [row(`${peer}0`, own, '01', 1000, 7)], 'other'],
  ] as const) {
    it(what, async () => assert.equal(await find([listens, ...rows]), found));
  }

  it('tells nothing from a table without the port that we listen at', async () => {
    assert.equal(await find([row(own, peer, '01', 1000, 7)]), 'unknown');
    assert.equal(await new ProcPeers(1000, () => Promise.reject(new Error('no /proc'))).find(ends), 'unknown');
  });

  it('finds a row in the next reading that one reading left out', async () => {
    const readings = [[listens], [listens, row(peer, own, '01', 1000, 7)]];
    assert.equal(await new ProcPeers(1000, async () => (readings.shift() ?? []).join('\n')).find(ends), 'own');
  });

  it('shares the next reading among connections that come while a table is read', async () => {
    let readings = 0;
    const table = `${listens}\n${row(peer, own, '01', 1000, 7)}\n`;
    const peers = new ProcPeers(1000, async () => {
      readings++;
      await new Promise(setImmediate);
      return table;
    });
    const found = await Promise.all(Array.from({ length: 100 }, () => peers.find(ends)));
    assert.deepEqual(new Set(found), new Set(['own']));
    assert.equal(readings, 2);
  });
});

/** The forms of macOS 12 and of macOS 15, where a process is named before its number. */
describe('NetstatPeers', () => {
  const twelve = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)      rhiwat  shiwat    pid   epid state  options
tcp4       0      0  127.0.0.1.49153        127.0.0.1.8080         ESTABLISHED  408300  146988   4242      0 0102 00000020
tcp4       0      0  127.0.0.1.8080         127.0.0.1.49153        ESTABLISHED  408300  146988     77      0 0102 00000020
tcp4       0      0  127.0.0.1.8080         *.*                    LISTEN       131072  131072     77      0 0100 00000006
`;
  const fifteen = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)           rxbytes      txbytes  rhiwat  shiwat    process:pid    state  options
tcp4       0      0  127.0.0.1.49153        127.0.0.1.8080         ESTABLISHED           100          200  408300  146988 Code Helper (P:4242   00102 00000020
tcp4       0      0  127.0.0.1.8080         *.*                    LISTEN                  0            0  131072  131072           node:77     00100 00000006
`;
  const find = (text: string, users: Record<number, string>) =>
    new NetstatPeers(501, {
      connections: async () => text,
      user: async (pid) => users[pid] ?? assert.fail('no such process'),
    }).find(ends);

  for (const [release, table] of [
    ['12', twelve],
    ['15', fifteen],
  ] as const) {
    it(`decides by the connection’s process and its user on macOS ${release}`, async () => {
      assert.equal(await find(table, { 4242: '  501\n' }), 'own');
      assert.equal(await find(table, { 4242: '    0\n' }), 'own');
      assert.equal(await find(table, { 4242: '  502\n' }), 'other');
      assert.equal(await find(table, {}), 'other');
      assert.equal(await find(table.replace('ESTABLISHED', 'FIN_WAIT_2 '), { 4242: '501' }), 'other');
      assert.equal(await find(table.replace(/^.*49153 .*8080 .*$/m, ''), {}), 'other');
    });
  }

  it('tells nothing from a table without processes, or without the port that we listen at', async () => {
    assert.equal(await find(twelve.replace('pid   epid', 'pod   epod'), { 4242: '501' }), 'unknown');
    assert.equal(await find('', {}), 'unknown');
  });
});

describe('peerCheck', () => {
  let server: FastifyInstance | undefined;
  let port: number;
  let bodies: number;
  let asked: number;

  /** A server with one route, `POST /`. A request with the token `right` needs no check. */
  async function serve(access: RunnerAccess, peers: Peers = systemPeers()): Promise<void> {
    bodies = 0;
    asked = 0;
    server = Fastify();
    jsonErrors(server);
    const counted: Peers = {
      find: (given) => {
        asked++;
        return peers.find(given);
      },
    };
    server.addHook(
      'onRequest',
      peerCheck({ access, peers: counted, isTrusted: (request) => bearerToken(request) === 'right' }),
    );
    server.addHook('preParsing', async () => {
      bodies++;
    });
    server.post('/', () => ({ fine: true }));
    port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port);
  }
  afterEach(() => server?.close());

  const post = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json', ...headers },
    });

  it('answers this user’s programs, and checks a connection once', async () => {
    await serve('refuse');
    const socket = connect(port, '127.0.0.1');
    const request =
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    for (let i = 0; i < 3; i++) {
      socket.write(request);
      assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200 /);
    }
    socket.destroy();
    assert.deepEqual([asked, bodies], [1, 3]);
  });

  it('answers this user’s programs that come over IPv6 sockets', async () => {
    await serve('refuse');
    const socket = connect(port, '::ffff:127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n');
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1.1 200 /);
    socket.destroy();
  });

  it('follows the setting where the machine does not tell, and names it in the refusal', async () => {
    const unknown: Peers = { find: async () => 'unknown' };
    await serve('refuse', unknown);
    const refused = await post();
    assert.equal(refused.status, 403);
    assert.match(((await refused.json()) as { error: string }).error, /trialdeck\.runnerAccess/);
    assert.equal(bodies, 0);
    assert.equal((await post({ authorization: 'Bearer right' })).status, 200);
    assert.equal((await post({ authorization: 'Bearer wrong' })).status, 403);
    await server?.close();
    await serve('allow', unknown);
    assert.equal((await post()).status, 200);
  });

  it('does not open the port to a user whom the machine names', async () => {
    await serve('allow', { find: async () => 'other' });
    const refused = await post();
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get('connection'), 'close');
    assert.match(((await refused.json()) as { error: string }).error, /^Only programs of /);
  });

  it('takes mapped addresses and no closed connection (ipv4Ends)', () => {
    const open = { localAddress: '::ffff:127.0.0.1', localPort: 1, remoteAddress: '127.0.0.1', remotePort: 2 };
    assert.deepEqual(ipv4Ends(open)?.local, { address: '127.0.0.1', port: 1 });
    assert.equal(ipv4Ends({ ...open, remoteAddress: undefined }), undefined);
    assert.equal(ipv4Ends({ ...open, remoteAddress: '::1' }), undefined);
  });

  it('a connection without a peer is refused: it was reset, and its request is still to be read', async () => {
    await serve('allow', { find: async () => 'own' });
    server?.server.prependListener('connection', (socket: Socket) => {
      Object.defineProperty(socket, 'remoteAddress', { value: undefined });
    });
    assert.equal((await post()).status, 403);
    assert.deepEqual([asked, bodies], [0, 0]);
  });

  describe('programs of another user', () => {
    let folder: string;
    let stranger: ChildProcess | undefined;

    before(async function () {
      if (process.platform !== 'linux' || process.getuid?.() !== 0) {
        console.warn('      SKIPPED: only root on Linux can start a program of another user');
        return this.skip();
      }
      folder = await freshFolder('stranger');
      await chmod(folder, 0o755);
      await writeFile(join(folder, 'stranger.cjs'), strangerProgram);
    });
    afterEach(() => stranger?.kill('SIGKILL'));
    after(() => folder && removeFolder(folder));

    /** Sends a request as the user nobody, in one of the ways below. @returns the status of the answer, if there is one */
    async function ask(way: string): Promise<number | undefined> {
      stranger = fork(join(folder, 'stranger.cjs'), [way, String(port)], { cwd: '/', uid: 65534, gid: 65534 });
      const [status] = await Promise.race([once(stranger, 'message'), once(stranger, 'exit').then(() => [undefined])]);
      return typeof status === 'number' && status > 0 ? status : undefined;
    }

    for (const way of ['open', 'half-closed', 'closed', 'reset', 'killed']) {
      it(`are refused with a connection that is ${way}, and no body is read`, async () => {
        await serve('allow');
        const closed = new Promise<void>((resolve) => {
          server?.server.once('connection', (socket: Socket) => socket.once('close', () => resolve()));
        });
        const status = await ask(way);
        await closed;
        assert.ok(status === undefined || status === 403, `it was answered with ${status}`);
        if (way === 'open') assert.equal(status, 403);
        assert.equal(bodies, 0);
        // The server goes on for its own user.
        assert.equal((await post()).status, 200);
      });
    }
  });
});

/** Connects, sends a whole request, and then keeps, half-closes, closes or resets the connection, or dies. */
const strangerProgram = `
const { connect } = require('node:net');
const [way, port] = process.argv.slice(2);
const request = 'POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}';
const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
let answer = '';
socket.on('data', (chunk) => (answer += chunk));
socket.on('error', () => {});
socket.on('close', () => process.send(Number(/^HTTP.1.1 (\\d+)/.exec(answer)?.[1] ?? 0), () => process.exit()));
socket.on('end', () => socket.end());
socket.write(request, () => {
  if (way === 'half-closed') socket.end();
  if (way === 'closed') socket.destroy();
  if (way === 'reset') socket.resetAndDestroy();
  if (way === 'killed') process.kill(process.pid, 'SIGKILL');
});
`;
