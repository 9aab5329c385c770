/** Typed events for everything above the client, with vscode's shapes but without vscode, so that it runs in plain tests. */

export interface Disposable {
  dispose(): void;
}

export type Listener<T> = (event: T) => void;
/** Subscribes; dispose the result to end it. Fits vscode's `Event` where only the listener is given. */
export type Event<T> = (listener: Listener<T>) => Disposable;

/** Calls its listeners in the order they came. A listener that throws does not keep the others from hearing. */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<{ listener: Listener<T> }>();
  #disposed = false;

  readonly event: Event<T> = (listener) => {
    if (this.#disposed) return { dispose() {} };
    // Wrapped, so that one function may subscribe twice.
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
    // Rethrown on its own turn: the one who fires is not at fault, yet nothing is swallowed.
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
