/** Waits for a value that appears in the store. */
import type { Disposable } from '../../store/emitter.ts';
import type { Store } from '../../store/store.ts';

/** The first value that `look` returns, now or after a change; undefined after the timeout. Throws the signal's reason. */
export async function storeUntil<T>(
  store: Store,
  look: () => T | undefined,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  signal?.throwIfAborted();
  let listening: Disposable | undefined;
  let timer: NodeJS.Timeout | undefined;
  let aborted = (): void => undefined;
  try {
    return await new Promise<T | undefined>((resolve, reject) => {
      const check = () => {
        const value = look();
        if (value !== undefined) resolve(value);
      };
      aborted = () => reject(signal?.reason);
      signal?.addEventListener('abort', aborted);
      listening = store.onDidChange(check);
      timer = setTimeout(() => resolve(undefined), milliseconds);
      check();
    });
  } finally {
    signal?.removeEventListener('abort', aborted);
    listening?.dispose();
    clearTimeout(timer);
  }
}
