/** Launches one and the same experiment on our runner and on the real NNI. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ExperimentConfig } from '../../../src/model/config.ts';
import type { ManifestEntry } from '../../../src/model/experiment.ts';
import type { RealNni } from '../../harness/realNni.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
export const wireFixtures = join(project, 'test', 'fixtures', 'wire');

/** A home folder of its own, so that nobody's experiments are touched. */
export class Home {
  readonly path: string;
  readonly experiments: string;

  private constructor(path: string) {
    this.path = path;
    this.experiments = join(path, 'nni-experiments');
  }

  static async make(): Promise<Home> {
    const home = new Home(await mkdtemp(join(tmpdir(), 'trialdeck-wire-')));
    await mkdir(home.experiments);
    return home;
  }

  /** The environment for everything started here: this home, no settings of a trial or of Python. `python` comes first on the path. */
  environment(python?: string): Record<string, string> {
    const kept = Object.entries(process.env).filter(([name]) => !/^(NNI_|PYTHON)/.test(name));
    const path = python ? `${dirname(python)}:${process.env.PATH}` : (process.env.PATH ?? '');
    return { ...Object.fromEntries(kept), HOME: this.path, PATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  }

  async manifest(): Promise<Record<string, ManifestEntry>> {
    return JSON.parse(await readFile(join(this.experiments, '.experiment'), 'utf8'));
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export interface Running {
  id: string;
  port: number;
  pid: number;
  home: Home;
  /** Resolves when the process is gone. */
  ended: Promise<void>;
  /** Ends what still runs and removes the home folder. */
  dispose(): Promise<void>;
}

/** A config as a person writes it, with what the tests here use. */
export type WireConfig = Pick<
  ExperimentConfig,
  | 'experimentName'
  | 'searchSpace'
  | 'trialCommand'
  | 'trialCodeDirectory'
  | 'trialConcurrency'
  | 'maxTrialNumber'
  | 'maxExperimentDuration'
  | 'tuner'
>;

export interface Backend {
  name: string;
  ours: boolean;
  /** Whose `nni` the trials import. */
  sdk: 'bundled' | 'installed';
  launch(config: WireConfig): Promise<Running>;
}

/** Our runner; the trials' `python3` is the given one, which has the real `nni`, or else the machine's. */
export function ourBackend(nni?: RealNni): Backend {
  return {
    name: `our runner, ${nni ? 'installed' : 'bundled'} nni`,
    ours: true,
    sdk: nni ? 'installed' : 'bundled',
    async launch(config) {
      const home = await Home.make();
      const id = `wire${Math.random().toString(36).slice(2, 6)}`;
      return launchRunner(home, id, canonical(config, home), nni?.python);
    },
  };
}

/** What NNI makes of a config of the kind used here: defaults filled in, the training service with its copies. */
export function canonical(config: WireConfig, home: Home): ExperimentConfig {
  const { trialCommand, trialCodeDirectory } = config;
  return {
    experimentType: 'hpo',
    useAnnotation: false,
    debug: false,
    logLevel: 'info',
    experimentWorkingDirectory: home.experiments,
    ...config,
    trainingService: {
      platform: 'local',
      trialCommand,
      trialCodeDirectory,
      debug: false,
      maxTrialNumberPerGpu: 1,
      reuseMode: false,
    },
  };
}

async function launchRunner(
  home: Home,
  id: string,
  config: ExperimentConfig,
  python: string | undefined,
): Promise<Running> {
  const args = [
    '--experiments-directory',
    home.experiments,
    '--experiment-id',
    id,
    '--action',
    'create',
    '--port',
    '0',
  ];
  const child = fork(join(project, 'dist', 'runner.js'), args, {
    env: home.environment(python),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  const ended = once(child, 'exit').then(() => undefined);
  child.send({ type: 'launch', config });
  const ready = once(child, 'message').then(([message]) => message as { type: string; port: number; pid: number });
  const first = await Promise.race([ready, ended]);
  if (first?.type !== 'ready')
    throw new Error(`The runner did not start: ${JSON.stringify(first)} ${Buffer.concat(output)}`);
  return {
    id,
    port: first.port,
    pid: first.pid,
    home,
    ended,
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
      await home.remove();
    },
  };
}

/** The real NNI 3.0, launched by its nnictl. */
export function realBackend(nni: RealNni): Backend {
  return {
    name: 'NNI 3.0',
    ours: false,
    sdk: 'installed',
    async launch(config) {
      const home = await Home.make();
      const file = join(home.path, 'config.json');
      await writeFile(file, JSON.stringify({ ...config, trainingService: { platform: 'local' } }));
      const env = home.environment(nni.python);
      const port = await freePort();
      await execa(nni.nnictl, ['create', '--config', file, '--port', String(port)], { env, extendEnv: false });
      const [id, entry] = Object.entries(await home.manifest())[0] ?? [];
      const pid = entry?.pid;
      if (id === undefined || pid === undefined) throw new Error('nnictl left no manifest entry');
      const ended = untilGone(pid);
      return {
        id,
        port,
        pid,
        home,
        ended,
        async dispose() {
          if (isAlive(pid)) process.kill(pid, 'SIGTERM');
          await ended;
          await home.remove();
        },
      };
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** NNI's manager is nobody's child here, so its end can only be looked for. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 100));
}
