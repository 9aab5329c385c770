/**
 * The node of the pipe service: a process that runs the trials that are ordered over its standard input. It has a
 * number of slots, queues trials beyond them, and ends with all its trials when its input ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endFile, type FromAgent, reportsFile, type ToAgent } from './messages.ts';

type Order = Extract<ToAgent, { ask: 'start' }>;

const slots = Number(process.argv[2]);
const trialFile = fileURLToPath(new URL('./trial.ts', import.meta.url));
const running = new Map<string, ChildProcess>();
const stopping = new Set<string>();
const queue: Order[] = [];

function tell(message: FromAgent): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function start(order: Order): void {
  const { id, attempt, folder, program } = order;
  mkdirSync(folder, { recursive: true });
  const output = (name: string) => openSync(join(folder, name), 'a');
  const child = spawn(process.execPath, [trialFile, JSON.stringify(program)], {
    detached: true,
    stdio: ['pipe', output('stdout'), output('stderr'), 'pipe'],
  });
  running.set(id, child);
  const reports = child.stdio[3];
  if (!child.pid || !reports || !('read' in reports)) throw new Error('A trial could not be started.');
  createInterface({ input: reports }).on('line', (line) => {
    appendFileSync(join(folder, reportsFile(attempt)), `${line}\n`);
    tell({ tell: 'reported', id, attempt });
  });
  tell({ tell: 'running', id, attempt, pid: child.pid });
  // Its children hold its pipes open.
  child.once('exit', () => child.pid && killGroup(child.pid));
  child.once('close', (exitCode, signal) => {
    running.delete(id);
    const end = { endTime: Date.now(), ...(exitCode === null ? { signal } : { exitCode }) };
    writeFileSync(join(folder, endFile(attempt)), JSON.stringify(end));
    tell({ tell: 'ended', id, attempt });
    startNext();
  });
}

function startNext(): void {
  while (running.size < slots) {
    const order = queue.shift();
    if (!order) return;
    if (!stopping.has(order.id)) {
      start(order);
      continue;
    }
    // The stop that was kept is carried out at the trial's turn.
    mkdirSync(order.folder, { recursive: true });
    const end = { endTime: Date.now(), signal: 'SIGTERM' };
    writeFileSync(join(order.folder, endFile(order.attempt)), JSON.stringify(end));
    tell({ tell: 'ended', id: order.id, attempt: order.attempt });
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It left nothing behind.
  }
}

function obey(message: ToAgent): void {
  if (message.ask === 'start') {
    queue.push(message);
    if (running.size < slots) startNext();
    else tell({ tell: 'queued', id: message.id, reason: `waits for one of ${slots} slots` });
    return;
  }
  const child = running.get(message.id);
  if (child?.pid) killGroup(child.pid);
  else if (queue.some(({ id }) => id === message.id)) {
    stopping.add(message.id);
    tell({ tell: 'kept', id: message.id, reason: 'the agent lets go of a queued trial only at its turn' });
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => obey(JSON.parse(line) as ToAgent));
input.on('close', () => {
  for (const { pid } of running.values()) if (pid) killGroup(pid);
  process.exit(0);
});
