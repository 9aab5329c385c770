/** Ends a trial's process tree. NNI signals only the shell, so that whatever the shell had started ran on. */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isSameProcess, signalAll, treeOf } from './processes.ts';

const run = promisify(execFile);

export interface ProcessTree {
  /** The process group's leader. */
  leader: number;
  leaderStart?: string;
  /** Variables that only this trial's processes have. */
  environment: Readonly<Record<string, string>>;
}

/**
 * SIGINT to all, so that a trial can save what it has; SIGTERM to those that outlive the leader (a shell starts background
 * jobs with SIGINT ignored); SIGKILL to what is left after `grace` milliseconds. Resolves when none is left.
 * Does nothing when the leader has ended and left nothing.
 */
export async function endTree(tree: ProcessTree, grace: number): Promise<void> {
  if (process.platform === 'win32') return endTreeOnWindows(tree);
  const living = () => livingOf(tree);
  signalAll(await living(), 'SIGINT');
  const deadline = Date.now() + grace;
  let terminated = false;
  // Nobody tells when a process ends that is not one's own child, so it is looked after while a stop is under way.
  for (let wait = 5; ; wait = Math.min(wait * 2, 100)) {
    const left = await living();
    if (left.length === 0) return;
    if (Date.now() >= deadline) break;
    if (!terminated && !left.includes(tree.leader)) {
      signalAll(left, 'SIGTERM');
      terminated = true;
    }
    await delay(Math.max(1, Math.min(wait, deadline - Date.now())));
  }
  // Again and again, as one may fork while another is killed. A process in an uninterruptible wait can't be helped.
  for (let attempt = 0; attempt < 100; attempt++) {
    const left = await living();
    if (left.length === 0) return;
    signalAll(left, 'SIGKILL');
    await delay(20);
  }
}

async function livingOf(tree: ProcessTree): Promise<number[]> {
  // A pid used again must not lead to somebody else's processes. A group's id is not given out while it has members.
  const reused = tree.leaderStart !== undefined && (await startedAnew(tree.leader, tree.leaderStart));
  return treeOf(reused ? -1 : tree.leader, tree.environment);
}

async function startedAnew(pid: number, start: string): Promise<boolean> {
  return (await isSameProcess(pid, undefined)) && !(await isSameProcess(pid, start));
}

async function endTreeOnWindows(tree: ProcessTree): Promise<void> {
  if (!(await isSameProcess(tree.leader, tree.leaderStart))) return;
  try {
    await run('taskkill', ['/pid', String(tree.leader), '/T', '/F']);
  } catch {
    // it ended by itself meanwhile
  }
}
