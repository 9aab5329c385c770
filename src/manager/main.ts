/**
 * The manager process.
 *
 *     node manager.js --experiments-directory DIR [--host H] [--port P] [--token T] [--idle-seconds N]
 *
 * A detached manager ends by itself once no experiment runs and no client asks; with `--idle-seconds 0` it stays.
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { messageOf } from '../model/text/messageOf.ts';
import { lineLogger } from '../server/log.ts';
import { isLoopback } from '../server/security/hostCheck.ts';
import { keepCompileCache } from '../system/compileCache.ts';
import { livingManager, releaseLock, takeLock } from './managerLock.ts';
import { NniFolder } from './providers/nniFolder/nniFolder.ts';
import { Providers } from './providers/providers.ts';
import { createManagerServer } from './server.ts';

/** The client that starts a manager sends its output to `.trialdeck/manager.log`. */
const log = lineLogger((line) => process.stderr.write(line), 'info', 'Manager');

async function main(): Promise<void> {
  keepCompileCache();
  const { values } = parseArgs({
    options: {
      'experiments-directory': { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      token: { type: 'string' },
      'idle-seconds': { type: 'string', default: '120' },
    },
  });
  if (!values['experiments-directory']) throw new Error('--experiments-directory is missing.');
  const root = resolve(values['experiments-directory']);
  const idleMs = Number(values['idle-seconds']) * 1000;
  if (!Number.isFinite(idleMs) || idleMs < 0) throw new Error('--idle-seconds must be a number of seconds.');
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error('--port must be 0 to 65535.');
  if (!isLoopback(values.host) && !values.token && !process.env.TRIALDECK_TOKEN) {
    throw new Error(
      `On ${values.host} others can reach this manager: choose a token (--token or TRIALDECK_TOKEN), and put TLS in front.`,
    );
  }
  const { version } = packageJson;
  const other = await livingManager(root);
  if (other) {
    console.log(`A manager of ${root} runs already (process ${other.pid}, port ${other.port}).`);
    return;
  }

  const token = values.token ?? process.env.TRIALDECK_TOKEN ?? randomBytes(24).toString('base64url');
  const runnerScript = fileURLToPath(new URL('./runner.js', import.meta.url));
  const providers = new Providers([new NniFolder({ root, runnerScript, version, log })]);
  let ending: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;

  const end = () => {
    ending ??= (async () => {
      clearTimeout(idle);
      providers.dispose();
      await releaseLock(root);
      await manager.server.close();
      process.exit(0);
    })();
  };
  const active = () => {
    clearTimeout(idle);
    if (idleMs > 0 && !ending && manager.connections() === 0 && !providers.anyLive) idle = setTimeout(end, idleMs);
  };
  const manager = createManagerServer({
    providers,
    info: { name: 'trialdeck-manager', version, pid: process.pid, experimentsDirectory: root },
    host: values.host,
    token,
    shutDown: end,
    active,
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  process.on('SIGHUP', () => {});

  await providers.open();
  const address = await manager.server.listen({ host: values.host, port });
  const taken = await takeLock(root, {
    pid: process.pid,
    port: Number(new URL(address).port),
    host: reachableFromHere(values.host),
    token,
    version,
    startTime: Date.now(),
  });
  if (!taken) {
    console.log(`Another manager of ${root} was faster.`);
    end();
    return;
  }
  providers.listen(active);
  active();
  console.log(`Manager of ${root} at ${address}`);
}

/** The address at which a client on this machine reaches a server that listens on `host`. */
function reachableFromHere(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exit(1);
});
