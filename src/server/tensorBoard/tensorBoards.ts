/**
 * TensorBoards over the folders of trials, as NNI's `NNITensorboardManager` keeps them (ts/nni_manager/extensions): one process each,
 * which ends with whoever keeps it.
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

/** What NNI's REST sends. */
export interface TaskRecord {
  id: string;
  status: 'DOWNLOADING_DATA' | 'RUNNING' | 'STOPPING' | 'STOPPED' | 'ERROR';
  trialJobIdList: string[];
  trialLogDirectoryList: string[];
  pid?: number;
  /** A text, as NNI has it. */
  port?: string;
  /** Why it is in the state ERROR; not in NNI's. */
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
  /** The last lines it said. */
  said: string;
  /** Resolves once it serves or has failed. */
  settled: Promise<void>;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
}

/** So long, in milliseconds, a start is waited for before the answer says that it is under way; clients give up after 10 s. */
const startPatience = 7000;
/** One that does not serve by then never will. */
const longestStart = 120_000;
/** Until then it has ended by itself, or is killed. */
const endPatience = 3000;
const mostSaid = 8192;

export class TensorBoards {
  #tasks = new Map<string, Task>();
  #over = false;

  list(): TaskRecord[] {
    return [...this.#tasks.values()].map(({ record }) => record);
  }

  /** Throws HttpError 404. */
  get(id: string): TaskRecord {
    return this.#find(id).record;
  }

  /**
   * Starts one over the trials, or gives the one that shows them already. Resolves when it serves, or after some seconds when it
   * needs longer.
   *
   * @param runs how the trials of the experiment are run: their Python is the one whose TensorBoard is used
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
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, startPatience);
    });
    await Promise.race([task.settled, patience]);
    clearTimeout(timer);
    if (task.record.status === 'ERROR')
      throw httpError(500, task.record.message ?? 'TensorBoard could not be started.');
    return task.record;
  }

  /** Looks where the trials write by now. Throws HttpError 404. */
  async refresh(id: string): Promise<TaskRecord> {
    const task = this.#find(id);
    if (task.child) await link(task);
    return task.record;
  }

  /** Ends one; resolves when it has ended. Throws HttpError 404. */
  async stop(id: string): Promise<TaskRecord> {
    const task = this.#find(id);
    await end(task);
    return task.record;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map(end));
  }

  /** Ends all; none is started any more. */
  async dispose(): Promise<void> {
    this.#over = true;
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
      said: '',
      settled: Promise.resolve(),
      ended: Promise.resolve(),
    };
    try {
      await link(task);
    } catch (error) {
      await rm(task.links, { recursive: true, force: true });
      throw error;
    }
    if (this.#over) {
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
    fail(`TensorBoard did not serve within ${longestStart / 1000} s. ${lastWords(task.said)}`);
    void end(task);
  }, longestStart);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      task.said = (task.said + text).slice(-mostSaid);
      const port = /https?:\/\/[^\s:/]+:(\d+)/.exec(task.said)?.[1];
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
      over(`TensorBoard ended (${signal ?? `exit ${code}`}). ${lastWords(task.said)}`),
    );
  });
}

async function end(task: Task): Promise<void> {
  const { child, record } = task;
  if (!child) return;
  if (record.status !== 'ERROR') record.status = 'STOPPING';
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), endPatience);
  await task.ended;
  clearTimeout(timer);
}

function lastWords(said: string): string {
  return said.trim().split('\n').at(-1)?.trim() ?? '';
}
