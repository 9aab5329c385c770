/** `manager start`: runs a manager in the foreground, which windows on other machines can connect to. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { connectLocalManager } from '../client/localManager.ts';
import { nodeEnvironment, nodeForProcesses, packagedManager } from '../client/nodeProgram.ts';
import { CommandFailure } from './failure.ts';
import { type Session, untilde } from './session.ts';

export interface StartOptions {
  host: string;
  port: number;
  token?: string;
  tokenFile?: string;
}

/** Resolves when the manager has ended, by Ctrl-C or `manager stop`. Experiments go on. */
export async function startManager(session: Session, options: StartOptions): Promise<number> {
  const { host, port } = options;
  const { experimentsDirectory } = session;
  if (options.token !== undefined && options.tokenFile !== undefined) {
    throw new CommandFailure('Give --token or --token-file, not both.');
  }
  const local = isLoopback(host);
  if (!local && options.token === undefined && options.tokenFile === undefined) {
    throw new CommandFailure(
      `At ${host} others can reach the manager, and it starts commands: choose a token with --token-file FILE, ` +
        'which is made where there is none.',
    );
  }
  const token = await tokenOf(options);
  const managerJs = packagedManager();
  const other = await connectLocalManager({ experimentsDirectory, managerScript: managerJs, start: false });
  if (other) {
    const { address } = other;
    other.dispose();
    throw new CommandFailure(
      `A manager of ${experimentsDirectory} runs already, at ${address}. End it with: trialdeck manager stop`,
    );
  }
  const node = nodeForProcesses(dirname(managerJs));
  const own = ['--experiments-directory', experimentsDirectory, '--host', host, '--port', String(port)];
  const child = spawn(node, [managerJs, ...own, '--idle-seconds', '0'], {
    // Other users of this machine can read a process's arguments, but not its environment.
    env: { ...process.env, ...nodeEnvironment(node), TRIALDECK_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, forward);
  try {
    const ended = new Promise<number>((resolveEnd, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolveEnd(code ?? 1));
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^Manager of .* at (\S+)$/.exec(line)?.[1];
      if (address === undefined) session.say(line);
      else tell(session, address, local, options, token);
    }
    return await ended;
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}

function tell(session: Session, listening: string, local: boolean, options: StartOptions, token: string): void {
  const { experimentsDirectory } = session;
  const { port } = new URL(listening);
  // Clients can't connect to the address that stands for all of this machine's addresses.
  const everywhere = /^(0\.0\.0\.0|::|\[::\])$/.test(options.host);
  const address = everywhere ? `http://${hostname()}:${port}` : listening;
  const file = options.tokenFile === undefined ? undefined : resolve(untilde(options.tokenFile));
  const secret = file === undefined ? token : `the one in ${file}`;
  const advice = local
    ? `Other machines reach it through SSH: ssh -L ${port}:127.0.0.1:${port} ${hostname()}`
    : 'It speaks plain HTTP, so others on the way can read the token: put a proxy with TLS in front, or use SSH.';
  session.print(
    { address, experimentsDirectory, ...(file === undefined ? { token } : { tokenFile: file }) },
    [
      `The manager of ${experimentsDirectory} is at ${address}. Ctrl-C ends it; experiments go on.`,
      'In VS Code: "Trialdeck: Connect to Manager…"',
      `  address: ${address}`,
      `  token:   ${secret}`,
      advice,
    ].join('\n'),
  );
}

async function tokenOf({ token, tokenFile }: StartOptions): Promise<string> {
  if (token !== undefined) {
    if (token.trim() === '') throw new CommandFailure('The token is empty.');
    return token.trim();
  }
  const fresh = randomBytes(24).toString('base64url');
  if (tokenFile === undefined) return process.env.TRIALDECK_TOKEN || fresh;
  const path = resolve(untilde(tokenFile));
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${fresh}\n`, { flag: 'wx', mode: 0o600 });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new CommandFailure(`The token file ${path} can't be made: ${(error as Error).message}`);
    }
  }
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CommandFailure(`The token file ${path} can't be read: ${error.message}`);
  });
  if (text.trim() === '') throw new CommandFailure(`The token file ${path} is empty.`);
  return text.trim();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
