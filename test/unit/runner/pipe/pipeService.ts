/**
 * A training service that shares no code with the local one: trials are started by a process of its own (`agent.ts`), reached
 * over a pipe, and die with it. A trial whose agent was lost runs once more, as on a cluster.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ChannelEvents, Position, TrialChannel, TrialLaunch } from '../../../../src/runner/channels/channel.ts';
import type {
  Handle,
  Room,
  StopOutcome,
  TrainingService,
  TrainingServiceEvents,
  TrialEnd,
} from '../../../../src/runner/trainingServices/trainingService.ts';
import type { Trial } from '../../../../src/runner/trials/trial.ts';
import type { TrialFiles } from '../../../../src/server/sources/trialFiles.ts';
import { StorageError } from '../../../../src/server/storage/storageError.ts';
import type { Step } from '../trialProgram.ts';
import { endFile, type FromAgent, reportsFile, type SpooledMetric, type ToAgent } from './messages.ts';

const agentFile = fileURLToPath(new URL('./agent.ts', import.meta.url));
const maxAttempts = 2;

/** The pipe to an agent, which is started at first use and again when it was lost. */
export class Pipe {
  agent: ChildProcess | undefined;
  #slots: number;
  #listeners: ((message: FromAgent) => void)[] = [];
  #lost: (() => void) | undefined;
  #closed = false;

  constructor(slots: number) {
    this.#slots = slots;
  }

  listen(listener: (message: FromAgent) => void): void {
    this.#listeners.push(listener);
  }

  onLost(lost: () => void): void {
    this.#lost = lost;
  }

  send(message: ToAgent): void {
    this.agent ??= this.#start();
    this.agent.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends the agent and with it all trials. */
  async close(): Promise<void> {
    this.#closed = true;
    const { agent } = this;
    if (!agent || agent.exitCode !== null || agent.signalCode !== null) return;
    const exit = once(agent, 'exit');
    agent.stdin?.end();
    await exit;
  }

  #start(): ChildProcess {
    const agent = spawn(process.execPath, [agentFile, String(this.#slots)], { stdio: ['pipe', 'pipe', 'inherit'] });
    agent.stdin.on('error', () => undefined); // It was lost in the middle of an order.
    createInterface({ input: agent.stdout }).on('line', (line) => {
      if (this.#closed) return;
      const message = JSON.parse(line) as FromAgent;
      for (const listener of this.#listeners) listener(message);
    });
    agent.once('close', () => {
      this.agent = undefined;
      if (!this.#closed) this.#lost?.();
    });
    return agent;
  }
}

interface PipeTrial {
  attempt: number;
  launch: (attempt: number) => Promise<TrialLaunch>;
  accepted(): void;
  stopped: ((outcome: StopOutcome) => void)[];
}

export class PipeService implements TrainingService {
  readonly environmentId = 'pipe';
  #pipe: Pipe;
  #root: string;
  #program: readonly Step[];
  #events: TrainingServiceEvents;
  #trials = new Map<string, PipeTrial>();
  /** Trials whose submission is under way, and whether they were stopped meanwhile. */
  #submitting = new Map<string, { isStopped: boolean }>();

  constructor(pipe: Pipe, root: string, program: readonly Step[], events: TrainingServiceEvents) {
    this.#pipe = pipe;
    this.#root = root;
    this.#program = program;
    this.#events = events;
    pipe.listen((message) => this.#hear(message));
    pipe.onLost(() => void this.#runAgain());
  }

  async prepare(): Promise<void> {}

  room(): Room {
    return { free: true };
  }

  async submit({ id }: Trial, launch: (attempt: number) => Promise<TrialLaunch>): Promise<Handle> {
    const submission = { isStopped: false };
    this.#submitting.set(id, submission);
    await launch(1);
    this.#submitting.delete(id);
    if (submission.isStopped) throw new Error('It was stopped before it had started.');
    await new Promise<void>((accepted) => {
      this.#trials.set(id, { attempt: 1, launch, accepted, stopped: [] });
      this.#order(id, 1);
    });
    return { folder: this.location(id) };
  }

  async stop(id: string): Promise<StopOutcome> {
    const submission = this.#submitting.get(id);
    if (submission) submission.isStopped = true;
    const trial = this.#trials.get(id);
    if (!trial) return { outcome: 'ended' };
    return new Promise((resolve) => {
      trial.stopped.push(resolve);
      this.#pipe.send({ ask: 'stop', id });
    });
  }

  async adopt({ id }: Trial): Promise<void> {
    const attempts = existsSync(this.location(id)) ? readdirSync(this.location(id)) : [];
    const latest = Math.max(1, ...attempts.map((name) => Number(/^attempt-(\d+)/.exec(name)?.[1] ?? 1)));
    // Its agent died with the runner, so it can only have ended.
    const end = this.#readEnd(id, latest) ?? { reason: 'its agent ended with the runner', endTime: Date.now() };
    if (latest > 1) this.#events.changed(id, { state: 'running', startTime: Date.now(), attempt: latest });
    this.#events.changed(id, { state: 'ended', end });
  }

  async find(id: string): Promise<Handle | undefined> {
    return existsSync(this.location(id)) ? { folder: this.location(id) } : undefined;
  }

  location(id: string): string {
    return join(this.#root, id);
  }

  files(id: string): TrialFiles {
    const folder = this.location(id);
    return {
      list: async () => readdirSync(folder).map((name) => ({ name, bytes: statSync(join(folder, name)).size })),
      read: async (name, { tail, offset } = {}) => {
        const path = join(folder, name);
        if (!existsSync(path)) throw new StorageError('missing', `There is no file "${name}" here.`);
        const { size } = statSync(path);
        const start = offset ?? (tail === undefined ? 0 : Math.max(0, size - tail));
        return { stream: createReadStream(path, { start }), size, start, text: true };
      },
    };
  }

  async dispose(): Promise<void> {
    await this.#pipe.close();
  }

  #order(id: string, attempt: number): void {
    this.#pipe.send({ ask: 'start', id, attempt, folder: this.location(id), program: this.#program });
  }

  #readEnd(id: string, attempt: number): TrialEnd | undefined {
    const path = join(this.location(id), endFile(attempt));
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as TrialEnd) : undefined;
  }

  #hear(message: FromAgent): void {
    const { id } = message;
    const trial = this.#trials.get(id);
    if (!trial) return;
    switch (message.tell) {
      case 'queued':
        trial.accepted();
        this.#events.changed(id, { state: 'queued', reason: message.reason });
        return;
      case 'running': {
        const { attempt, pid } = message;
        trial.accepted();
        const startTime = Date.now();
        this.#events.changed(id, { state: 'running', startTime, attempt, engineName: `process ${pid} of the agent` });
        return;
      }
      case 'kept':
        for (const resolve of trial.stopped.splice(0)) resolve({ outcome: 'kept', reason: message.reason });
        return;
      case 'ended':
        this.#end(id, trial, this.#readEnd(id, message.attempt) ?? { endTime: Date.now() });
    }
  }

  #end(id: string, trial: PipeTrial, end: TrialEnd): void {
    this.#trials.delete(id);
    this.#events.changed(id, { state: 'ended', end });
    for (const resolve of trial.stopped) resolve({ outcome: 'ended' });
  }

  async #runAgain(): Promise<void> {
    for (const [id, trial] of [...this.#trials]) {
      const ended = this.#readEnd(id, trial.attempt);
      const isGivenUp = trial.attempt === maxAttempts || trial.stopped.length > 0;
      if (ended || isGivenUp) {
        this.#end(id, trial, ended ?? { reason: 'its agent was killed', endTime: Date.now() });
        continue;
      }
      this.#events.changed(id, { state: 'lost', reason: 'its agent was killed' });
      trial.attempt++;
      await trial.launch(trial.attempt);
      this.#order(id, trial.attempt);
    }
  }
}

/** Reads what the agent spooled. Its position is the number of lines. */
export class PipeChannel implements TrialChannel {
  #root: string;
  #events: ChannelEvents;
  #open = new Map<string, { trial: Trial; attempt: number; lines: number }>();

  constructor(pipe: Pipe, root: string, events: ChannelEvents) {
    this.#root = root;
    this.#events = events;
    pipe.listen((message) => {
      if (message.tell === 'reported') this.#read(message.id);
    });
  }

  async open(trial: Trial, attempt: number): Promise<TrialLaunch> {
    this.#open.set(trial.id, { trial, attempt, lines: 0 });
    return { environment: {}, files: {} };
  }

  async follow(trial: Trial, attempt: number, position: Position | undefined): Promise<void> {
    this.#open.set(trial.id, { trial, attempt, lines: Number(position ?? 0) });
    this.#read(trial.id);
  }

  async close(id: string): Promise<void> {
    this.#read(id);
    this.#open.delete(id);
  }

  async dispose(): Promise<void> {
    this.#open.clear();
  }

  #read(id: string): void {
    const open = this.#open.get(id);
    const path = join(this.#root, id, reportsFile(open?.attempt ?? 0));
    if (!open || !existsSync(path)) return;
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const added = lines.slice(open.lines);
    open.lines = lines.length;
    if (added.length === 0) return;
    const parameterId = String(open.trial.record.parameter_id);
    const metrics = added.map((line) => ({ ...(JSON.parse(line) as SpooledMetric), parameterId }));
    this.#events.reported(id, { attempt: open.attempt, metrics, position: open.lines });
  }
}
