/** A real manager process for tests, started the way a client starts it, and its clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createParser } from 'eventsource-parser';
import { followManager } from '../../src/client/follow/follow.ts';
import { ManagerClient } from '../../src/client/manager.ts';
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import type { LaunchRequest } from '../../src/wire/routes.ts';
import type { Launched } from '../../src/wire/schemas/manager.ts';
import { bundles } from './bundles.ts';
import type { Home } from './home.ts';

export interface ManagerOptions {
  /** Further arguments, such as `--idle-seconds 1`. */
  args?: string[];
  environment?: Record<string, string>;
  /** User to run as. */
  uid?: number;
}

/** The output of a manager process, and its end. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class ManagerProcess {
  readonly child: ChildProcess;
  readonly address: string;
  readonly token: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>;
  readonly client: ManagerClient;

  private constructor(child: ChildProcess, ended: Promise<Ended>, address: string, token: string) {
    this.child = child;
    this.ended = ended;
    this.address = address;
    this.token = token;
    this.client = new ManagerClient(address, { token });
    void ended.then(() => this.client.dispose());
  }

  /** Starts a manager; resolves when it serves. Rejects with its output when it ends instead. */
  static async start(home: Home, options: ManagerOptions = {}): Promise<ManagerProcess> {
    const { child, ended } = await ManagerProcess.spawn(home, options);
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (chunk: string) => {
        said += chunk;
        const found = /^Manager of .* at (\S+)$/m.exec(said)?.[1];
        if (found) resolve(found);
      });
      void ended.then(({ stdout, stderr }) => reject(new Error(`No manager: ${stdout}${stderr}`)));
    });
    return new ManagerProcess(child, ended, address, (await home.lock()).token);
  }

  /** Starts a manager that may end at once. */
  static async spawn(
    home: Home,
    options: ManagerOptions = {},
  ): Promise<{ child: ChildProcess; ended: Promise<Ended> }> {
    const { args = [], environment = {}, uid } = options;
    const script = (await bundles()).manager;
    const child = spawn(process.execPath, [script, '--experiments-directory', home.experiments, ...args], {
      env: { ...home.environment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        said[name] += chunk;
      });
    }
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...said }));
    return { child, ended };
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** A request with the token, unless `init` has other headers for it. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string>) };
    return fetch(this.address + path, { ...init, headers });
  }

  /** The parsed answer; rejects for another status than 200. */
  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  launch(request: LaunchRequest): Promise<Launched> {
    return this.client.launch(request);
  }

  /** Resolves with the experiment once the manager reports a matching state. */
  async until(id: string, fits: (summary: ExperimentSummary) => boolean): Promise<ExperimentSummary> {
    let found: ExperimentSummary | undefined;
    const leave = new AbortController();
    const look = (summary: ExperimentSummary) => {
      if (found || summary.id !== id || !fits(summary)) return;
      found = summary;
      leave.abort();
    };
    const onChange = ({ event, data }: Parameters<Parameters<typeof followManager>[1]['onChange']>[0]) => {
      if (event === 'list') data.forEach(look);
      else if (event === 'experiment') look(data);
    };
    await followManager(this.client, { onChange }, leave.signal, { retries: 2 });
    if (!found) throw new Error(`Experiment ${id} was not told of.`);
    return found;
  }

  /** Yields server-sent events until the stream ends or the loop is left. */
  async *events(path: string): AsyncGenerator<{ event: string; id: string | undefined; data: unknown }> {
    const leave = new AbortController();
    const response = await this.fetch(path, { signal: leave.signal });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    let received: { event: string; id: string | undefined; data: unknown }[] = [];
    const parser = createParser({
      onEvent: ({ event = 'message', id, data }) => received.push({ event, id, data: JSON.parse(data) }),
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        parser.feed(decoder.decode(chunk, { stream: true }));
        const events = received;
        received = [];
        yield* events;
      }
    } finally {
      leave.abort();
    }
  }

  /** Kills the process without cleanup. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async stop(): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    return this.ended;
  }
}
