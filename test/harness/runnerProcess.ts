/** A real runner process for tests, started the way the manager starts it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createParser } from 'eventsource-parser';
import type { ExperimentConfig } from '../../src/model/config/config.ts';
import type { ExperimentSnapshot } from '../../src/model/experiment/experiment.ts';
import type { MetricDataRecord, TrialJobInfo } from '../../src/model/trial/trial.ts';
import { experimentRoutes, nniBase } from '../../src/wire/routes.ts';
import { bundles } from './bundles.ts';

export interface LaunchOptions {
  root: string;
  id?: string;
  action?: 'create' | 'resume' | 'view';
  config?: ExperimentConfig;
  port?: number;
  environment?: NodeJS.ProcessEnv;
  /** File descriptors that the process may open. */
  maxDescriptors?: number;
}

/** A config with every field of the canonical form. */
export function runnerConfig(root: string, changes: Partial<ExperimentConfig> = {}): ExperimentConfig {
  const trialCommand = changes.trialCommand ?? 'true';
  const trialCodeDirectory = changes.trialCodeDirectory ?? root;
  return {
    experimentType: 'hpo',
    searchSpace: { x: { _type: 'uniform', _value: [0, 1] } },
    trialConcurrency: 1,
    useAnnotation: false,
    debug: false,
    logLevel: 'info',
    experimentWorkingDirectory: root,
    tuner: { name: 'Random', classArgs: { seed: 1 } },
    trainingService: { platform: 'local', trialCommand, trialCodeDirectory },
    ...changes,
    trialCommand,
    trialCodeDirectory,
  };
}

/** A program that is Node with fewer descriptors. */
function limitedNode(folder: string, maxDescriptors: number): string {
  const path = join(folder, 'limited-node');
  writeFileSync(path, `#!/bin/sh\nulimit -n ${maxDescriptors}\nexec "${process.execPath}" "$@"\n`, { mode: 0o755 });
  return path;
}

export type RunnerAnswer =
  | { type: 'ready'; port: number; pid: number }
  | { type: 'failed'; error: string; code?: string; problems?: unknown[] };

export class RunnerProcess {
  readonly child: ChildProcess;
  readonly id: string;
  readonly port: number;
  readonly #exit: Promise<unknown[]>;

  private constructor(child: ChildProcess, id: string, port: number, exit: Promise<unknown[]>) {
    this.child = child;
    this.id = id;
    this.port = port;
    this.#exit = exit;
  }

  /** Starts a runner and sends it its experiment. */
  static async fork(options: LaunchOptions): Promise<ChildProcess> {
    const args = ['--experiments-directory', options.root, '--experiment-id', options.id ?? 'exp'];
    args.push('--action', options.action ?? 'create', '--port', String(options.port ?? 0));
    const child = fork((await bundles()).runner, args, {
      // Never write into the real home directory's manifest.
      env: { ...process.env, HOME: options.root, ...options.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      ...(options.maxDescriptors === undefined ? {} : { execPath: limitedNode(options.root, options.maxDescriptors) }),
    });
    // Sending fails when the process ends before it reads this.
    child.send(
      { type: 'launch', ...(options.config ? { config: JSON.stringify(options.config) } : {}) },
      () => undefined,
    );
    return child;
  }

  /** Starts a runner and returns its one answer, a success or a failure. */
  static async spawn(options: LaunchOptions): Promise<{ child: ChildProcess; answer: RunnerAnswer; id: string }> {
    const child = await RunnerProcess.fork(options);
    const [answer] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => [{ type: 'failed', error: `ended with ${code} without an answer` }]),
    ])) as [RunnerAnswer];
    return { child, answer, id: options.id ?? 'exp' };
  }

  static async launch(options: LaunchOptions): Promise<RunnerProcess> {
    const { child, answer, id } = await RunnerProcess.spawn(options);
    if (answer.type === 'failed') throw new Error(answer.error);
    const runner = new RunnerProcess(child, id, answer.port, once(child, 'exit'));
    return runner;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.url(nniBase + path), {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  /** The parsed answer of one of NNI's routes; rejects for another status than 200. */
  async nni<T>(path: string): Promise<T> {
    const response = await this.fetch('GET', path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  trials = () => this.nni<TrialJobInfo[]>('/trial-jobs');
  metrics = () => this.nni<MetricDataRecord[]>('/metric-data');
  status = () => this.nni<{ status: string; errors: string[] }>('/check-status');

  async snapshot(): Promise<ExperimentSnapshot> {
    return (await (await fetch(this.url(experimentRoutes.snapshot))).json()) as ExperimentSnapshot;
  }

  /** Resolves with the first snapshot that matches; checks at each change the runner announces. */
  async until(fits: (snapshot: ExperimentSnapshot) => boolean): Promise<ExperimentSnapshot> {
    for (;;) {
      const first = await this.snapshot();
      if (fits(first)) return first;
      const query = `?session=${first.session}&since=${first.revision}`;
      const leave = new AbortController();
      const response = await fetch(this.url(experimentRoutes.events + query), { signal: leave.signal });
      let reset = false;
      let changed = false;
      const parser = createParser({
        onEvent: (event) => {
          changed = true;
          reset ||= event.event === 'reset';
        },
      });
      try {
        const decoder = new TextDecoder();
        for await (const chunk of response.body ?? []) {
          parser.feed(decoder.decode(chunk, { stream: true }));
          if (!changed) continue;
          if (reset) break;
          changed = false;
          const now = await this.snapshot();
          if (fits(now)) return now;
        }
      } finally {
        leave.abort();
      }
    }
  }

  untilStatus(...statuses: string[]): Promise<ExperimentSnapshot> {
    return this.until(({ summary }) => statuses.includes(summary.status));
  }

  /** Resolves with exit code and signal. */
  async ended(): Promise<{ code: number | null; signal: string | null }> {
    const [code, signal] = await this.#exit;
    return { code: code as number | null, signal: signal as string | null };
  }

  /** Kills the process as a failing machine would, without cleanup. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  async stop(): Promise<{ code: number | null; signal: string | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    return this.ended();
  }
}
