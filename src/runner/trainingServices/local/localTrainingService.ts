/** Trials as processes of this machine, as NNI's local service runs them (`ts/nni_manager/training_service/local_v3`). */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LocalServiceConfig } from '../../../model/config/config.ts';
import { messageOf } from '../../../model/text/messageOf.ts';
import type { Logger } from '../../../server/log.ts';
import { endTree } from '../../../system/endTree.ts';
import { isSameProcess, processStart, processStartOnLinux, treeOf } from '../../../system/processTable.ts';
import { type Watch, watchFolder } from '../../../system/watchFolder.ts';
import { MetricReader } from '../../channels/metricReader.ts';
import { deferred } from '../../deferred.ts';
import type { TrainingService, TrainingServiceEvents, TrialEnd, TrialHandle, TrialSpec } from '../trainingService.ts';
import { GpuScheduler } from './gpuScheduler.ts';
import { shellExit, trialCommandLine, trialEnvironment } from './trialCommand.ts';
import { TrialFolder } from './trialFolder.ts';

export interface LocalServiceOptions {
  experimentId: string;
  /** The experiment's own folder, absolute. */
  experimentDirectory: string;
  config: LocalServiceConfig;
  /** What the trials inherit; the runner's environment by default. */
  environment?: NodeJS.ProcessEnv;
  /** Variables the chosen `nni` package needs. The first trial waits for them. */
  sdkEnvironment: Promise<Readonly<Record<string, string>>>;
  events: TrainingServiceEvents;
  log: Logger;
  /** Milliseconds between SIGINT and SIGKILL; 5000 as in NNI. */
  stopGrace?: number;
}

interface LocalTrial {
  id: string;
  folder: TrialFolder;
  handle: TrialHandle;
  reader: MetricReader;
  /** Absent for an adopted trial, whose end is seen in its state file. */
  child?: ChildProcess;
  watch?: Watch;
  ending?: Promise<void>;
  stopping?: Promise<void>;
}

/** How often an adopted trial's process is looked for: the system tells only a parent of its end. */
const livenessInterval = 1000;

export class LocalTrainingService implements TrainingService {
  #options: LocalServiceOptions;
  #gpus: GpuScheduler;
  #trials = new Map<string, LocalTrial>();
  /** Refuses the start of a trial that has no process yet. */
  #starting = new Map<string, (reason: Error) => void>();
  #disposed = false;

  constructor(options: LocalServiceOptions) {
    this.#options = options;
    this.#gpus = new GpuScheduler(options.config, () => options.events.roomChanged?.());
    // Whoever starts a trial hears of a failure; until then it must not count as unhandled.
    options.sdkEnvironment.catch(() => undefined);
  }

  async prepare(): Promise<void> {
    this.#checkCodeDirectory();
    await this.#gpus.prepare();
  }

  async start(spec: TrialSpec): Promise<TrialHandle> {
    const { config, events, experimentDirectory, experimentId } = this.#options;
    const sdk = await this.#untilStopped(spec.id, this.#options.sdkEnvironment);
    if (this.#disposed) throw new Error('The runner is stopping.');
    const folder = new TrialFolder(experimentDirectory, spec.id);
    const gpus = this.#gpus.take(spec.id);
    try {
      folder.prepare(spec.record);
      const command = trialCommandLine(config.trialCommand);
      const child = this.#spawn(command, folder, {
        inherited: this.#options.environment ?? process.env,
        sdk,
        experimentId,
        trialId: spec.id,
        trialNumber: spec.number,
        trialDirectory: folder.path,
        codeDirectory: config.trialCodeDirectory,
        gpus,
      });
      const startTime = Date.now();
      const { pid } = child;
      if (pid === undefined) throw await this.#spawnError(child, command.file);
      const handle: TrialHandle = { trialId: spec.id, metricsOffset: 0, pid };
      const pidStart = process.platform === 'linux' ? processStartOnLinux(pid) : await processStart(pid);
      if (pidStart !== undefined) handle.pidStart = pidStart;
      if (gpus) handle.gpus = gpus;
      const trial: LocalTrial = { id: spec.id, folder, handle, reader: this.#reader(spec.id, folder, 0), child };
      this.#trials.set(spec.id, trial);
      child.once('exit', (code, signal) => this.#end(trial, () => exitOf(trial, code, signal)));
      child.once('error', () => undefined); // a failed kill; a failed spawn has no pid
      // A process that ended before this line was reached still gets its exit event in a later turn.
      events.started(spec.id, handle, startTime);
      await this.#read(trial);
      if (child.exitCode !== null || child.signalCode !== null) {
        this.#end(trial, () => exitOf(trial, child.exitCode, child.signalCode));
      }
      return handle;
    } catch (error) {
      this.#gpus.release(spec.id);
      throw error;
    }
  }

  /** A trial of which nothing can be read, for want of file handles for instance, must not run on unseen. */
  async #read(trial: LocalTrial): Promise<void> {
    try {
      trial.reader.start();
    } catch (error) {
      this.#trials.delete(trial.id);
      trial.reader.dispose();
      await this.#stopTree(trial);
      throw error;
    }
  }

  async stop(trialId: string): Promise<void> {
    this.#starting.get(trialId)?.(new Error('It was stopped before it had started.'));
    const trial = this.#trials.get(trialId);
    if (!trial) return;
    trial.stopping ??= this.#stopTree(trial);
    await trial.stopping;
    this.#end(trial, () => exitOf(trial, null, null));
    await trial.ending;
  }

  async adopt(handle: TrialHandle): Promise<void> {
    const folder = new TrialFolder(this.#options.experimentDirectory, handle.trialId);
    const trial: LocalTrial = {
      id: handle.trialId,
      folder,
      handle,
      reader: this.#reader(handle.trialId, folder, handle.metricsOffset),
    };
    this.#trials.set(trial.id, trial);
    if (Array.isArray(handle.gpus)) this.#gpus.keep(trial.id, handle.gpus.map(Number));
    if (existsSync(folder.metrics)) {
      try {
        await this.#read(trial);
      } catch (error) {
        this.#gpus.release(trial.id);
        throw error;
      }
    }
    const concerns = (name: string) => name === 'state';
    const options = { concerns, pollIntervalMs: livenessInterval };
    trial.watch = watchFolder(dirname(folder.state), () => void this.#lookAfter(trial), options);
    await this.#lookAfter(trial);
  }

  async find(trialId: string): Promise<TrialHandle | undefined> {
    const folder = new TrialFolder(this.#options.experimentDirectory, trialId);
    if (!existsSync(folder.metrics)) return undefined;
    const handle: TrialHandle = { trialId, metricsOffset: 0 };
    if (folder.readState() !== undefined) return handle;
    const [leader] = await treeOf(-1, { NNI_SYS_DIR: folder.path, NNI_TRIAL_JOB_ID: trialId });
    if (leader === undefined) return undefined;
    const pidStart = await processStart(leader);
    return pidStart === undefined ? undefined : { ...handle, pid: leader, pidStart };
  }

  hasRoom(): boolean {
    return this.#gpus.hasRoom();
  }

  trialDirectory(trialId: string): string {
    return new TrialFolder(this.#options.experimentDirectory, trialId).path;
  }

  trialErrors(trialId: string): string {
    return new TrialFolder(this.#options.experimentDirectory, trialId).readErrors();
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#gpus.dispose();
    for (const trial of this.#trials.values()) {
      trial.watch?.dispose();
      trial.reader.dispose();
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

  #checkCodeDirectory(): void {
    const folder = this.#options.config.trialCodeDirectory;
    const found = statSync(folder, { throwIfNoEntry: false });
    if (!found) throw new Error(`trialCodeDirectory does not exist: ${folder}`);
    if (!found.isDirectory()) throw new Error(`trialCodeDirectory is no folder: ${folder}`);
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
    this.#checkCodeDirectory(); // its absence is reported as if the shell were missing
    if (error.code === 'ENOENT') return new Error(`${file} is needed to run trials and does not exist.`);
    return new Error(`The trial could not be started: ${error.message}`);
  }

  #reader(trialId: string, folder: TrialFolder, offset: number): MetricReader {
    const { events, log } = this.#options;
    return new MetricReader(
      folder.metrics,
      offset,
      {
        metrics: (metrics, end) => events.metrics(trialId, metrics, end),
        garbage: (reason, end) => events.garbage(trialId, reason, end),
      },
      log,
    );
  }

  async #stopTree(trial: LocalTrial): Promise<void> {
    const { pid, pidStart } = trial.handle;
    if (pid === undefined) return;
    const tree = { leader: pid, environment: { NNI_SYS_DIR: trial.folder.path, NNI_TRIAL_JOB_ID: trial.id } };
    await endTree(pidStart === undefined ? tree : { ...tree, leaderStart: pidStart }, this.#options.stopGrace ?? 5000);
  }

  /** Whether an adopted trial still runs. */
  async #lookAfter(trial: LocalTrial): Promise<void> {
    if (trial.ending || trial.child) return;
    const { pid, pidStart } = trial.handle;
    const alive = pid !== undefined && (await isSameProcess(pid, pidStart));
    if (trial.folder.readState() !== undefined || !alive) this.#end(trial, () => exitOf(trial, null, null));
  }

  /** Runs once per trial: the rest of a stop, the rest of the metrics, then the end. */
  #end(trial: LocalTrial, exit: () => TrialEnd): void {
    trial.ending ??= (async () => {
      const end = exit();
      trial.watch?.dispose();
      // A wrapper that was itself killed leaves its command behind; one that is being stopped may leave others.
      if (trial.folder.readState() === undefined && !trial.stopping) trial.stopping = this.#stopTree(trial);
      await trial.stopping;
      if (!this.#trials.has(trial.id)) return; // disposed meanwhile
      try {
        await trial.reader.finish();
      } catch (error) {
        const reason = messageOf(error);
        this.#options.log.error(`The last metrics of trial ${trial.id} can't be read: ${reason}`);
      }
      if (!this.#trials.delete(trial.id)) return;
      this.#gpus.release(trial.id);
      this.#options.events.ended(trial.id, end);
    })();
  }
}

/** What became of a trial. Its own word, the state file, comes before what the system says of its wrapper. */
function exitOf(trial: LocalTrial, code: number | null, signal: NodeJS.Signals | null): TrialEnd {
  const state = trial.folder.readState();
  if (state) return { ...shellExit(state.code), endTime: state.endTime };
  const endTime = Date.now();
  if (signal !== null) return { signal, endTime };
  if (code !== null) return { ...shellExit(code), endTime };
  return { endTime };
}
