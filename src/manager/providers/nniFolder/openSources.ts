/** The stored experiments that are open for reading. Only those used last stay open. */
import type { ManifestOnlySource } from '../../../server/sources/manifestOnlySource.ts';
import type { StoredSource } from '../../../server/sources/storedSource.ts';

const maxOpen = 8;

export type ReadSource = StoredSource | ManifestOnlySource;

export class OpenSources {
  /** By experiment; the last entry was used last. */
  #open = new Map<string, ReadSource>();

  get(id: string): ReadSource | undefined {
    return this.#open.get(id);
  }

  /** Takes over a source that was used just now. */
  add(id: string, source: ReadSource): void {
    this.#open.delete(id);
    this.#open.set(id, source);
    const idle = [...this.#open].filter(([each, { changes }]) => each !== id && !changes.listening);
    for (const [each] of idle.slice(0, Math.max(0, idle.length + 1 - maxOpen))) this.close(each);
  }

  /** Takes a source out without closing it. */
  take(id: string): ReadSource | undefined {
    const source = this.#open.get(id);
    this.#open.delete(id);
    return source;
  }

  close(id: string): void {
    this.take(id)?.dispose();
  }

  dispose(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}
