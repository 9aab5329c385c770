/** The processes of this machine: which live, when they began, and which belong together. A pid alone says little: systems reuse it. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { errorCode } from './errorCode.ts';

const run = promisify(execFile);

export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  /** A zombie: it has ended, and its parent has not yet waited for it. */
  ended: boolean;
}

/** `ps` writes English in any locale, and UTC in any time zone: a start must read the same after a journey. */
const psOptions = () => ({ env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } });

/** Whether a process with this pid lives, also one of another user. A zombie does not live. */
export function isAlive(pid: number): boolean {
  if (pid === 0) return false; // To `kill` it means the caller's own group.
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
  return readStat(pid)?.ended !== true;
}

/**
 * Whether a living process was started with this argument. Where the system shows no arguments (no `/proc`, or another user's
 * process), the pid decides.
 */
export function hasArgument(pid: number, argument: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
  } catch {
    return true;
  }
}

/**
 * When the process began, as text to store and to compare with {@link isSameProcess}. Undefined when no such process lives.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  const fromProc = processStartOnLinux(pid);
  if (fromProc !== undefined || process.platform === 'linux') return fromProc;
  try {
    if (process.platform === 'win32') {
      const command = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
      const powershell = await run('powershell', ['-NoProfile', '-Command', command], { windowsHide: true });
      return powershell.stdout.trim() || undefined;
    }
    return parsePsStart((await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], psOptions())).stdout);
  } catch {
    return undefined; // ps and Get-Process fail when no such process exists
  }
}

/** {@link processStart} without waiting, where `/proc` allows it; undefined elsewhere. */
export function processStartOnLinux(pid: number): string | undefined {
  const entry = readStat(pid);
  return entry === undefined || entry.ended ? undefined : entry.start;
}

/** Reads what `ps -o stat=,lstart=` prints in UTC: `2026-11-28T10:27:57Z`, undefined for a zombie. */
export function parsePsStart(output: string): string | undefined {
  const [state, ...words] = output.trim().split(/\s+/);
  if (state === undefined || state === '' || state.startsWith('Z')) return undefined;
  const time = Date.parse(`${words.join(' ')} UTC`);
  return Number.isNaN(time) ? words.join(' ') : new Date(time).toISOString().replace('.000Z', 'Z');
}

/** Whether this very process lives. Without a known start the pid alone decides. */
export async function isSameProcess(pid: number, start: string | undefined): Promise<boolean> {
  const now = await processStart(pid);
  return now !== undefined && (start === undefined || isSameStart(start, now));
}

/**
 * Whether two starts that {@link processStart} gave are of one process. Version 0.1.0 stored what `ps` printed in its local time:
 * such a start is the same when a time zone, a multiple of 15 minutes, explains the difference.
 */
export function isSameStart(stored: string, now: string): boolean {
  if (stored === now) return true;
  if (!/^\w{3} \w{3} +\d+ [\d:]{8} \d{4}$/.test(stored)) return false;
  const differenceSeconds = (Date.parse(`${stored} UTC`) - Date.parse(now)) / 1000;
  return differenceSeconds % 900 === 0 && Math.abs(differenceSeconds) <= 26 * 3600;
}

/** All processes the system shows; empty where it shows none (no `/proc` and no `ps`, Windows). */
export async function readProcesses(): Promise<ProcessEntry[]> {
  if (process.platform === 'win32') return [];
  const entries = process.platform === 'linux' ? readAllOfProc() : [];
  if (entries.length > 0) return entries;
  try {
    return parsePsTable((await run('ps', ['-axo', 'pid=,ppid=,pgid=,stat='], psOptions())).stdout);
  } catch {
    return [];
  }
}

/** Reads what `ps -axo pid=,ppid=,pgid=,stat=` prints. */
export function parsePsTable(output: string): ProcessEntry[] {
  return output.split('\n').flatMap((line) => {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    if (pid === undefined || state === undefined) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), ended: state.startsWith('Z') }];
  });
}

/** The living descendants of some processes, and those processes themselves when they live. */
export function withDescendants(roots: Iterable<number>, entries: readonly ProcessEntry[]): number[] {
  const children = new Map<number, number[]>();
  const living = new Set<number>();
  for (const entry of entries) {
    if (entry.ended) continue;
    living.add(entry.pid);
    const siblings = children.get(entry.parent);
    if (siblings) siblings.push(entry.pid);
    else children.set(entry.parent, [entry.pid]);
  }
  const found = new Set(roots);
  // A Set visits also what is added during the loop.
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found].filter((pid) => living.has(pid) && pid !== process.pid);
}

/**
 * The living processes of a trial: its process group, all descendants of its leader, and, on Linux, every process that still has
 * the trial's environment. The last finds children that made a session of their own and whose parents have ended. Where the system
 * shows no processes, the living group as one: its negative id.
 */
export async function treeOf(leader: number, environment: Readonly<Record<string, string>>): Promise<number[]> {
  const entries = await readProcesses();
  if (entries.length === 0) return process.platform !== 'win32' && leader > 0 && isAlive(-leader) ? [-leader] : [];
  const roots = entries.filter(
    ({ pid, group, ended }) =>
      !ended && pid !== process.pid && (pid === leader || group === leader || hasVariables(pid, environment)),
  );
  return withDescendants(
    roots.map(({ pid }) => pid),
    entries,
  );
}

/** Sends a signal to each; one that has ended does not matter. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended, or belongs to another user.
    }
  }
}

function readAllOfProc(): ProcessEntry[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  } catch {
    return [];
  }
}

function readStat(pid: number): (ProcessEntry & { start: string }) | undefined {
  if (process.platform !== 'linux') return undefined;
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets and may itself contain brackets and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    ended: fields[0] === 'Z' || fields[0] === 'X',
    start: `${fields[19]}@${thisBoot()}`,
  };
}

let bootId: string | undefined;

/** Start times on Linux count from boot, so two boots may give the same one. */
function thisBoot(): string {
  try {
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    bootId = '';
  }
  return bootId;
}

function hasVariables(pid: number, environment: Readonly<Record<string, string>>): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return Object.entries(environment).every(([name, value]) => variables.includes(`${name}=${value}`));
  } catch {
    return false; // another user's process, or one that has just ended
  }
}
