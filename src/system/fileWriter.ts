/** Writes small files so that a reader sees the old content or the new one. A test replaces it with a disk that fails. */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, link, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './errorCode.ts';

export interface WriteOptions {
  /** Permissions of a new file, such as `0o600`; the process's default otherwise. */
  mode?: number;
}

/** Every method throws the system's error. The folder must exist. */
export interface FileWriter {
  /** Replaces a file, or makes it. A failure leaves the old file as it was. */
  replace(path: string, content: string, options?: WriteOptions): Promise<void>;
  /** {@link FileWriter.replace} for callers that cannot wait. */
  replaceSync(path: string, content: string, options?: WriteOptions): void;
  /** Makes a file that appears with all its content. Throws `EEXIST` when the name is taken. */
  create(path: string, content: string, options?: WriteOptions): Promise<void>;
  /** Makes an empty file. Throws `EEXIST` when the name is taken. */
  claim(path: string): Promise<void>;
  append(path: string, content: string, options?: WriteOptions): Promise<void>;
}

/** Attempts and pause for a rename that Windows refuses while a virus scanner or an editor has the file open (nodejs/node#29481). */
const renameAttempts = 20;
const renamePauseMs = 50;

/** The machine's disk. */
export const diskWriter: FileWriter = {
  async replace(path, content, options = {}) {
    const temporary = temporaryName(path);
    try {
      await writeFile(temporary, content, options);
      await renameOver(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  },

  replaceSync(path, content, options = {}) {
    const temporary = temporaryName(path);
    try {
      writeFileSync(temporary, content, options);
      renameSync(temporary, path);
    } catch (error) {
      removeSync(temporary);
      throw error;
    }
  },

  async create(path, content, options = {}) {
    const temporary = temporaryName(path);
    try {
      await writeFile(temporary, content, options);
      // A hard link fails when the name exists: the one atomic "create with this content".
      await link(temporary, path);
    } catch (error) {
      const code = errorCode(error);
      // exFAT, SMB and FUSE file systems often have no hard links. There a reader may see the file half written.
      if (code !== 'ENOTSUP' && code !== 'EPERM' && code !== 'ENOSYS' && code !== 'EOPNOTSUPP') throw error;
      await writeFile(path, content, { ...options, flag: 'wx' });
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  },

  claim: (path) => writeFile(path, '', { flag: 'wx' }),
  append: (path, content, options = {}) => appendFile(path, content, options),
};

/** Cleans up after a failed write, whose error is the one to report. */
function removeSync(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder cannot be written either.
  }
}

/** In the same folder, as a rename works within one file system only. */
function temporaryName(path: string): string {
  return `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
}

async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = errorCode(error);
      const isHeldOpen = code === 'EPERM' || code === 'EACCES' || code === 'EBUSY';
      if (process.platform !== 'win32' || !isHeldOpen || attempt === renameAttempts) throw error;
      await delay(renamePauseMs);
    }
  }
}
