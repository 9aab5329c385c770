/** The page's side of the message protocol with the panel. */
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

  /** Calls back for each event; replies settle their requests. */
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

  /** Asks for a snapshot: at the start, and when a change does not follow the page's data. */
  ready(): void {
    this.#api.postMessage({ type: 'ready' });
  }

  /** Rejects with the panel's words when it refuses. */
  request<M extends Method>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    const id = this.#nextId++;
    return new Promise<Requests[M]['result']>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
      // The union has one member for each method, which the compiler can't see through a type parameter.
      this.#api.postMessage({ type: 'request', id, method, params } as ToHost);
    });
  }

  /** The state that an earlier page of this panel stored; undefined when it is malformed. */
  restore(): PageState | undefined {
    const state = this.#api.getState();
    if (state === null || typeof state !== 'object' || !('version' in state) || state.version !== 1) return undefined;
    return state as PageState;
  }

  keep(state: PageState): void {
    this.#api.setState(state);
  }
}
