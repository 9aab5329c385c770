/** The manager of one experiments folder on this machine: found by its lock file, started when there is none. */
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
  /** For a manager that is started, and so for all it starts. Default: that of this process. */
  environment?: NodeJS.ProcessEnv;
  /** Whether one may be started. */
  start: boolean;
  signal?: AbortSignal | undefined;
  /** Milliseconds a new manager may take until it answers. Default 20 s. */
  startTimeout?: number;
}

/** A manager on this machine answers within milliseconds; one that does not in this time, in milliseconds, hangs. */
const infoTimeout = 3000;
/** An old manager is gone within so many milliseconds of being asked. */
const shutdownTimeout = 10_000;
/** A log beyond this many bytes is put aside when the next manager starts. */
const longestLog = 5_000_000;

/**
 * Connects to the manager that holds the folder. Starts one when there is none, it was killed, or it is older than `managerScript`.
 * Any number of clients may do so at the same time: managers agree among themselves who stays, and clients take the one that does.
 *
 * @returns undefined when none runs and `start` is false
 * @throws ManagerStartError with the end of its log when it does not come up; the signal's reason when aborted
 */
export function connectLocalManager(options: LocalManagerOptions & { start: true }): Promise<ManagerClient>;
export function connectLocalManager(options: LocalManagerOptions): Promise<ManagerClient | undefined>;
export async function connectLocalManager(options: LocalManagerOptions): Promise<ManagerClient | undefined> {
  const folder = resolve(options.experimentsDirectory);
  const { signal, start } = options;
  const found = await findManager(folder, signal);
  if (!found) return start ? startManager(folder, options) : undefined;
  if (!start || !isOlder(found.info.version, await versionBeside(options.managerScript))) return found.client;
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

/** The manager the lock file names, if that is what answers there. The token is not shown to anything else. */
async function findManager(folder: string, signal: AbortSignal | undefined): Promise<Found | undefined> {
  const lock = await readLock(folder);
  if (!lock || !isAlive(lock.pid)) return undefined;
  const host = lock.host.includes(':') ? `[${lock.host}]` : lock.host;
  const client = new ManagerClient(`http://${host}:${lock.port}`, { token: lock.token });
  const stranger = new ManagerClient(client.address, { idleTimeout: infoTimeout, deadline: infoTimeout });
  try {
    const info = await stranger.info({ signal });
    if (info.pid === lock.pid && (await samePath(info.experimentsDirectory, folder))) return { client, info };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  } finally {
    stranger.dispose();
  }
  client.dispose();
  return undefined;
}

/** Undefined when there is none, or half of one. */
async function readLock(folder: string): Promise<ManagerLock | undefined> {
  try {
    return parse(managerLockSchema, JSON.parse(await readFile(managerLockFile(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

async function startManager(folder: string, options: LocalManagerOptions): Promise<ManagerClient> {
  const { signal, startTimeout = 20_000 } = options;
  const who = `the manager of ${folder}`;
  const node = options.nodePath ?? nodeForProcesses(dirname(options.managerScript));
  const logFile = managerLogFile(folder);
  const log = await openLog(logFile, who);
  let waiting: Waiting;
  let from: number;
  try {
    from = (await log.stat()).size;
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
    // At once: a program that can't be started says so in the next moment.
    waiting = new Waiting(dirname(managerLockFile(folder)), child, signal, startTimeout);
  } finally {
    await log.close();
  }
  try {
    for (;;) {
      const found = await findManager(folder, signal);
      if (found) return found.client;
      const over = waiting.over;
      if (over) throw new ManagerStartError(who, `${over} See ${logFile}`, await endOf(logFile, from));
      await waiting.next();
    }
  } finally {
    waiting.dispose();
  }
}

/** Wakes when the folder changes, the child ends or time is up, and says when there is nothing left to wait for. */
class Waiting {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal | undefined;
  readonly #watch: Watch;
  readonly #timers: NodeJS.Timeout[];
  #wake: () => void = () => undefined;
  #changed = false;
  #problem: string | undefined;

  constructor(folder: string, child: ChildProcess, signal: AbortSignal | undefined, timeout: number) {
    this.#child = child;
    this.#signal = signal;
    // Some network file systems report no changes.
    this.#watch = watchFolder(folder, this.#notice, { pollIntervalMs: 250 });
    const end = (problem: string) => {
      this.#problem ??= problem;
      this.#notice();
    };
    this.#timers = [setTimeout(() => end(`It did not come up within ${timeout / 1000} s.`), timeout)];
    child.once('error', (error) => end(`${error.message}.`));
    child.once('exit', (code, killedBy) => {
      // Ending well means that another manager was faster; its lock is there or about to be.
      if (code === 0) return this.#notice();
      const how = killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`;
      this.#timers.push(setTimeout(() => end(`It ${how}.`), 300));
      this.#notice();
    });
    signal?.addEventListener('abort', this.#notice);
  }

  /** Why waiting makes no sense any more. Throws when aborted. */
  get over(): string | undefined {
    this.#signal?.throwIfAborted();
    return this.#problem;
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#changed = false;
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#watch.dispose();
    this.#signal?.removeEventListener('abort', this.#notice);
    this.#child.removeAllListeners();
    // A late failure to spawn has no one to tell.
    this.#child.on('error', () => undefined);
  }

  #notice = (): void => {
    this.#changed = true;
    this.#wake();
  };
}

/** Asks a manager to end and waits until it has; experiments go on. */
async function retire({ client, info }: Found, signal: AbortSignal | undefined): Promise<void> {
  try {
    await client.shutdown({ signal });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
  } finally {
    client.dispose();
  }
  const deadline = Date.now() + shutdownTimeout;
  // Another process's end can't be awaited, only looked for.
  while (isAlive(info.pid)) {
    signal?.throwIfAborted();
    if (Date.now() > deadline) {
      throw new ManagerStartError(
        client.address,
        `an older manager (process ${info.pid}) does not end. End it by hand.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function openLog(path: string, who: string): Promise<FileHandle> {
  try {
    // Its token is in this folder.
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size > longestLog) await rename(path, `${path}.1`);
    return await open(path, 'a', 0o600);
  } catch (error) {
    const code = errorCode(error);
    const isRefused = code === 'EACCES' || code === 'EPERM';
    const reason = isRefused ? 'you have no permission to write there' : messageOf(error);
    throw new ManagerStartError(
      who,
      `${dirname(path)} cannot be written: ${reason}. Choose another experiments folder.`,
    );
  }
}

async function endOf(path: string, from: number): Promise<string[]> {
  try {
    const text = (await readFile(path)).subarray(from).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-10);
  } catch {
    return [];
  }
}

async function samePath(a: string, b: string): Promise<boolean> {
  const real = (path: string) => realpath(path).catch(() => resolve(path));
  return (await real(a)) === (await real(b));
}

/** Version of the package `manager.js` belongs to; undefined when it can't be told. */
async function versionBeside(script: string): Promise<string | undefined> {
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
