/** Runs a program to its end, which comes in time: with all it has started, when it is cancelled. */
import { readdir, readFile } from 'node:fs/promises';

export interface ProgramOptions {
  environment: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Milliseconds. */
  deadline: number;
  input?: string;
}

export interface ProgramResult {
  /** Undefined when a signal ended it, or it could not be started. */
  code: number | undefined;
  /** Both streams as they came, decoded as UTF-8. */
  output: string;
  timedOut: boolean;
}

/**
 * Never through a shell.
 *
 * @throws the signal's reason when it aborts, once the program is gone
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const { environment, signal, deadline, input } = options;
  // Loaded with the first program: most windows start none.
  const { execa } = await import('execa');
  signal?.throwIfAborted();
  const child = execa(path, args, {
    env: environment,
    extendEnv: false,
    reject: false,
    all: true,
    encoding: 'utf8',
    // A group of its own, to be ended as one.
    detached: process.platform !== 'win32',
    // What it has started keeps its streams open for as long as it runs.
    buffer: true,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });
  let timedOut = false;
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= endTree(child.pid);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, deadline);
  signal?.addEventListener('abort', end);
  try {
    const result = await child;
    await ending;
    if (ending && !timedOut) signal?.throwIfAborted();
    const output = result.all ?? '';
    const failure = result.exitCode === undefined && !ending && output === '' ? (result.shortMessage ?? '') : '';
    return { code: result.exitCode, output: output + failure, timedOut };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/**
 * Ends a program and what it has started, also what has left its group, as NNI's manager does. It is halted first, so that it starts
 * nothing more meanwhile. What it has started is asked to end, and ends its trials with it.
 */
async function endTree(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    const { execa } = await import('execa');
    await execa('taskkill', ['/pid', String(pid), '/t', '/f'], { reject: false });
    return;
  }
  send(pid, 'SIGSTOP');
  const started = descendants(pid, await processes());
  for (const each of started) send(each, 'SIGTERM');
  send(-pid, 'SIGKILL');
}

/** Pid and parent of every process. */
async function processes(): Promise<[pid: number, parent: number][]> {
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    // The second field is the program's name in brackets and may itself contain brackets and spaces.
    const parents = stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    return pids.map((pid, index) => [Number(pid), parents[index] ?? 0]);
  }
  const { execa } = await import('execa');
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid='], { reject: false });
  return (stdout ?? '').split('\n').map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return [pid, parent];
  });
}

function descendants(pid: number, table: readonly [pid: number, parent: number][]): number[] {
  const found: number[] = [];
  const parents = [pid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const [child, of] of table) {
      if (of !== parent || found.includes(child)) continue;
      found.push(child);
      parents.push(child);
    }
  }
  return found;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
