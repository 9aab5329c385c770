/** Runs jobs side by side, each in its own process, and reports how each ended. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { projectRoot } from '../../scripts/folders.ts';
import type { LevelResult } from './levels.ts';

export interface Job {
  level: string;
  /** The displayed name, usually a file of the project. */
  name: string;
  /** Decides the order: the longest jobs start first, so that none is left over at the end. */
  expectedSeconds: number;
  /** Jobs of one lane never run at the same time. */
  lane?: string;
  run(): Promise<JobOutput>;
}

export interface JobOutput {
  result: LevelResult;
  /** The job's whole output. */
  output: string;
}

export interface EndedJob extends JobOutput {
  job: Job;
  seconds: number;
}

/** How many jobs run at the same time: TRIALDECK_TEST_JOBS, else one per core, at most four. */
export function defaultSlots(): number {
  const wanted = Number(process.env.TRIALDECK_TEST_JOBS);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : Math.min(4, availableParallelism());
}

/**
 * Runs all jobs, the longest first, and at most `slots` at a time.
 * @param onEnd is called as each ends
 */
export async function runJobs(
  jobs: readonly Job[],
  slots: number,
  onEnd: (ended: EndedJob) => void,
): Promise<EndedJob[]> {
  const waiting = [...jobs].sort((a, b) => b.expectedSeconds - a.expectedSeconds);
  const busyLanes = new Set<string>();
  const ended: EndedJob[] = [];
  const running = new Set<Promise<void>>();

  async function run(job: Job): Promise<void> {
    const started = performance.now();
    const { result, output } = await job.run();
    const end = { job, result, output, seconds: (performance.now() - started) / 1000 };
    ended.push(end);
    onEnd(end);
  }

  while (waiting.length > 0 || running.size > 0) {
    while (running.size < slots) {
      const index = waiting.findIndex(({ lane }) => lane === undefined || !busyLanes.has(lane));
      const [job] = index < 0 ? [] : waiting.splice(index, 1);
      if (!job) break;
      if (job.lane !== undefined) busyLanes.add(job.lane);
      const promise: Promise<void> = run(job).finally(() => {
        running.delete(promise);
        if (job.lane !== undefined) busyLanes.delete(job.lane);
      });
      running.add(promise);
    }
    await Promise.race(running);
  }
  return ended;
}

/** Programs that run now. They lead process groups of their own, which Ctrl-C does not reach. */
const running = new Set<number>();
process.once('SIGINT', () => {
  for (const pid of running) killGroup(pid);
  process.exit(130);
});

/** Runs a Node script in a process group of its own and ends the group when the time is over. */
export function runNode(
  args: string[],
  options: { timeoutSeconds: number; environment?: Record<string, string> },
): Promise<{ code: number | null; output: string; timedOut: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: projectRoot,
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    let output = '';
    let timedOut = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    const timer = setTimeout(() => {
      timedOut = true;
      if (pid !== undefined) killGroup(pid);
    }, options.timeoutSeconds * 1000);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    // A process that the test left behind may hold the pipes open, so wait for `exit`, not `close`.
    child.once('exit', (code) => {
      clearTimeout(timer);
      if (pid !== undefined) running.delete(pid);
      setImmediate(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, output, timedOut });
      });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process has ended meanwhile.
  }
}
