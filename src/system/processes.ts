/** Which process is which, and which belong together. A pid alone says little: systems use them again. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  /** A zombie: ended, only not yet waited for. */
  ended: boolean;
  start: string;
}

let bootId: string | undefined;

/** Start times on Linux count from boot, so two boots may give the same one. */
function thisBoot(): string {
  if (bootId === undefined) {
    try {
      bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      bootId = '';
    }
  }
  return bootId;
}

function readEntry(pid: number): ProcessEntry | undefined {
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

/**
 * When the process with this pid began, as text that is equal for the same process only; undefined when there is none (a
 * zombie counts as none).
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return processStartOnLinux(pid);
  try {
    if (process.platform === 'win32') {
      const command = `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`;
      return (await run('powershell', ['-NoProfile', '-Command', command])).stdout.trim() || undefined;
    }
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } });
    const [state, ...start] = stdout.trim().split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : start.join(' ');
  } catch {
    return undefined; // ps and Get-Process fail when there is no such process
  }
}

/** {@link processStart} without waiting, on the one system that allows it; undefined elsewhere. */
export function processStartOnLinux(pid: number): string | undefined {
  const entry = readEntry(pid);
  return entry === undefined || entry.ended ? undefined : entry.start;
}

/** Whether this very process lives. Without a known start the pid alone decides. */
export async function isSameProcess(pid: number, start: string | undefined): Promise<boolean> {
  const now = await processStart(pid);
  return now !== undefined && (start === undefined || start === now);
}

/**
 * The living processes of a trial: the process group, all descendants of its leader, and, on Linux, whoever still carries
 * the trial's environment: that finds children that made a session of their own and whose parents have ended.
 */
export async function treeOf(leader: number, environment: Readonly<Record<string, string>>): Promise<number[]> {
  const entries = process.platform === 'linux' ? readAllOnLinux() : await readAllWithPs();
  const found = new Set<number>();
  for (const entry of entries) {
    if (entry.ended || entry.pid === process.pid) continue;
    if (entry.pid === leader || entry.group === leader || carries(entry.pid, environment)) found.add(entry.pid);
  }
  const children = new Map<number, number[]>();
  for (const entry of entries) {
    if (entry.ended) continue;
    const siblings = children.get(entry.parent);
    if (siblings) siblings.push(entry.pid);
    else children.set(entry.parent, [entry.pid]);
  }
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child); // a Set visits what is added
  found.delete(process.pid);
  return [...found];
}

function readAllOnLinux(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const entry = Number.isInteger(pid) ? readEntry(pid) : undefined;
    if (entry) entries.push(entry);
  }
  return entries;
}

async function readAllWithPs(): Promise<ProcessEntry[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=,stat='], { env: { LC_ALL: 'C' } });
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    if (pid === undefined || state === undefined) return [];
    const ended = state.startsWith('Z');
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), ended, start: '' }];
  });
}

function carries(pid: number, environment: Readonly<Record<string, string>>): boolean {
  if (process.platform !== 'linux') return false;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return false; // another user's process, or just ended
  }
  const variables = text.split('\0');
  return Object.entries(environment).every(([name, value]) => variables.includes(`${name}=${value}`));
}

/** Sends a signal to each; those that are gone already don't matter. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // gone, or never ours to signal
    }
  }
}
