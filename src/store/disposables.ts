/** Owns what has to be ended: the one way to dispose in `store/` and `ui/`. */
import type { Disposable } from './emitter.ts';

export class Disposables implements Disposable {
  #owned: Disposable[] = [];
  #disposed = false;

  /** Takes ownership. Once this is disposed, what is added ends at once: nothing that comes late is left running. */
  add(...items: Disposable[]): void {
    if (this.#disposed) disposeAll(items);
    else this.#owned.push(...items);
  }

  /** Ends all, the latest first. One that throws does not keep the others from ending. May be called twice. */
  dispose(): void {
    this.#disposed = true;
    disposeAll(this.#owned.splice(0));
  }
}

function disposeAll(items: readonly Disposable[]): void {
  for (const item of items.toReversed()) {
    try {
      item.dispose();
    } catch (error) {
      // Rethrown on its own turn, so that nothing is swallowed.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
