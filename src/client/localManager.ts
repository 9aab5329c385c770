/** Connects to the manager of one experiments folder on this machine: finds it by its lock file, or starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../model/text/messageOf.ts';
import { compileCacheEnvironment } from '../system/compileCache.ts';
import { errorCode } from '../system/errorCode.ts';
import { isAlive } from '../system/processTable.ts';
import { type Watch, watchFolder } from '../system/watchFolder.ts';
import { managerLockPath } from '../wire/routes.ts';
import type { ManagerInfo, ManagerLock } from '../wire/schemas/manager.ts';
import { managerLockSchema } from '../wire/schemas/manager.ts';
import { parse } from '../wire/schemas/schema.ts';
import { ClientError, ManagerStartError } from './errors.ts';
import { ManagerClient } from './manager.ts';
import { nodeEnvironment, nodeForProcesses } from './nodeProgram.ts';

export interface LocalManagerOptions {
  /** Absolute path of the folder that holds the experiments. It need not exist yet. */
  experimentsDirectory: string;
  /** Path of `manager.js`. */
  managerScript: string;
  /** Node for the manager; {@link nodeForProcesses} by default. */
  nodePath?: string;
  /** For a manager that is started, and for all processes it starts. Default: the environment of this process. */
  environment?: NodeJS.ProcessEnv;
  /** Whether a manager may be started. */
  start: boolean;
  signal?: AbortSignal | undefined;
  /** Milliseconds until a new manager must answer. Default 20 s. */
  startTimeout?: number;
}

/** A manager on this machine answers within milliseconds. After this time it hangs. */
const infoTimeoutMs = 3000;
/** An old manager ends within this time after its shutdown request. */
const shutdownTimeoutMs = 10_000;
const shutdownIntervalMs = 20;
/** A longer log is renamed when the next manager starts. */
const maxLogBytes = 5_000_000;
/** The manager that won the lock writes its lock file within this time. */
const exitGraceMs = 300;
const maxLogLines = 10;

/**
 * Connects to the manager that holds the folder. Starts one when there is none, it was killed, or it is older than `managerScript`.
 * Any number of clients may call this at the same time: the managers agree on which one stays, and all clients connect to it.
 *
 * @returns undefined when no manager runs and `start` is false
 * @throws ManagerStartError with the end of the manager's log when it does not answer in time; the signal's reason when aborted
 */
export function connectLocalManager(options: LocalManagerOptions & { start: true }): Promise<ManagerClient>;
export function connectLocalManager(options: LocalManagerOptions): Promise<ManagerClient | undefined>;
export async function connectLocalManager(options: LocalManagerOptions): Promise<ManagerClient | undefined> {
  const folder = resolve(options.experimentsDirectory);
  const { signal, start } = options;
  const found = await findManager(folder, signal);
  if (!found) return start ? startManager(folder, options) : undefined;
  if (!start || !isOlder(found.info.version, await readVersionBeside(options.managerScript))) return found.client;
  await retire(found, signal);
  return startManager(folder, options);
}

/** Path of the lock file of a folder's manager. */
export function managerLockFile(experimentsDirectory: string): string {
  return join(experimentsDirectory, ...managerLockPath);
}

/** Path of the log of a folder's manager. */
export function managerLogFile(experimentsDirectory: string): string {
  return join(dirname(managerLockFile(experimentsDirectory)), 'manager.log');
}

interface Found {
  client: ManagerClient;
  info: ManagerInfo;
}

/** The manager that the lock file names, if it answers there. Sends the token to no other program. */
async function findManager(folder: string, signal: AbortSignal | undefined): Promise<Found | undefined> {
  const lock = await readLock(folder);
  if (!lock || !isAlive(lock.pid)) return undefined;
  const host = lock.host.includes(':') ? `[${lock.host}]` : lock.host;
  const client = new ManagerClient(`http://${host}:${lock.port}`, { token: lock.token });
  const tokenless = new ManagerClient(client.address, { idleTimeout: infoTimeoutMs, deadline: infoTimeoutMs });
  try {
    const info = await tokenless.info({ signal });
    if (info.pid === lock.pid && (await isSamePath(info.experimentsDirectory, folder))) return { client, info };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  } finally {
    tokenless.dispose();
  }
  client.dispose();
  return undefined;
}

/** @returns undefined when the lock file is missing or half written */
async function readLock(folder: string): Promise<ManagerLock | undefined> {
  try {
    return parse(managerLockSchema, JSON.parse(await readFile(managerLockFile(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

async function startManager(folder: string, options: LocalManagerOptions): Promise<ManagerClient> {
  const { signal, startTimeout = 20_000 } = options;
  const server = `the manager of ${folder}`;
  const node = options.nodePath ?? nodeForProcesses(dirname(options.managerScript));
  const logFile = managerLogFile(folder);
  const log = await openLog(logFile, server);
  let wait: StartWait;
  let logStart: number;
  try {
    logStart = (await log.stat()).size;
    signal?.throwIfAborted();
    const child = spawn(node, [options.managerScript, '--experiments-directory', folder], {
      cwd: folder,
      detached: true,
      env: {
        ...(options.environment ?? process.env),
        ...nodeEnvironment(node),
        ...compileCacheEnvironment(folder),
      },
      stdio: ['ignore', log.fd, log.fd],
      windowsHide: true,
    });
    child.unref();
    // Right after spawn: the `error` event of a failed spawn comes on the next tick.
    wait = new StartWait(dirname(managerLockFile(folder)), child, signal, startTimeout);
  } finally {
    await log.close();
  }
  try {
    for (;;) {
      const found = await findManager(folder, signal);
      if (found) return found.client;
      const failure = wait.failure;
      if (failure)
        throw new ManagerStartError(server, `${failure} See ${logFile}`, await readLogEnd(logFile, logStart));
      await wait.next();
    }
  } finally {
    wait.dispose();
  }
}

/** Waits for a starting manager: wakes when the folder changes, the child ends or time is up, and tells a failed start. */
class StartWait {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal | undefined;
  readonly #watch: Watch;
  readonly #timers: NodeJS.Timeout[];
  #wake: () => void = () => undefined;
  #isNotified = false;
  #problem: string | undefined;

  constructor(folder: string, child: ChildProcess, signal: AbortSignal | undefined, timeoutMs: number) {
    this.#child = child;
    this.#signal = signal;
    // Some network file systems report no changes.
    this.#watch = watchFolder(folder, this.#notify, { pollIntervalMs: 250 });
    const fail = (problem: string) => {
      this.#problem ??= problem;
      this.#notify();
    };
    this.#timers = [setTimeout(() => fail(`It did not come up within ${timeoutMs / 1000} s.`), timeoutMs)];
    child.once('error', (error) => fail(`${error.message}.`));
    child.once('exit', (code, killedBy) => {
      // Exit code 0 means that another manager was faster. Its lock file is there or about to be.
      if (code === 0) return this.#notify();
      const how = killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`;
      this.#timers.push(setTimeout(() => fail(`It ${how}.`), exitGraceMs));
      this.#notify();
    });
    signal?.addEventListener('abort', this.#notify);
  }

  /** Why the manager will not come up; undefined while it may. @throws the signal's reason */
  get failure(): string | undefined {
    this.#signal?.throwIfAborted();
    return this.#problem;
  }

  async next(): Promise<void> {
    if (!this.#isNotified) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isNotified = false;
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#watch.dispose();
    this.#signal?.removeEventListener('abort', this.#notify);
    this.#child.removeAllListeners();
    // An `error` event without a listener would end this process.
    this.#child.on('error', () => undefined);
  }

  #notify = (): void => {
    this.#isNotified = true;
    this.#wake();
  };
}

/** Asks a manager to end and waits for its end. Experiments go on. */
async function retire({ client, info }: Found, signal: AbortSignal | undefined): Promise<void> {
  try {
    await client.shutdown({ signal });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  } finally {
    client.dispose();
  }
  const deadline = Date.now() + shutdownTimeoutMs;
  // The end of a process that is not a child can only be polled.
  while (isAlive(info.pid)) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) {
      throw new ManagerStartError(
        client.address,
        `an older manager (process ${info.pid}) does not end. End it by hand.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, shutdownIntervalMs));
  }
}

async function openLog(path: string, server: string): Promise<FileHandle> {
  try {
    // The folder holds the manager's token.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > maxLogBytes) await rename(path, `${path}.1`);
    return await open(path, 'a', 0o600);
  } catch (error) {
    const code = errorCode(error);
    const isRefused = code === 'EACCES' || code === 'EPERM';
    const reason = isRefused ? 'you have no permission to write there' : messageOf(error);
    throw new ManagerStartError(
      server,
      `${dirname(path)} cannot be written: ${reason}. Choose another experiments folder.`,
    );
  }
}

async function readLogEnd(path: string, startByte: number): Promise<string[]> {
  try {
    const text = (await readFile(path)).subarray(startByte).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-maxLogLines);
  } catch {
    return [];
  }
}

async function isSamePath(a: string, b: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  return (await real(a)) === (await real(b));
}

/** Version of the package that `manager.js` belongs to; undefined when its package.json can't be read. */
async function readVersionBeside(script: string): Promise<string | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(dirname(script), '..', 'package.json'), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

function isOlder(version: string, than: string | undefined): boolean {
  if (than === undefined) return false;
  const numbers = (text: string) => text.split(/[.+-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [numbers(version), numbers(than)];
  for (const [index, part] of b.entries()) if ((a[index] ?? 0) !== part) return (a[index] ?? 0) < part;
  return false;
}
