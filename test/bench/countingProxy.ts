/** A proxy between a client and a server that counts the requests. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';

export interface Account {
  requests: number;
  /** Milliseconds during which the server had at least one request to answer. */
  busy: number;
  /** Maximum number of simultaneous requests. */
  together: number;
  bytes: number;
  /** Requests by method and path without its query. */
  paths: Record<string, number>;
}

export interface CountingProxy {
  port: number;
  /** The requests since the last call. */
  account(): Account;
  close(): void;
}

const none = (): Account => ({ requests: 0, busy: 0, together: 0, bytes: 0, paths: {} });

/** Reads the server's answers at full speed, so that a slow client does not count as the server's work. */
export async function countingProxy(target: number): Promise<CountingProxy> {
  let account = none();
  let open = 0;
  let since = 0;
  const server = createServer((asked, answer) => {
    if (open === 0) since = performance.now();
    open++;
    account.requests++;
    account.together = Math.max(account.together, open);
    const path = `${asked.method} ${asked.url?.split('?')[0]}`;
    account.paths[path] = (account.paths[path] ?? 0) + 1;
    let settled = false;
    const settle = () => {
      if (settled) return;
      settled = true;
      open--;
      if (open === 0) account.busy += performance.now() - since;
    };
    const { method, url, headers } = asked;
    const onward = request({ host: '127.0.0.1', port: target, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.on('data', (chunk: Buffer) => {
        account.bytes += chunk.length;
        answer.write(chunk);
      });
      given.on('end', () => {
        settle();
        answer.end();
      });
      given.on('error', () => {
        settle();
        answer.destroy();
      });
    });
    onward.on('error', () => {
      settle();
      answer.destroy();
    });
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    account() {
      if (open > 0) {
        account.busy += performance.now() - since;
        since = performance.now();
      }
      const result = account;
      account = none();
      account.together = open;
      return result;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
