/**
 * `npm start`: builds, runs `examples/quickstart` on the embedded manager and shows it in VS Code: the desktop's where
 * `code` is on the PATH, else one in the browser. With `CI=1` or `--headless` it opens nothing and prints live progress
 * and results. Ctrl-C ends what this started and nothing else.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import openAddress from 'open';
import { buildAll } from './build.ts';
import { installCodeServer, remoteUri, startCodeServer, windowAddress } from './codeServer.ts';
import { cacheFolder, projectRoot } from './folders.ts';
import { packageExtension, vsixPath } from './package.ts';

const example = join(projectRoot, 'examples', 'quickstart');
const config = join(example, 'config.yml');
const cli = join(projectRoot, 'dist', 'cli.js');
// Without `--` before it, npm takes the option as its own and passes it on in this variable.
const headless = [process.env.npm_config_headless, process.env.CI].some(isSet) || process.argv.includes('--headless');
const hasDisplay = process.platform !== 'linux' || isSet(process.env.DISPLAY) || isSet(process.env.WAYLAND_DISPLAY);
const experiments = process.env.TRIALDECK_EXPERIMENTS_DIR ?? join(homedir(), 'nni-experiments');

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

function command(...args: string[]): string[] {
  return [cli, '--experiments-dir', experiments, ...args];
}

/** Prints live progress until the experiment has ended. */
async function runHeadless(): Promise<number> {
  const managerBefore = await managerPid();
  const child = spawn(process.execPath, command('create', '--config', config, '--foreground'), { stdio: 'inherit' });
  // The terminal sends Ctrl-C to the child too; the child stops the experiment and says so.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const code = await new Promise<number>((resolve) => {
    child.once('exit', (status) => resolve(status ?? 1));
    child.once('error', (error) => {
      console.error(`The sample experiment could not be started: ${error.message}`);
      resolve(1);
    });
  });
  await endOwnManager(managerBefore);
  return code;
}

async function launchExample(): Promise<string> {
  const { stdout } = await execa(process.execPath, command('--json', 'create', '--config', config));
  const answer: unknown = JSON.parse(stdout);
  if (typeof answer === 'object' && answer !== null && 'id' in answer && typeof answer.id === 'string')
    return answer.id;
  throw new Error(`The command line answered without an experiment id: ${stdout}`);
}

async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, process.platform === 'win32' ? `${name}.cmd` : name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Opens a VS Code window with settings of its own. The person's settings are not touched, and closing the window ends only this one. */
async function openDesktop(
  code: string,
  environment: Record<string, string>,
): Promise<{ ended: Promise<void>; stop(): void }> {
  const userData = join(cacheFolder, 'vscode-user');
  await mkdir(join(userData, 'User'), { recursive: true });
  await writeFile(
    join(userData, 'User', 'settings.json'),
    JSON.stringify({
      'workbench.startupEditor': 'none',
      'trialdeck.experimentsDirectory': experiments,
    }),
  );
  const child: ChildProcess = spawn(
    code,
    [
      '--wait',
      '--new-window',
      '--disable-workspace-trust',
      '--user-data-dir',
      userData,
      `--extensionDevelopmentPath=${projectRoot}`,
      example,
      config,
    ],
    { env: { ...process.env, ...environment }, stdio: 'ignore', shell: process.platform === 'win32' },
  );
  const ended = new Promise<void>((resolve, reject) => {
    child.once('exit', () => resolve());
    child.once('error', reject);
  });
  return { ended, stop: () => child.kill('SIGTERM') };
}

async function openInBrowser(
  environment: Record<string, string>,
): Promise<{ ended: Promise<void>; stop(): Promise<void> }> {
  const dataFolder = join(cacheFolder, 'code-server-user');
  // Install it as people do: a window that runs a development folder shows no notifications.
  await packageExtension();
  const server = await startCodeServer({
    vsix: vsixPath,
    environment,
    dataFolder,
    settings: { 'trialdeck.experimentsDirectory': experiments, 'git.openRepositoryInParentFolders': 'never' },
    say: (line) => console.log(line),
  });
  const address = windowAddress(server, example, [['openFile', remoteUri(server, config)]]);
  console.log(
    `\nVS Code is ready. Open this address in a browser:\n\n  ${address}\n\nCtrl-C stops the experiment and VS Code.`,
  );
  // The printed address helps where no browser opens.
  if (hasDisplay) await openAddress(address).catch(() => undefined);
  const ended = new Promise<void>((resolve) => server.process.once('exit', () => resolve()));
  return { ended, stop: server.stop };
}

/** @returns the exit code. */
async function runInVSCode(): Promise<number> {
  const code = hasDisplay ? await onPath('code') : undefined;
  // Install it before the experiment starts: installing takes longer than the sample.
  if (!code) await installCodeServer((line) => console.log(line));
  const managerBefore = await managerPid();
  console.log('Starting examples/quickstart…');
  const id = await launchExample();
  console.log(`Experiment ${id} is running.`);
  // The extension opens this experiment's panel when it starts.
  const environment = { TRIALDECK_OPEN: id };
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  let failure: unknown;
  try {
    const window = code ? await openDesktop(code, environment) : await openInBrowser(environment);
    await Promise.race([window.ended, interrupted]);
    await window.stop();
  } catch (error) {
    failure = error;
  }
  console.log('\nStopping…');
  await execa(process.execPath, command('stop', id), { reject: false });
  await endOwnManager(managerBefore);
  if (failure === undefined) return 0;
  console.error(failure instanceof Error ? failure.message : String(failure));
  return 1;
}

/** The pid in the manager's lock file, if there is one. */
async function managerPid(): Promise<number | undefined> {
  try {
    const lock: unknown = JSON.parse(await readFile(join(experiments, '.trialdeck', 'manager.json'), 'utf8'));
    return typeof lock === 'object' && lock !== null && 'pid' in lock && typeof lock.pid === 'number'
      ? lock.pid
      : undefined;
  } catch {
    return undefined;
  }
}

/** @param before the manager that ran already: this script must not end it */
async function endOwnManager(before: number | undefined): Promise<void> {
  const now = await managerPid();
  if (now === undefined || now === before) return;
  try {
    process.kill(now, 'SIGTERM');
  } catch {
    // The manager has ended by itself.
  }
}

await buildAll({ production: false });
process.exit(await (headless ? runHeadless() : runInVSCode()));
