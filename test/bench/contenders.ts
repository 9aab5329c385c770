/** The contenders: launch the same experiment from a command line, with Trialdeck and with NNI. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { managerLockPath } from '../../src/wire/routes.ts';
import type { ManagerLock } from '../../src/wire/schemas/manager.ts';
import { freePort } from '../harness/home.ts';
import { launchWithNnictl, type RealNni } from '../harness/realNni.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
export const trials = join(project, 'test', 'bench', 'trials');

export interface Started {
  id: string;
  port: number;
  pid: number;
}

export interface Contender {
  name: string;
  /** Runs the command line that launches; resolves when it has returned. */
  create(configFile: string): Promise<Started>;
  stop(id: string): Promise<void>;
  /** Ends every started process. */
  dispose(): Promise<void>;
  /** The front door, where there is one. */
  manager?(): Promise<ManagerLock>;
}

/** An environment with a home of its own, without settings of NNI, Python or npm, and with the given Python first on the path. */
function environment(home: string, python: string | undefined): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(NNI_|PYTHON|npm_)/.test(name));
  const path = python ? `${dirname(python)}:${process.env.PATH}` : (process.env.PATH ?? '');
  return { ...Object.fromEntries(kept), HOME: home, PATH: path };
}

/** Trialdeck; the trials' python3 is the one of `nni` where given, else the machine's. */
export function trialdeck(name: string, home: string, nni?: RealNni): Contender {
  const experiments = join(home, 'nni-experiments');
  const env = environment(home, nni?.python);
  const lockFile = join(experiments, ...managerLockPath);
  const cli = async (...args: string[]) => {
    const all = [join(project, 'dist', 'cli.js'), ...args, '--experiments-dir', experiments, '--json'];
    const { stdout } = await execa(process.execPath, all, { env, extendEnv: false });
    return stdout.trim() === '' ? undefined : (JSON.parse(stdout) as unknown);
  };
  const manager = async () => JSON.parse(await readFile(lockFile, 'utf8')) as ManagerLock;
  return {
    name,
    async create(configFile) {
      await mkdir(experiments, { recursive: true });
      return (await cli('create', '--config', configFile)) as Started;
    },
    async stop(id) {
      await cli('stop', id);
    },
    manager,
    async dispose() {
      const lock = await manager().catch(() => undefined);
      await cli('stop', '--all').catch(() => undefined);
      if (lock) process.kill(lock.pid, 'SIGTERM');
    },
  };
}

/** The real NNI with its nnictl. */
export function realNni(name: string, home: string, nni: RealNni): Contender {
  const env = environment(home, nni.python);
  return {
    name,
    async create(configFile) {
      const port = await freePort();
      await launchWithNnictl(nni, ['create', '--config', configFile, '--port', String(port)], env);
      const manifest = JSON.parse(await readFile(join(home, 'nni-experiments', '.experiment'), 'utf8')) as Record<
        string,
        Started
      >;
      const started = Object.values(manifest).find((entry) => entry.port === port);
      if (!started) throw new Error('nnictl left no manifest entry');
      return started;
    },
    async stop(id) {
      await execa(nni.nnictl, ['stop', id], { env, extendEnv: false });
    },
    async dispose() {
      await execa(nni.nnictl, ['stop', '--all'], { env, extendEnv: false, reject: false });
    },
  };
}

/** Writes a config for a bench trial and gives its path. */
export async function writeConfig(folder: string, name: string, config: Record<string, unknown>): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  const common = {
    experimentName: `bench ${name}`,
    searchSpace: { x: { _type: 'uniform', _value: [0, 1] } },
    trialCodeDirectory: trials,
    trialConcurrency: 2,
    // TPE would do as well, but with it the real NNI rarely gets this far (it hands parameters to the wrong trial).
    tuner: { name: 'Random' },
    trainingService: { platform: 'local' },
  };
  await writeFile(file, JSON.stringify({ ...common, ...config }, undefined, 2));
  return file;
}
