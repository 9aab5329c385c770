/** Peers by macOS's `netstat`, which names the process of each connection, and `ps`, which names its user. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ipv4Ends, Peer, Peers } from './peer.ts';

const run = promisify(execFile);
const timeoutMs = 5000;
const maxOutputBytes = 16 * 1024 * 1024;

/** What the two programs print. */
export interface NetstatPrograms {
  /** `netstat -anv -p tcp` */
  connections(): Promise<string>;
  /** `ps -o uid= -p PID`; rejects when there is no such process. */
  user(pid: number): Promise<string>;
}

const programs: NetstatPrograms = {
  connections: async () => (await print('/usr/sbin/netstat', ['-anv', '-p', 'tcp'])).stdout,
  user: async (pid) => (await print('/bin/ps', ['-o', 'uid=', '-p', String(pid)])).stdout,
};

function print(program: string, args: string[]): Promise<{ stdout: string }> {
  return run(program, args, { timeout: timeoutMs, maxBuffer: maxOutputBytes, env: { LC_ALL: 'C' } });
}

export class NetstatPeers implements Peers {
  #uid: number;
  #programs: NetstatPrograms;

  /**
   * @param uid of this process
   * @param ask a test has programs of its own
   */
  constructor(uid: number, ask: NetstatPrograms = programs) {
    this.#uid = uid;
    this.#programs = ask;
  }

  /** Never rejects. */
  async find({ local, remote }: Ipv4Ends): Promise<Peer> {
    let text: string;
    try {
      text = await this.#programs.connections();
    } catch {
      return 'unknown';
    }
    const lines = text.split('\n');
    const title = lines.find((line) => line.startsWith('Proto')) ?? '';
    const rows = lines.flatMap((line) => rowOf(line, title) ?? []);
    const [from, to] = [`${remote.address}.${remote.port}`, `${local.address}.${local.port}`];
    const row = rows.find((each) => each.local === from && each.foreign === to);
    if (!row) return rows.some((each) => each.local === to && each.state === 'LISTEN') ? 'other' : 'unknown';
    if (row.pid === undefined) return 'unknown';
    if (row.state !== 'ESTABLISHED' || row.pid === 0) return 'other';
    try {
      const uid = (await this.#programs.user(row.pid)).trim();
      return uid === String(this.#uid) || uid === '0' ? 'own' : 'other';
    } catch {
      // The process has ended.
      return 'other';
    }
  }
}

interface Row {
  local: string;
  foreign: string;
  state: string;
  /** Undefined where the table has no such column. */
  pid: number | undefined;
}

/**
 * A row is `tcp4 0 0 127.0.0.1.8080 127.0.0.1.51234 ESTABLISHED` and then columns that differ between releases. The process is in the
 * column `pid`, or in `process:pid` behind its name, which may have spaces in it.
 */
function rowOf(line: string, title: string): Row | undefined {
  const [proto = '', , , local = '', foreign = '', state = '', ...rest] = line.trim().split(/\s+/);
  if (!/^tcp(4|6|46)?$/.test(proto) || state === '') return undefined;
  const names = title
    .replace(/^.*\(state\)/, '')
    .trim()
    .split(/\s+/);
  let pid: string | undefined;
  if (names.includes('pid')) pid = rest[names.indexOf('pid')];
  else if (names.includes('process:pid')) pid = /:(\d+)(?=\s|$)/.exec(rest.join(' '))?.[1];
  return { local, foreign, state, pid: pid !== undefined && /^\d+$/.test(pid) ? Number(pid) : undefined };
}
