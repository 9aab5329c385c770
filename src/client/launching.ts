/** Launches experiments: with the embedded manager, or with a real NNI through its `nnictl`. */
import { join, resolve } from 'node:path';
import {
  askedBackend,
  type BackendChoice,
  type BackendSetting,
  chooseBackend,
  chooseRecordedBackend,
} from '../model/experiment/backend.ts';
import type { RunnerAccess } from '../model/experiment/runnerAccess.ts';
import { homeOf } from '../system/homeFolder.ts';
import type { LaunchRequest } from '../wire/routes.ts';
import { readConfigFile } from './configFile.ts';
import type { RequestOptions } from './http.ts';
import { connectLocalManager } from './localManager.ts';
import type { ManagerClient } from './manager.ts';
import { Nnictl } from './nnictl/nnictl.ts';
import { packagedManager } from './nodeProgram.ts';

/** With what an {@link Experiment} launches. */
export interface ExperimentOptions {
  /** Absolute folder of the embedded manager's experiments. Default: `~/nni-experiments`, as in NNI. */
  experimentsDirectory?: string;
  /** Path of an `nnictl`; see {@link Nnictl.find}. */
  nnictl?: string;
  /** A Python interpreter; its `nnictl` is used when none is set. */
  python?: string;
  /** For the started processes, trials included. Default: the environment of this process. */
  environment?: NodeJS.ProcessEnv;
  /** Path of `manager.js`. Default: this package's. */
  managerScript?: string;
}

/** The options of NNI's `start_experiment`, and more. */
export interface StartOptions extends RequestOptions {
  /** Port of the experiment's REST; a free one by default. */
  port?: number;
  debug?: boolean;
  /**
   * Whether the experiment's own port answers programs whose user the machine can't name. Default `TRIALDECK_RUNNER_ACCESS`, else
   * `refuse`. Only for the embedded manager.
   */
  runnerAccess?: RunnerAccess;
  /** Default `auto`: the embedded manager where it can run the config, else NNI. */
  backend?: BackendSetting;
  /** Called with the chosen backend and the reason, before the launch. */
  onBackend?(choice: BackendChoice): void;
}

export type LaunchTarget = { action: 'create'; configFile: string } | { action: 'resume' | 'view'; id: string };

export interface LaunchedExperiment {
  id: string;
  /** Root of its REST on this machine. */
  address: string;
  pid?: number | undefined;
  /** Token of the runner; undefined for an NNI. */
  token?: string | undefined;
}

/** @throws the signal's reason, or the errors that {@link Experiment.startExperiment} names */
export async function launchExperiment(
  target: LaunchTarget,
  place: ExperimentOptions,
  options: StartOptions,
): Promise<LaunchedExperiment> {
  const { signal, port, debug, runnerAccess, backend = 'auto' } = options;
  signal?.throwIfAborted();
  const { environment = process.env } = place;
  const what = target.action === 'create' ? { ...target, configFile: resolve(target.configFile) } : target;
  if (what.action === 'create') {
    const choice = await chooseBackendForConfig(backend, what.configFile);
    options.onBackend?.(choice);
    if (choice.backend === 'nnictl') return launchByNnictl(what, place, options);
  } else if (backend === 'nnictl') {
    options.onBackend?.({ backend, reason: 'NNI was asked for.' });
    return launchByNnictl(what, place, options);
  }
  const manager = await connectLocalManager({
    experimentsDirectory: place.experimentsDirectory ?? join(homeOf(environment), 'nni-experiments'),
    environment,
    managerScript: place.managerScript ?? packagedManager(),
    start: true,
    signal,
  });
  try {
    if (what.action !== 'create') {
      const choice = await chooseBackendForStored(backend, what, manager, signal);
      options.onBackend?.(choice);
      if (choice.backend === 'nnictl') return await launchByNnictl(what, place, options);
    }
    const request: LaunchRequest = { ...what, environment: withoutUndefined(environment) };
    if (port !== undefined) request.port = port;
    if (debug) request.debug = debug;
    if (runnerAccess !== undefined) request.runnerAccess = runnerAccess;
    // Without the signal: the manager starts the experiment even when the request is aborted.
    const launched = await manager.launch(request);
    if (signal?.aborted) {
      await manager.experiment(launched.id).stopExperiment();
      throw signal.reason;
    }
    const { id, pid, token } = launched;
    return { id, address: `http://127.0.0.1:${launched.port}`, pid, token };
  } finally {
    manager.dispose();
  }
}

/** Picks the backend for a config file. An unreadable file goes to the embedded manager, whose errors carry positions. */
export async function chooseBackendForConfig(setting: BackendSetting, configFile: string): Promise<BackendChoice> {
  if (setting !== 'auto') return askedBackend(setting);
  const { config } = await readConfigFile(configFile);
  return config ? chooseBackend(setting, config) : { backend: 'embedded', reason: 'The config has mistakes.' };
}

/**
 * Picks the backend that resumes or views a stored experiment. Viewing never needs NNI.
 *
 * @throws NotFoundError when the manager has no such experiment
 */
export async function chooseBackendForStored(
  setting: BackendSetting,
  { action, id }: { action: 'resume' | 'view'; id: string },
  manager: ManagerClient,
  signal?: AbortSignal,
): Promise<BackendChoice> {
  if (setting !== 'auto') return askedBackend(setting);
  if (action === 'view') return { backend: 'embedded', reason: 'What is stored is opened without NNI.' };
  const { params } = await manager.experiment(id).getExperimentProfile({ signal });
  return chooseRecordedBackend(setting, params);
}

async function launchByNnictl(
  what: LaunchTarget,
  place: ExperimentOptions,
  options: StartOptions,
): Promise<LaunchedExperiment> {
  const { signal, port, debug } = options;
  const { environment, python, nnictl: setting } = place;
  const nnictl = await Nnictl.find({ setting, python, environment, signal });
  const settings = { port, debug, signal };
  const launched =
    what.action === 'create'
      ? await nnictl.create(what.configFile, settings)
      : await nnictl[what.action](what.id, settings);
  const prefix = launched.urlPrefix === undefined ? '' : `/${launched.urlPrefix}`;
  return { id: launched.id, address: `http://127.0.0.1:${launched.port}${prefix}`, pid: launched.pid };
}

function withoutUndefined(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
