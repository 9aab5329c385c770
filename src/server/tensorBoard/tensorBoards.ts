/**
 * TensorBoards over the folders of trials, as NNI's `NNITensorboardManager` has them (ts/nni_manager/extensions): one process each,
 * which ends with its owner.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpError } from '../security/httpError.ts';
import { type ConfinedFolder, realFolder } from '../storage/confinedFile.ts';
import { logFolderOf } from './logFolder.ts';
import { findTensorBoard, NoTensorBoardError, type Program } from './program.ts';

/** A TensorBoard as NNI's REST sends it. */
export interface TaskRecord {
  id: string;
  status: 'DOWNLOADING_DATA' | 'RUNNING' | 'STOPPING' | 'STOPPED' | 'ERROR';
  trialJobIdList: string[];
  trialLogDirectoryList: string[];
  pid?: number;
  /** A string, as in NNI. */
  port?: string;
  /** The reason of the state ERROR; NNI sends none. */
  message?: string;
}

/** A trial, its folder, and the experiment's folder that its folder must lie in. */
export interface WantedTrial extends ConfinedFolder {
  id: string;
  /** The run's name in TensorBoard. */
  name: string;
}

interface Task {
  record: TaskRecord;
  trials: readonly WantedTrial[];
  /** Links to the trials' folders, under the names that TensorBoard shows. */
  links: string;
  child: ChildProcess | undefined;
  /** The end of its output. */
  output: string;
  /** Resolves once it serves or has failed. */
  settled: Promise<void>;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
}

/** After which the answer says that the start is under way; clients give up after 10 s. */
const answerTimeoutMs = 7000;
/** A TensorBoard that does not serve by then never will. */
const startTimeoutMs = 120_000;
/** From SIGTERM to SIGKILL. */
const endTimeoutMs = 3000;
const maxOutputChars = 8192;

export class TensorBoards {
  #tasks = new Map<string, Task>();
  #disposed = false;

  list(): TaskRecord[] {
    return [...this.#tasks.values()].map(({ record }) => record);
  }

  /** Throws HttpError 404. */
  get(id: string): TaskRecord {
    return this.#find(id).record;
  }

  /**
   * Starts a TensorBoard over the trials, or finds the one that shows them already. Resolves when it serves, or after some seconds
   * when it needs longer.
   *
   * @param runs how the experiment's trials run: the TensorBoard of their Python is used
   * @throws HttpError 400 where there is no TensorBoard to start, 500 with its last words where it ended at once
   */
  async start(trials: readonly WantedTrial[], runs: Parameters<typeof findTensorBoard>[0]): Promise<TaskRecord> {
    const ids = trials.map(({ id }) => id);
    const same = [...this.#tasks.values()].find(
      ({ record }) =>
        record.trialJobIdList.join() === ids.join() && ['RUNNING', 'DOWNLOADING_DATA'].includes(record.status),
    );
    const task = same ?? (await this.#start(trials, ids, runs));
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, answerTimeoutMs);
    });
    await Promise.race([task.settled, timeout]);
    clearTimeout(timer);
    if (task.record.status === 'ERROR')
      throw httpError(500, task.record.message ?? 'TensorBoard could not be started.');
    return task.record;
  }

  /** Looks again where the trials write. Throws HttpError 404, or 409 as {@link link}. */
  async refresh(id: string): Promise<TaskRecord> {
    const task = this.#find(id);
    if (task.child) await link(task);
    return task.record;
  }

  /** Resolves when the TensorBoard has ended. Throws HttpError 404. */
  async stop(id: string): Promise<TaskRecord> {
    const task = this.#find(id);
    await end(task);
    return task.record;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(end));
  }

  /** Ends all TensorBoards, and refuses to start others. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.stopAll();
  }

  #find(id: string): Task {
    const task = this.#tasks.get(id);
    if (!task) throw httpError(404, `There is no TensorBoard task ${id}.`);
    return task;
  }

  async #start(
    trials: readonly WantedTrial[],
    ids: string[],
    runs: Parameters<typeof findTensorBoard>[0],
  ): Promise<Task> {
    const program = await findTensorBoard(runs).catch((error: unknown) => {
      throw error instanceof NoTensorBoardError ? httpError(400, error.message) : error;
    });
    const id = randomBytes(4).toString('hex');
    const task: Task = {
      record: { id, status: 'DOWNLOADING_DATA', trialJobIdList: ids, trialLogDirectoryList: [] },
      trials,
      links: await mkdtemp(join(tmpdir(), 'trialdeck-tensorboard-')),
      child: undefined,
      output: '',
      settled: Promise.resolve(),
      ended: Promise.resolve(),
    };
    try {
      await link(task);
    } catch (error) {
      await rm(task.links, { recursive: true, force: true });
      throw error;
    }
    if (this.#disposed) {
      await rm(task.links, { recursive: true, force: true });
      throw httpError(409, 'The experiment has changed hands; try again.');
    }
    this.#tasks.set(id, task);
    run(task, program);
    return task;
  }
}

/**
 * Makes the links anew. TensorBoard follows them, and any character may be in a path.
 *
 * @throws HttpError 409 where a trial's folder is a link out of its experiment
 */
async function link(task: Task): Promise<void> {
  const folders: string[] = [];
  for (const trial of task.trials) {
    const { name } = trial;
    await checkFolder(trial);
    const folder = await logFolderOf(trial.folder);
    folders.push(folder);
    await mkdir(task.links, { recursive: true });
    const path = join(task.links, name);
    await rm(path, { force: true });
    await symlink(folder, path, 'junction');
  }
  task.record.trialLogDirectoryList = folders;
}

/** A trial that has not begun has no folder yet. */
async function checkFolder(trial: WantedTrial): Promise<void> {
  const isThere = await lstat(trial.folder).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await realFolder(trial).catch(() => {
    throw httpError(409, `The folder of trial ${trial.id} leads out of the experiment's folder.`);
  });
}

function run(task: Task, { argv, cwd, env }: Program): void {
  const { record } = task;
  const [program, ...args] = argv;
  const child = spawn(program, [...args, '--logdir', task.links, '--host', '127.0.0.1', '--port', '0'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  task.child = child;
  if (child.pid !== undefined) record.pid = child.pid;
  let settle = () => {};
  task.settled = new Promise((resolve) => {
    settle = resolve;
  });
  const fail = (message: string) => {
    if (record.status !== 'STOPPING' && record.status !== 'STOPPED') {
      record.status = 'ERROR';
      record.message = message;
    }
    settle();
  };
  const slow = setTimeout(() => {
    fail(`TensorBoard did not serve within ${startTimeoutMs / 1000} s. ${lastLine(task.output)}`);
    void end(task);
  }, startTimeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      task.output = (task.output + text).slice(-maxOutputChars);
      const port = /https?:\/\/[^\s:/]+:(\d+)/.exec(task.output)?.[1];
      if (port === undefined || record.status !== 'DOWNLOADING_DATA') return;
      clearTimeout(slow);
      record.port = port;
      record.status = 'RUNNING';
      settle();
    });
  }
  task.ended = new Promise((resolve) => {
    const over = (message: string) => {
      clearTimeout(slow);
      task.child = undefined;
      delete record.pid;
      delete record.port;
      fail(message);
      if (record.status === 'STOPPING') record.status = 'STOPPED';
      void rm(task.links, { recursive: true, force: true }).finally(resolve);
    };
    child.once('error', (error) => over(`TensorBoard can't be started: ${error.message}`));
    child.once('close', (code, signal) =>
      over(`TensorBoard ended (${signal ?? `exit ${code}`}). ${lastLine(task.output)}`),
    );
  });
}

async function end(task: Task): Promise<void> {
  const { child, record } = task;
  if (!child) return;
  if (record.status !== 'ERROR') record.status = 'STOPPING';
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
  await task.ended;
  clearTimeout(timer);
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
