/** A manager in memory, for tests of the store and of what reads it. */
import type {
  ExperimentChange,
  ExperimentSnapshot,
  ExperimentSummary,
} from '../../../src/model/experiment/experiment.ts';
import type {
  Connector,
  ExperimentListener,
  ListListener,
  ServerConnection,
} from '../../../src/store/serverConnection.ts';
import type { LaunchRequest } from '../../../src/wire/routes.ts';
import type { Launched, ManagerChange } from '../../../src/wire/schemas/manager.ts';

/** A manager in memory: tests say what it sends. */
export class FakeServer implements ServerConnection {
  readonly address = 'http://127.0.0.1:1';
  readonly launches: LaunchRequest[] = [];
  list: ListListener | undefined;
  readonly followers = new Map<string, ExperimentListener>();
  /** How often each experiment was followed. */
  readonly follows = new Map<string, number>();
  disposed = false;
  /** Sent as soon as somebody follows. */
  experiments: ExperimentSummary[] = [];
  snapshots = new Map<string, ExperimentSnapshot>();

  followList(listener: ListListener) {
    this.list = listener;
    queueMicrotask(() => listener.change({ event: 'list', data: this.experiments }));
    return {
      dispose: () => {
        this.list = undefined;
      },
    };
  }

  followExperiment(id: string, listener: ExperimentListener) {
    this.followers.set(id, listener);
    this.follows.set(id, (this.follows.get(id) ?? 0) + 1);
    const ready = this.snapshots.get(id);
    if (ready) queueMicrotask(() => this.followers.get(id) === listener && listener.snapshot(ready));
    return {
      dispose: () => {
        if (this.followers.get(id) === listener) this.followers.delete(id);
      },
    };
  }

  async launch(request: LaunchRequest): Promise<Launched> {
    this.launches.push(request);
    return { id: 'new1', port: 1, pid: 1 };
  }

  readonly deleted: string[] = [];
  async delete(id: string): Promise<void> {
    this.deleted.push(id);
  }

  /** Arguments of `setVisible`, in order. */
  readonly visibilities: boolean[] = [];
  setVisible(visible: boolean): void {
    this.visibilities.push(visible);
  }

  experiment(): never {
    throw new Error('These tests ask no experiment.');
  }

  send(change: ManagerChange): void {
    this.list?.change(change);
  }

  change(id: string, change: ExperimentChange): void {
    this.followers.get(id)?.change(change);
  }

  dispose(): void {
    this.disposed = true;
  }
}

/** Connects to `servers` one after the other; a string is an error with that message, undefined "no manager". */
export class FakeConnector implements Connector {
  readonly servers: (FakeServer | string | undefined)[];
  readonly calls: { start: boolean }[] = [];
  something = true;

  constructor(...servers: (FakeServer | string | undefined)[]) {
    this.servers = servers;
  }

  async connect(options: { start: boolean }): Promise<ServerConnection | undefined> {
    this.calls.push(options);
    const next = this.servers.length > 1 ? this.servers.shift() : this.servers[0];
    if (typeof next === 'string') throw new Error(next);
    return next;
  }

  async hasExperiments(): Promise<boolean> {
    return this.something;
  }

  /** Tells who waits that there is something now; undefined while nobody waits. */
  appear: (() => void) | undefined;

  awaitExperiments(appeared: () => void): { dispose(): void } {
    this.appear = appeared;
    return {
      dispose: () => {
        this.appear = undefined;
      },
    };
  }
}

/** Resolves with the first event that `wanted` accepts. */
export function next<T>(
  event: (listener: (value: T) => void) => { dispose(): void },
  wanted: (value: T) => boolean = () => true,
): Promise<T> {
  return new Promise((resolve) => {
    const listening = event((value) => {
      if (!wanted(value)) return;
      listening.dispose();
      resolve(value);
    });
  });
}
