/** A file writer that fails on demand, inside the test's process: no real disk is filled or locked. */
import { diskWriter, type FileWriter } from '../../src/system/fileWriter.ts';

export type DiskFailure = 'ENOSPC' | 'EACCES' | 'EIO' | 'EROFS';

const words: Record<DiskFailure, string> = {
  ENOSPC: 'no space left on device',
  EACCES: 'permission denied',
  EIO: 'i/o error',
  EROFS: 'read-only file system',
};

/** Writes to the real disk while {@link failure} is undefined; otherwise every write fails with it. */
export class FailingWriter implements FileWriter {
  failure: DiskFailure | undefined;
  /** Writes that were refused. */
  refused = 0;

  constructor(failure?: DiskFailure) {
    this.failure = failure;
  }

  async replace(...args: Parameters<FileWriter['replace']>): Promise<void> {
    this.#check(args[0]);
    await diskWriter.replace(...args);
  }

  replaceSync(...args: Parameters<FileWriter['replaceSync']>): void {
    this.#check(args[0]);
    diskWriter.replaceSync(...args);
  }

  async create(...args: Parameters<FileWriter['create']>): Promise<void> {
    this.#check(args[0]);
    await diskWriter.create(...args);
  }

  async claim(path: string): Promise<void> {
    this.#check(path);
    await diskWriter.claim(path);
  }

  async append(...args: Parameters<FileWriter['append']>): Promise<void> {
    this.#check(args[0]);
    await diskWriter.append(...args);
  }

  #check(path: string): void {
    if (this.failure === undefined) return;
    this.refused++;
    const message = `${this.failure}: ${words[this.failure]}, open '${path}'`;
    throw Object.assign(new Error(message), { code: this.failure, syscall: 'open', path });
  }
}
