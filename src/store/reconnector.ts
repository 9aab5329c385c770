/** Keeps one server connected: connects, follows its list, and comes back after the server was lost. */

import type { ManagerChange } from '../client/index.ts';
import { messageOf } from '../model/text/messageOf.ts';
import type { ConnectionStatus } from './connectionStatus.ts';
import type { Disposable } from './emitter.ts';
import { isLostAfter, retryDelayMs } from './retryPolicy.ts';
import { type Connector, type ServerConnection, TokenWantedError } from './serverConnection.ts';

/** What a reconnector reports to its owner, and asks of it. */
export interface ReconnectorOwner {
  kind: 'local' | 'remote';
  connector: Connector;
  /** Whether a manager may be started now. */
  mayStart(): boolean;
  /** Whether the list of experiments is on screen. */
  isVisible(): boolean;
  /** Whether experiments are known, so the server answered at least once. */
  hasExperiments(): boolean;
  onStatus(): void;
  onChange(change: ManagerChange): void;
  /** The server that is connected now, right after its first list; undefined when it was lost, right before it is disposed. */
  onServer(server: ServerConnection | undefined): void;
}

interface Attempt {
  /** Whether callers that want a manager started may wait for this attempt. */
  start: boolean;
  done: Promise<void>;
}

export class Reconnector implements Disposable {
  readonly #owner: ReconnectorOwner;
  #status: ConnectionStatus = { state: 'idle', since: Date.now() };
  #server: ServerConnection | undefined;
  #following: Disposable | undefined;
  #attempt: Attempt | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Epoch milliseconds since when nothing answers; survives the attempts in between. */
  #unansweredSince: number | undefined;
  /** Aborts when the present server, or the attempt to reach it, is not wanted any more. */
  #wanted = new AbortController();

  constructor(owner: ReconnectorOwner) {
    this.#owner = owner;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Undefined while no server is connected. */
  get server(): ServerConnection | undefined {
    return this.#server;
  }

  /**
   * Connects and resolves when the first list is there, or at once when no server runs and none may be started. Never rejects:
   * {@link status} says how it went.
   */
  async connect(options: { start: boolean }): Promise<void> {
    for (;;) {
      const { signal } = this.#wanted;
      if (this.#server || signal.aborted) return;
      const { start, done } = this.#attempt ?? this.#begin(options, 0, options.start);
      await done;
      // A server that was dropped meanwhile does not count: the caller wants the next one.
      if (!signal.aborted && (start || !options.start)) return;
    }
  }

  /** Lets go of the server and of attempts under way. {@link connect} may follow; {@link setIdle} tells the new status. */
  drop(): void {
    this.dispose();
    this.#wanted = new AbortController();
  }

  /** Says that no server is wanted. */
  setIdle(): void {
    this.#setStatus({ state: 'idle', since: Date.now() });
  }

  dispose(): void {
    clearTimeout(this.#retryTimer);
    this.#wanted.abort();
    // The attempt may take long to notice the abort; callers do not wait for it.
    this.#attempt = undefined;
    this.#release();
  }

  /** @param start see {@link Attempt.start} */
  #begin(options: { start: boolean }, retries: number, start: boolean): Attempt {
    const attempt = { start, done: this.#connect(options, retries, this.#wanted.signal) };
    this.#attempt = attempt;
    attempt.done = attempt.done.finally(() => {
      if (this.#attempt === attempt) this.#attempt = undefined;
    });
    return attempt;
  }

  async #connect({ start }: { start: boolean }, retries: number, wanted: AbortSignal): Promise<void> {
    clearTimeout(this.#retryTimer);
    const before = this.#status;
    // Retries in the background do not flicker: a lost server stays lost until it answers.
    const isQuiet = before.state === 'lost' && retries > 0;
    if (!isQuiet && before.state !== 'connecting') this.#setStatus({ state: 'connecting', since: Date.now() });
    let server: ServerConnection | undefined;
    try {
      server = await this.#owner.connector.connect({ start });
      if (wanted.aborted) {
        server?.dispose();
        return;
      }
      if (server) return await this.#adopt(server, wanted);
    } catch (error) {
      server?.dispose();
      if (wanted.aborted) return;
      this.#fail(error, retries);
      return;
    }
    // No server runs, and none may be started.
    if (this.#owner.hasExperiments()) this.#fail(new Error('No manager is running.'), retries);
    else this.setIdle();
  }

  #fail(error: unknown, retries: number): void {
    const { kind, isVisible, hasExperiments, mayStart } = this.#owner;
    const reason = messageOf(error);
    const wantsToken = error instanceof TokenWantedError;
    const status = this.#status;
    const reached = hasExperiments() || (status.state === 'lost' && status.reached);
    const since = this.#unansweredSince ?? status.since;
    if (!reached || wantsToken || isLostAfter(retries) || status.state === 'lost') {
      this.#setStatus({ state: 'lost', since, reason, reached, ...(wantsToken ? { wantsToken } : {}) });
    }
    // A local manager that never came up needs a person to find out why; a server elsewhere may just be late.
    if (!reached && kind === 'local') return;
    const isPointless = wantsToken || (kind === 'remote' && !isVisible());
    this.#retryTimer = setTimeout(
      () => {
        if (this.#attempt || this.#server) return;
        void this.#begin({ start: reached && mayStart() }, retries + 1, false);
      },
      retryDelayMs(retries, isPointless),
    );
    this.#retryTimer.unref();
  }

  /** Follows a server. Resolves when its first list is in; rejects when it closes before, or `wanted` aborts. */
  #adopt(server: ServerConnection, wanted: AbortSignal): Promise<void> {
    let giveUp = (): void => undefined;
    return new Promise<void>((resolve, reject) => {
      let isListed = false;
      giveUp = () => reject(wanted.reason);
      wanted.addEventListener('abort', giveUp);
      this.#following = server.followList({
        change: (change) => {
          this.#owner.onChange(change);
          if (change.event !== 'list' || isListed) return;
          isListed = true;
          this.#server = server;
          this.#owner.onServer(server);
          this.#setStatus({ state: 'connected', since: Date.now(), address: server.address });
          resolve();
        },
        closed: (reason) => {
          this.#following?.dispose();
          this.#following = undefined;
          if (!isListed) {
            reject(reason);
            return;
          }
          this.#release();
          if (wanted.aborted) return;
          this.#setStatus({ state: 'connecting', since: Date.now() });
          this.#fail(reason, 0);
        },
      });
    }).finally(() => wanted.removeEventListener('abort', giveUp));
  }

  #release(): void {
    this.#following?.dispose();
    this.#following = undefined;
    this.#owner.onServer(undefined);
    this.#server?.dispose();
    this.#server = undefined;
  }

  #setStatus(status: ConnectionStatus): void {
    this.#status = status;
    if (status.state === 'connecting') this.#unansweredSince ??= status.since;
    else if (status.state !== 'lost') this.#unansweredSince = undefined;
    this.#owner.onStatus();
  }
}
