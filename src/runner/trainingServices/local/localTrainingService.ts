/** Runs trials as processes of this machine, as NNI's local service does (`ts/nni_manager/training_service/local_v3`). */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LocalServiceConfig } from '../../../model/config/config.ts';
import { filesInFolder, type TrialFiles } from '../../../server/sources/trialFiles.ts';
import { endTree } from '../../../system/endTree.ts';
import { isSameProcess, processStart, processStartOnLinux, treeOf } from '../../../system/processTable.ts';
import { type Watch, watchFolder } from '../../../system/watchFolder.ts';
import type { TrialLaunch } from '../../channels/channel.ts';
import { deferred } from '../../deferred.ts';
import type { Trial } from '../../trials/trial.ts';
import type {
  Handle,
  Room,
  StopOutcome,
  TrainingService,
  TrainingServiceEvents,
  TrialEnd,
} from '../trainingService.ts';
import { GpuScheduler } from './gpuScheduler.ts';
import { type LocalHandle, readLocalHandle } from './localHandle.ts';
import { shellExit, trialCommandLine, trialEnvironment } from './trialCommand.ts';
import { localEnvironmentId, TrialFolder } from './trialFolder.ts';

export interface LocalServiceOptions {
  experimentId: string;
  /** The experiment's own folder, absolute. */
  experimentDirectory: string;
  config: LocalServiceConfig;
  /** The environment that trials inherit; the runner's by default. */
  environment?: NodeJS.ProcessEnv;
  /** Variables the chosen `nni` package needs. The first trial waits for them. */
  sdkEnvironment: Promise<Readonly<Record<string, string>>>;
  events: TrainingServiceEvents;
  /** Time between SIGINT and SIGKILL; 5000 as in NNI. */
  stopGraceMs?: number;
}

interface LocalTrial {
  id: string;
  folder: TrialFolder;
  handle: LocalHandle;
  /** Absent for an adopted trial, whose end is seen in its state file. */
  child?: ChildProcess;
  watch?: Watch;
  ending?: Promise<void>;
  stopping?: Promise<void>;
}

/** An adopted trial's process is checked this often: the system reports an end to a parent only. */
const livenessIntervalMs = 1000;

export class LocalTrainingService implements TrainingService {
  readonly environmentId = localEnvironmentId;
  #options: LocalServiceOptions;
  #gpus: GpuScheduler;
  #trials = new Map<string, LocalTrial>();
  /** Rejects the submission of a trial that has no process yet. */
  #starting = new Map<string, (reason: Error) => void>();
  #disposed = false;

  constructor(options: LocalServiceOptions) {
    this.#options = options;
    this.#gpus = new GpuScheduler(options.config, () => options.events.roomChanged());
    // Each submission reports a failure. Until then it must not count as unhandled.
    options.sdkEnvironment.catch(() => undefined);
  }

  async prepare(): Promise<void> {
    this.#checkCodeDirectory();
    await this.#gpus.prepare();
  }

  room(): Room {
    const trials = this.#gpus.places();
    if (trials === 0) return { free: false, reason: 'waits for a free GPU' };
    return Number.isFinite(trials) ? { free: true, trials } : { free: true };
  }

  async submit(trial: Trial, launch: (attempt: number) => Promise<TrialLaunch>): Promise<Handle> {
    const { config, experimentDirectory, experimentId } = this.#options;
    // At once: another trial may be submitted before this one has started.
    const gpus = this.#gpus.take(trial.id);
    try {
      const [sdk, { environment, files }] = await this.#untilStopped(
        trial.id,
        Promise.all([this.#options.sdkEnvironment, launch(1)]),
      );
      if (this.#disposed) throw new Error('The runner is stopping.');
      const folder = new TrialFolder(experimentDirectory, trial.id);
      folder.prepare(files);
      const command = trialCommandLine(config.trialCommand);
      const child = this.#spawn(command, folder, {
        inherited: this.#options.environment ?? process.env,
        sdk,
        channel: environment,
        experimentId,
        trialId: trial.id,
        trialNumber: trial.number,
        trialDirectory: folder.path,
        codeDirectory: config.trialCodeDirectory,
        gpus,
      });
      const startTime = Date.now();
      const { pid } = child;
      if (pid === undefined) throw await this.#spawnError(child, command.file);
      const local: LocalTrial = { id: trial.id, folder, handle: { pid, ...(gpus ? { gpus } : {}) }, child };
      this.#trials.set(trial.id, local);
      child.once('exit', (code, signal) => this.#end(local, () => exitOf(local, code, signal)));
      child.once('error', () => undefined); // A kill that failed. A spawn that failed has no pid.
      const pidStart = process.platform === 'linux' ? processStartOnLinux(pid) : await processStart(pid);
      if (pidStart !== undefined) local.handle.pidStart = pidStart;
      this.#tellRunning(local, startTime);
      return local.handle;
    } catch (error) {
      this.#gpus.release(trial.id);
      throw error;
    }
  }

  async stop(trialId: string): Promise<StopOutcome> {
    this.#starting.get(trialId)?.(new Error('It was stopped before it had started.'));
    const trial = this.#trials.get(trialId);
    if (trial) {
      trial.stopping ??= this.#stopTree(trial);
      await trial.stopping;
      this.#end(trial, () => exitOf(trial, null, null));
      await trial.ending;
    }
    return { outcome: 'ended' };
  }

  async adopt({ id }: Trial, stored: Handle | undefined): Promise<void> {
    const folder = new TrialFolder(this.#options.experimentDirectory, id);
    const handle = readLocalHandle(stored ?? (await this.find(id)));
    const trial: LocalTrial = { id, folder, handle };
    this.#trials.set(id, trial);
    if (handle.gpus) this.#gpus.keep(id, handle.gpus);
    const concerns = (name: string) => name === 'state';
    const options = { concerns, pollIntervalMs: livenessIntervalMs };
    trial.watch = watchFolder(dirname(folder.state), () => void this.#checkAdopted(trial), options);
    await this.#checkAdopted(trial);
    if (!trial.ending) this.#tellRunning(trial, folder.startTime ?? Date.now());
  }

  async find(trialId: string): Promise<Handle | undefined> {
    const folder = new TrialFolder(this.#options.experimentDirectory, trialId);
    if (!folder.exists) return undefined;
    if (folder.readState() !== undefined) return {};
    const [leader] = await treeOf(-1, ownEnvironment(folder, trialId));
    if (leader === undefined) return undefined;
    const pidStart = await processStart(leader);
    return pidStart === undefined ? undefined : { pid: leader, pidStart };
  }

  location(trialId: string): string {
    return new TrialFolder(this.#options.experimentDirectory, trialId).path;
  }

  files(trialId: string): TrialFiles {
    return filesInFolder({ folder: this.location(trialId), within: this.#options.experimentDirectory });
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#gpus.dispose();
    for (const trial of this.#trials.values()) {
      trial.watch?.dispose();
      trial.child?.removeAllListeners();
      trial.child?.unref();
    }
    this.#trials.clear();
  }

  async #untilStopped<T>(trialId: string, promise: Promise<T>): Promise<T> {
    const stopped = deferred<never>();
    this.#starting.set(trialId, stopped.reject);
    try {
      return await Promise.race([promise, stopped.promise]);
    } finally {
      this.#starting.delete(trialId);
    }
  }

  #tellRunning({ id, handle }: LocalTrial, startTime: number): void {
    const engineName = handle.pid === undefined ? {} : { engineName: `process ${handle.pid}` };
    this.#options.events.changed(id, { state: 'running', startTime, attempt: 1, handle, ...engineName });
  }

  #checkCodeDirectory(): void {
    const folder = this.#options.config.trialCodeDirectory;
    const found = statSync(folder, { throwIfNoEntry: false });
    if (!found) throw new Error(`trialCodeDirectory does not exist: ${folder}`);
    if (!found.isDirectory()) throw new Error(`trialCodeDirectory is not a folder: ${folder}`);
  }

  #spawn(
    command: ReturnType<typeof trialCommandLine>,
    folder: TrialFolder,
    environment: Parameters<typeof trialEnvironment>[0],
  ): ChildProcess {
    const stdout = openSync(folder.stdout, 'a');
    try {
      const stderr = openSync(folder.stderr, 'a');
      try {
        return spawn(command.file, command.args, {
          cwd: this.#options.config.trialCodeDirectory,
          env: trialEnvironment(environment),
          stdio: ['ignore', stdout, stderr],
          // A session and process group of its own: it outlives the runner, and all of it can be signalled.
          detached: true,
          windowsHide: true,
          windowsVerbatimArguments: true,
        });
      } finally {
        closeSync(stderr);
      }
    } finally {
      closeSync(stdout);
    }
  }

  async #spawnError(child: ChildProcess, file: string): Promise<Error> {
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.once('error', resolve));
    this.#checkCodeDirectory(); // Node reports a missing working folder as if the shell were missing.
    if (error.code === 'ENOENT') return new Error(`${file} is needed to run trials and does not exist.`);
    return new Error(`The trial could not be started: ${error.message}`);
  }

  async #stopTree(trial: LocalTrial): Promise<void> {
    const { pid, pidStart } = trial.handle;
    if (pid === undefined) return;
    const tree = { leader: pid, environment: ownEnvironment(trial.folder, trial.id) };
    await endTree(
      pidStart === undefined ? tree : { ...tree, leaderStart: pidStart },
      this.#options.stopGraceMs ?? 5000,
    );
  }

  /** Ends an adopted trial that has no process any more. */
  async #checkAdopted(trial: LocalTrial): Promise<void> {
    if (trial.ending) return;
    const { pid, pidStart } = trial.handle;
    const isAlive = pid !== undefined && (await isSameProcess(pid, pidStart));
    if (trial.folder.readState() !== undefined || !isAlive) this.#end(trial, () => exitOf(trial, null, null));
  }

  /** Completes a stop, then tells the end. It runs once per trial. */
  #end(trial: LocalTrial, exit: () => TrialEnd): void {
    trial.ending ??= (async () => {
      const end = exit();
      trial.watch?.dispose();
      // A wrapper that was itself killed leaves its command behind. One that is being stopped may leave other processes.
      if (trial.folder.readState() === undefined && !trial.stopping) trial.stopping = this.#stopTree(trial);
      await trial.stopping;
      if (!this.#trials.delete(trial.id)) return; // disposed meanwhile
      this.#gpus.release(trial.id);
      this.#options.events.changed(trial.id, { state: 'ended', end });
    })();
  }
}

/** Variables that only this trial's processes have. */
function ownEnvironment(folder: TrialFolder, trialId: string): Readonly<Record<string, string>> {
  return { NNI_OUTPUT_DIR: folder.path, NNI_TRIAL_JOB_ID: trialId };
}

/** Tells how a trial ended. Its state file comes before what the system says of its wrapper. */
function exitOf(trial: LocalTrial, code: number | null, signal: NodeJS.Signals | null): TrialEnd {
  const state = trial.folder.readState();
  if (state) return { ...shellExit(state.code), endTime: state.endTime };
  const endTime = Date.now();
  if (signal !== null) return { signal, endTime };
  if (code !== null) return { ...shellExit(code), endTime };
  return { endTime };
}
