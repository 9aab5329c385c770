/** Peers by Linux's tables of connections, `/proc/net/tcp` and `/proc/net/tcp6` (proc_net_tcp.txt of the kernel). */
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { Ipv4Ends, Peer, Peers } from './peer.ts';

/** States of the kernel's `include/net/tcp_states.h`. */
const established = '01';
const listening = '0A';
/** A table is not read at one moment: a row may be left out while others come and go. */
const attempts = 3;

export class ProcPeers implements Peers {
  #uid: number;
  #read: () => Promise<string>;
  #running: Promise<string> | undefined;
  #next: Promise<string> | undefined;

  /**
   * @param uid of this process
   * @param read gives the tables' text; a test has its own
   */
  constructor(uid: number, read: () => Promise<string> = readTables) {
    this.#uid = uid;
    this.#read = read;
  }

  /** Never rejects. */
  async find(ends: Ipv4Ends): Promise<Peer> {
    try {
      for (let attempt = 1; ; attempt++) {
        const tables = await this.#tables();
        const row = rowOf(tables, ends.remote, ends.local);
        if (row) return await this.#judge(row);
        // A table without the port that we listen at is not one of our network.
        if (!isListed(tables, ends.local.port)) return 'unknown';
        if (attempt === attempts) return 'other';
      }
    } catch {
      return 'unknown';
    }
  }

  async #judge({ state, uid, inode }: Row): Promise<Peer> {
    // A peer that sends its request and closes shows uid 0 and inode 0.
    if (state !== established || inode === 0) return 'other';
    if (uid === 0) return 'own';
    if (uid !== this.#uid) return 'other';
    return (await isUnmapped(uid)) ? 'unknown' : 'own';
  }

  /** The tables as they are after this call. A table takes milliseconds to read: calls meanwhile share the next reading. */
  #tables(): Promise<string> {
    if (!this.#running) return this.#start();
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<string> {
    this.#next = undefined;
    const reading = this.#read();
    this.#running = reading;
    const done = () => {
      if (this.#running === reading) this.#running = undefined;
    };
    reading.then(done, done);
    return reading;
  }
}

interface Row {
  state: string;
  uid: number;
  inode: number;
}

/** Of the network namespace of this process. */
async function readTables(): Promise<string> {
  const [tcp, tcp6] = await Promise.all([
    readFile('/proc/self/net/tcp', 'latin1'),
    // A system without IPv6 has none.
    readFile('/proc/self/net/tcp6', 'latin1').catch(() => ''),
  ]);
  return tcp + tcp6;
}

function rowOf(tables: string, from: Ipv4Ends['local'], to: Ipv4Ends['local']): Row | undefined {
  const [plainFrom, plainTo] = [hexEnd(from), hexEnd(to)];
  for (const prefix of ['', mappedPrefix]) {
    const key = ` ${prefix}${plainFrom} ${prefix}${plainTo} `;
    const at = tables.indexOf(key);
    if (at < 0) continue;
    // st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    const end = tables.indexOf('\n', at);
    const [state = '', , , , uid, , inode] = tables.slice(at + key.length, end < 0 ? undefined : end).split(/ +/);
    return { state, uid: Number(uid), inode: Number(inode) };
  }
  return undefined;
}

function isListed(tables: string, port: number): boolean {
  return new RegExp(`:${hexPort(port)} (?:0{8}|0{32}):0000 ${listening} `).test(tables);
}

/** `127.0.0.1:8080` → `0100007F:1F90`: the address as a number of this machine, the port as it is said. */
function hexEnd({ address, port }: Ipv4Ends['local']): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  if (endianness() === 'LE') bytes.reverse();
  return `${bytes.join('').toUpperCase()}:${hexPort(port)}`;
}

/** In front of an IPv4 address that a program reaches over an IPv6 socket: `::ffff:`, in four numbers of this machine. */
const mappedPrefix = `${'0'.repeat(16)}${endianness() === 'LE' ? 'FFFF0000' : '0000FFFF'}`;

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Whether the uid may stand for users that this user namespace does not know (user_namespaces(7)). */
async function isUnmapped(uid: number): Promise<boolean> {
  const overflow = Number(await readFile('/proc/sys/kernel/overflowuid', 'latin1'));
  if (uid !== overflow) return false;
  const [first = '', ...more] = (await readFile('/proc/self/uid_map', 'latin1')).trim().split('\n');
  return more.length > 0 || !/^\s*0\s+0\s+4294967295$/.test(first);
}
