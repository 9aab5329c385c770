/** Launches the same experiment on our runner and on the real NNI. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { signalAll } from '../../../src/system/processTable.ts';
import { experimentRoot } from '../../../src/wire/routes.ts';
import type { Launched } from '../../../src/wire/schemas/manager.ts';
import { bundles } from '../../harness/bundles.ts';
import { freePort, Home, untilGone } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { launchWithNnictl, type RealNni } from '../../harness/realNni.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
export const wireFixtures = join(project, 'test', 'fixtures', 'wire');

export interface Running {
  id: string;
  /** Of the runner, or of NNI's manager. */
  port: number;
  pid: number;
  /** Below it are NNI's routes. */
  root: string;
  /** To go with each request. */
  headers: Record<string, string>;
  home: Home;
  /** Resolves when the process is gone. */
  ended: Promise<void>;
  /** Ends the process. */
  end(): Promise<void>;
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
  /** Whether what is stopped is still answered for, at the same address. */
  answersForStopped: boolean;
  launch(config: WireConfig): Promise<Running>;
  /** Opens what has ended once more, in the same home: to go on, or to be looked at only. */
  reopen(stopped: Running, action: 'resume' | 'view'): Promise<Running>;
}

/** Our runner; the trials' `python3` is the given one, which has the real `nni`, or else the machine's. */
export function ourBackend(nni?: RealNni): Backend {
  return {
    name: `our runner, ${nni ? 'installed' : 'bundled'} nni`,
    ours: true,
    sdk: nni ? 'installed' : 'bundled',
    answersForStopped: false,
    async launch(config) {
      const home = await Home.make();
      const id = `wire${Math.random().toString(36).slice(2, 6)}`;
      return startRunner(home, id, nni?.python, { action: 'create', config: canonical(config, home) });
    },
    reopen: ({ home, id }, action) => startRunner(home, id, nni?.python, { action }),
  };
}

/** The same behind our manager: by proxy while the runner lives, from the database when none does. */
export function managerBackend(): Backend {
  let manager: ManagerProcess;
  const running = (home: Home, { id, port, pid }: Launched): Running => {
    const ended = untilGone(pid, Number.POSITIVE_INFINITY);
    return {
      id,
      port,
      pid,
      root: manager.address + experimentRoot(id),
      headers: { Authorization: `Bearer ${manager.token}` },
      home,
      ended,
      async end() {
        signalAll([pid], 'SIGTERM');
        await ended;
      },
      async dispose() {
        await manager.stop();
        await home.dispose();
        await ended;
      },
    };
  };
  return {
    name: 'our manager',
    ours: true,
    sdk: 'bundled',
    answersForStopped: true,
    async launch(config) {
      const home = await Home.make();
      manager = await ManagerProcess.start(home);
      const written = { ...config, trainingService: { platform: 'local' } };
      return running(home, await manager.launch({ action: 'create', config: written, baseDirectory: home.path }));
    },
    async reopen(stopped, action) {
      // It opens by itself.
      if (action === 'view') return { ...stopped, end: async () => {} };
      return running(stopped.home, await manager.launch({ action, id: stopped.id }));
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

async function startRunner(
  home: Home,
  id: string,
  python: string | undefined,
  { action, config }: { action: 'create' | 'resume' | 'view'; config?: ExperimentConfig },
): Promise<Running> {
  const args = ['--experiments-directory', home.experiments, '--experiment-id', id, '--action', action, '--port', '0'];
  const child = fork((await bundles()).runner, args, {
    env: home.environment(python),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  const ended = once(child, 'exit').then(() => undefined);
  child.send({ type: 'launch', ...(config && { config: JSON.stringify(config) }) });
  const ready = once(child, 'message').then(([message]) => message as { type: string; port: number; pid: number });
  const first = await Promise.race([ready, ended]);
  if (first?.type !== 'ready')
    throw new Error(`The runner did not start: ${JSON.stringify(first)} ${Buffer.concat(output)}`);
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  return {
    id,
    port: first.port,
    pid: first.pid,
    root: `http://127.0.0.1:${first.port}`,
    headers: {},
    home,
    ended,
    end,
    async dispose() {
      await end();
      await home.remove();
    },
  };
}

/** The real NNI 3.0, launched by its nnictl. */
export function realBackend(nni: RealNni): Backend {
  const start = async (home: Home, ...args: string[]): Promise<Running> => {
    const port = await freePort();
    await launchWithNnictl(nni, [...args, '--port', String(port)], home.environment(nni.python));
    const [id, entry] = Object.entries(await home.manifest())[0] ?? [];
    const pid = entry?.pid;
    if (id === undefined || pid === undefined) throw new Error('nnictl left no manifest entry');
    // From now until a test ends it.
    const ended = untilGone(pid, Number.POSITIVE_INFINITY);
    const end = async () => {
      signalAll([pid], 'SIGTERM');
      await ended;
    };
    return {
      id,
      port,
      pid,
      root: `http://127.0.0.1:${port}`,
      headers: {},
      home,
      ended,
      end,
      async dispose() {
        await end();
        // NNI ends the shell of a trial, and leaves what that had started.
        await home.dispose();
      },
    };
  };
  return {
    name: 'NNI 3.0',
    ours: false,
    sdk: 'installed',
    answersForStopped: false,
    async launch(config) {
      const home = await Home.make();
      const file = join(home.path, 'config.json');
      await writeFile(file, JSON.stringify({ ...config, trainingService: { platform: 'local' } }));
      return start(home, 'create', '--config', file);
    },
    reopen: ({ home, id }, action) => start(home, action, id),
  };
}
