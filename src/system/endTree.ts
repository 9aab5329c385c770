/** Ends a trial's process tree. NNI signals only the shell, so that its children run on. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Clock, systemClock } from './clock.ts';
import { isSameProcess, isSameStart, processStart, signalAll, treeOf } from './processTable.ts';

const run = promisify(execFile);

export interface ProcessTree {
  /** The process group's leader. */
  leader: number;
  /** When it began, as `processStart` gives it. */
  leaderStart?: string;
  /** Variables that only this trial's processes have. */
  environment: Readonly<Record<string, string>>;
}

const firstPauseMs = 5;
const maxPauseMs = 100;
/** SIGKILL is repeated, as a process may fork while another is killed. */
const maxKills = 100;
const killPauseMs = 20;

/**
 * Sends SIGINT to all, so that a trial can save what it has; SIGTERM to those that outlive the leader (a shell starts background
 * jobs with SIGINT ignored); SIGKILL to the rest after `graceMs`. Resolves when none is left, or when the rest cannot be killed (a
 * process in an uninterruptible wait). Does nothing when the leader has ended and left nothing.
 */
export async function endTree(tree: ProcessTree, graceMs: number, clock: Clock = systemClock): Promise<void> {
  if (process.platform === 'win32') return endTreeOnWindows(tree);
  signalAll(await livingOf(tree), 'SIGINT');
  const deadline = clock.elapsedMs() + graceMs;
  let isTerminated = false;
  // The system reports the end of own children only, so the tree is read again and again.
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
    const left = await livingOf(tree);
    if (left.length === 0) return;
    const leftMs = deadline - clock.elapsedMs();
    if (leftMs <= 0) break;
    if (!isTerminated && !left.includes(tree.leader) && !left.includes(-tree.leader)) {
      signalAll(left, 'SIGTERM');
      isTerminated = true;
    }
    await clock.delay(Math.max(1, Math.min(pauseMs, leftMs)));
  }
  for (let kill = 0; kill < maxKills; kill++) {
    const left = await livingOf(tree);
    if (left.length === 0) return;
    signalAll(left, 'SIGKILL');
    await clock.delay(killPauseMs);
  }
}

async function livingOf({ leader, leaderStart, environment }: ProcessTree): Promise<number[]> {
  // A reused pid must not lead to another program's processes. The system gives no group id to others while it has members.
  const start = leaderStart === undefined ? undefined : await processStart(leader);
  const isReused = start !== undefined && leaderStart !== undefined && !isSameStart(leaderStart, start);
  return treeOf(isReused ? -1 : leader, environment);
}

async function endTreeOnWindows(tree: ProcessTree): Promise<void> {
  if (!(await isSameProcess(tree.leader, tree.leaderStart))) return;
  try {
    await run('taskkill', ['/pid', String(tree.leader), '/T', '/F'], { windowsHide: true });
  } catch {
    // It has ended meanwhile.
  }
}
