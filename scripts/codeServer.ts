/**
 * A real VS Code without a download from its vendor: the one that the npm package `code-server` carries. Used where
 * `@vscode/test-electron` can't download or there is no display, and by `npm start` where there is no desktop `code`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheFolder, ensureFolder, freshFolder, projectRoot, removeFolder } from './folders.ts';

const version = '4.139.1';
const nodeBinary = join(projectRoot, 'node_modules', 'node', 'bin', 'node');

/** Installs it once into the cache and returns the folder of VS Code's own server. Throws with npm's words when it can't. */
export async function installCodeServer(say: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder, `code-server-${version}`);
  const vscodeFolder = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  if (existsSync(join(vscodeFolder, 'node_modules')) && existsSync(folder)) return vscodeFolder;
  say(`Installing VS Code for the browser (code-server ${version}, once)…`);
  // Built beside its place and moved there whole, so that an interrupted install is never taken for a finished one.
  const building = join(await ensureFolder(cacheFolder), `code-server-${version}.${process.pid}`);
  await removeFolder(building);
  await mkdir(building, { recursive: true });
  await writeFile(join(building, 'package.json'), '{ "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await execa('npm', ['install', ...options, `code-server@${version}`], { cwd: building });
  await execa('npm', ['install', '--omit=dev', ...options], {
    cwd: join(building, 'node_modules', 'code-server', 'lib', 'vscode'),
  });
  await removeFolder(folder);
  await rename(building, folder);
  return vscodeFolder;
}

export interface CodeServerOptions {
  /** A file to install as an extension (`.vsix`), on top of what runs from a development folder. */
  vsix?: string;
  /** A folder with extensions that are installed already; the server works on a copy. */
  extensionsFolder?: string;
  /** VS Code user settings. */
  settings?: Record<string, unknown>;
  /** Added to the environment of the server and so of the extension host. */
  environment?: Record<string, string>;
  /** Reuses data of an earlier server (its window state); by default a fresh folder that `stop` removes. */
  dataFolder?: string;
  port?: number;
  /**
   * Keeps workspace trust, so that a window starts in Restricted Mode. Off by default, by an argument of the server: the page carries it
   * from its first line, where a setting is read later and would leave a window untrusted for its whole life.
   */
  workspaceTrust?: boolean;
  /** Lets a window run an extension, or tests, from a development folder; such a window shows no notifications. */
  testDriver?: boolean;
  say?: (line: string) => void;
}

export interface CodeServer {
  /** `http://127.0.0.1:port` */
  address: string;
  /** `127.0.0.1:port`, for `vscode-remote://` addresses. */
  authority: string;
  /** The connection token. A browser needs it, and can then do everything that the server's user can. */
  token: string;
  process: ChildProcess;
  dataFolder: string;
  /** Changes VS Code user settings; windows that are open take them over. */
  changeSettings(changes: Record<string, unknown>): Promise<void>;
  /** All output so far. */
  log(): string;
  /** Ends the server and waits for it. */
  stop(): Promise<void>;
}

/** Installs an extension from a file into a folder of extensions. */
export async function installExtension(vsix: string, extensionsFolder: string): Promise<void> {
  const main = join(await installCodeServer(() => {}), 'out', 'server-main.js');
  const dataFolder = await freshFolder('vs');
  const folders = ['--server-data-dir', dataFolder, '--extensions-dir', extensionsFolder];
  // By force: an earlier build may have installed the same version.
  await execa(nodeBinary, [main, '--install-extension', vsix, '--force', ...folders]);
  await removeFolder(dataFolder);
}

/** Starts the server on a free port. Throws with its output when it ends before it is ready. */
export async function startCodeServer(options: CodeServerOptions = {}): Promise<CodeServer> {
  const vscodeFolder = await installCodeServer(options.say ?? (() => {}));
  const dataFolder = options.dataFolder ?? (await freshFolder('vs'));
  const userFolder = join(dataFolder, 'data', 'User');
  const extensionsFolder = join(dataFolder, 'ext');
  const machineFolder = join(dataFolder, 'data', 'Machine');
  await mkdir(userFolder, { recursive: true });
  await mkdir(machineFolder, { recursive: true });
  if (options.extensionsFolder) await cp(options.extensionsFolder, extensionsFolder, { recursive: true });
  else await mkdir(extensionsFolder, { recursive: true });
  const settings: Record<string, unknown> = {
    'workbench.startupEditor': 'none',
    'telemetry.telemetryLevel': 'off',
    'extensions.ignoreRecommendations': true,
    'chat.disableAIFeatures': true,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.tips.enabled': false,
    'update.mode': 'none',
    ...options.settings,
  };
  const changeSettings = async (changes: Record<string, unknown>) => {
    Object.assign(settings, changes);
    const text = JSON.stringify(settings, null, 2);
    // A window on a server takes settings about the machine, such as folders, only from the server's own.
    for (const folder of [userFolder, machineFolder]) await writeFile(join(folder, 'settings.json'), text);
  };
  await changeSettings({});
  const token = randomBytes(24).toString('base64url');
  // In a file, because every user of the machine can read a process's arguments.
  const tokenFile = join(dataFolder, 'token');
  await rm(tokenFile, { force: true });
  await writeFile(tokenFile, token, { mode: 0o600 });
  const main = join(vscodeFolder, 'out', 'server-main.js');
  const folders = ['--server-data-dir', dataFolder, '--extensions-dir', extensionsFolder];
  const environment = { ...process.env, ...options.environment };
  if (options.vsix) await installExtension(options.vsix, extensionsFolder);
  const child = spawn(
    nodeBinary,
    [
      main,
      ...['--host', '127.0.0.1', '--port', String(options.port ?? 0)],
      ...['--connection-token-file', tokenFile, '--accept-server-license-terms'],
      ...(options.workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(options.testDriver ? ['--enable-smoke-test-driver'] : []),
      ...['--telemetry-level', 'off', ...folders],
    ],
    // A process group of its own: its extension hosts and terminals end with it.
    { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let output = '';
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      signalGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(() => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    if (!options.dataFolder) await removeFolder(dataFolder);
  };
  try {
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`VS Code's server was not ready after 60 s.\n${output}`)),
        60_000,
      );
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        const match = /Web UI available at http:\/\/[^:]+:(\d+)/.exec(output);
        if (match) {
          clearTimeout(timer);
          resolve(Number(match[1]));
        }
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`VS Code's server ended with code ${code}.\n${output}`)));
    });
    const authority = `127.0.0.1:${port}`;
    const log = () => output;
    return { address: `http://${authority}`, authority, token, process: child, dataFolder, changeSettings, log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The process has ended already.
  }
}

/** The address of a window on `folder`; `payload` as VS Code's web server takes it. */
export function windowAddress(server: CodeServer, folder: string, payload: [string, string][]): string {
  const query = new URLSearchParams({ tkn: server.token, folder });
  if (payload.length > 0) query.set('payload', JSON.stringify(payload));
  return `${server.address}/?${query}`;
}

/** A local path as the server's windows address it. */
export function remoteUri(server: CodeServer, path: string): string {
  return `vscode-remote://${server.authority}${path}`;
}
