/** The page's end of the messages with the panel. */
import type { Events, Method, PageState, Requests, ToHost, ToPage } from '../../src/protocol.ts';

interface VsCodeApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: PageState): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

type Listener = <E extends keyof Events>(event: E, data: Events[E]) => void;

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Host {
  readonly #api = acquireVsCodeApi();
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  /** Calls back for each event; replies go to whoever asked. */
  listen(listener: Listener): void {
    window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      if (data.type === 'event') {
        listener(data.event, data.data);
        return;
      }
      if (data.type !== 'reply') return;
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if (data.ok) pending?.resolve(data.result);
      else pending?.reject(new Error(data.message));
    });
  }

  /** Asks for a snapshot; also the way out when a change does not fit. */
  ready(): void {
    this.#api.postMessage({ type: 'ready' });
  }

  /** Rejects with the panel's words when it refuses. */
  request<M extends Method>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const id = this.#nextId++;
    return new Promise<Requests[M]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
      // One member of the union for each method, which the compiler does not see through a type parameter.
      this.#api.postMessage({ type: 'request', id, method, params } as ToHost);
    });
  }

  /** What an earlier page of this panel kept; undefined when it is none of ours. */
  restore(): PageState | undefined {
    const state = this.#api.getState();
    if (state === null || typeof state !== 'object' || !('version' in state) || state.version !== 1) return undefined;
    return state as PageState;
  }

  keep(state: PageState): void {
    this.#api.setState(state);
  }
}
