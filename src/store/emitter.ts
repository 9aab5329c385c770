/** Typed events for `store/` and `ui/`: the shapes of vscode without vscode, so that plain tests can use them. */

export interface Disposable {
  dispose(): void;
}

export type Listener<T> = (event: T) => void;
/** Subscribes a listener; dispose the result to unsubscribe. Compatible with vscode's `Event` called with a listener only. */
export type Event<T> = (listener: Listener<T>) => Disposable;

/** Calls its listeners in the order of subscription. A listener that throws does not stop the others. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<{ listener: Listener<T> }>();
  #disposed = false;

  readonly event: Event<T> = (listener) => {
    if (this.#disposed) return { dispose() {} };
    // The wrapper lets one function subscribe twice.
    const entry = { listener };
    this.#listeners.add(entry);
    return { dispose: () => void this.#listeners.delete(entry) };
  };

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  fire(event: T): void {
    const failures: unknown[] = [];
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        failures.push(error);
      }
    }
    // Rethrow in a microtask: the caller of fire() is not at fault, and no error is lost.
    for (const failure of failures) {
      queueMicrotask(() => {
        throw failure;
      });
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners.clear();
  }
}
