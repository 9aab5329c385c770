/** Opens a file for reading, but only inside the folder it belongs to. */
import { createReadStream, existsSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { StorageError, storageError } from './storageError.ts';

/** NNI's short names of a trial's files (ts/nni_manager/training_service/local_v3). */
const shortNames: Readonly<Record<string, string>> = {
  stdout: 'trial.stdout',
  stderr: 'trial.stderr',
  'trial.log': 'trial.log',
};

/** Error codes of the file system, and of Node itself, for a name that no file has. */
const missingFileCodes = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

export interface FileRange {
  /** Only the last bytes. */
  tail?: number;
  /** Only the bytes from this one on; it comes before `tail`. */
  offset?: number;
}

export interface FileSlice {
  stream: Readable;
  /** Bytes of the whole file. */
  size: number;
  /** First byte of the slice. */
  start: number;
  text: boolean;
}

/**
 * Opens a file below `folder`. It follows links only while they stay inside.
 *
 * @throws StorageError `missing` when there is no such file inside
 */
export async function openConfined(folder: string, name: string, range: FileRange = {}): Promise<FileSlice> {
  const missing = () => new StorageError('missing', `There is no file "${name}" here.`);
  const known = shortNames[name];
  let path: string;
  try {
    const root = await realpath(folder);
    // NNI 2 calls the files by the short names themselves.
    const own = known !== undefined && !existsSync(join(root, known)) ? name : (known ?? name);
    path = await realpath(join(root, own));
    if (!path.startsWith(root + sep)) throw missing();
    if (!(await stat(path)).isFile()) throw missing();
  } catch (error) {
    if (error instanceof StorageError) throw error;
    if (error instanceof Error && 'code' in error && missingFileCodes.has(String(error.code))) throw missing();
    throw storageError(error, name);
  }
  const { size } = await stat(path);
  const start = Math.min(size, Math.max(0, range.offset ?? (range.tail === undefined ? 0 : size - range.tail)));
  // Bytes appended while we read wait for the next request, so that offsets stay exact.
  const stream = size === start ? Readable.from([]) : createReadStream(path, { start, end: size - 1 });
  return { stream, size, start, text: known !== undefined || /\.(log|txt|json|stdout|stderr)$/.test(name) };
}
