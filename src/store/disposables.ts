/** Owns disposable objects: the one way to dispose in `store/` and `ui/`. */
import type { Disposable } from './emitter.ts';

export class Disposables implements Disposable {
  #owned: Disposable[] = [];
  #isDisposed = false;

  /** Takes ownership. After {@link dispose}, added items are disposed at once, so that nothing late stays running. */
  add(...items: Disposable[]): void {
    if (this.#isDisposed) disposeAll(items);
    else this.#owned.push(...items);
  }

  /** Disposes all items, the latest first. An item that throws does not stop the others. May be called twice. */
  dispose(): void {
    this.#isDisposed = true;
    disposeAll(this.#owned.splice(0));
  }
}

function disposeAll(items: readonly Disposable[]): void {
  for (const item of items.toReversed()) {
    try {
      item.dispose();
    } catch (error) {
      // Rethrow in a microtask, so that no error is lost.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
