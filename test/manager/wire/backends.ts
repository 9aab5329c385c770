/** Launches one and the same experiment on our runner and on the real NNI. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExperimentConfig } from '../../../src/model/config.ts';
import { signalAll } from '../../../src/runner/trainingServices/processes.ts';
import { bundles } from '../../harness/bundles.ts';
import { freePort, Home, untilGone } from '../../harness/home.ts';
import { launchWithNnictl, type RealNni } from '../../harness/realNni.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
export const wireFixtures = join(project, 'test', 'fixtures', 'wire');

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
  const child = fork((await bundles()).runner, args, {
    env: home.environment(python),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  const ended = once(child, 'exit').then(() => undefined);
  child.send({ type: 'launch', config: JSON.stringify(config) });
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
      await launchWithNnictl(nni, ['create', '--config', file, '--port', String(port)], env);
      const [id, entry] = Object.entries(await home.manifest())[0] ?? [];
      const pid = entry?.pid;
      if (id === undefined || pid === undefined) throw new Error('nnictl left no manifest entry');
      // From now until a test ends it.
      const ended = untilGone(pid, Number.POSITIVE_INFINITY);
      return {
        id,
        port,
        pid,
        home,
        ended,
        async dispose() {
          signalAll([pid], 'SIGTERM');
          await ended;
          await home.remove();
        },
      };
    },
  };
}
