/** Runs a program to its end. Cancelling ends the program and everything it has started. */
import { readProcesses, signalAll, withDescendants } from './processTable.ts';

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
  // Load it with the first program: most windows start none.
  const { execa } = await import('execa');
  signal?.throwIfAborted();
  const child = execa(path, args, {
    env: environment,
    extendEnv: false,
    reject: false,
    all: true,
    encoding: 'utf8',
    // A group of its own, so that one signal ends the whole group.
    detached: process.platform !== 'win32',
    // Programs that it has started keep its streams open for as long as they run.
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
 * Ends a program and everything it has started, also what has left its group, as NNI's manager does. The program is halted first, so that
 * it starts nothing more. Its children are then asked to end, and end their trials with them.
 */
async function endTree(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    const { execa } = await import('execa');
    await execa('taskkill', ['/pid', String(pid), '/t', '/f'], { reject: false });
    return;
  }
  signalAll([pid], 'SIGSTOP');
  const started = withDescendants([pid], await readProcesses()).filter((each) => each !== pid);
  signalAll(started, 'SIGTERM');
  signalAll([-pid], 'SIGKILL');
}
