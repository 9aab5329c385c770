/** Opens a file for reading, but only inside the folder it belongs to. */
import { constants, existsSync } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Readable } from 'node:stream';
import { shorten } from '../../model/text/shorten.ts';
import { StorageError, storageError } from './storageError.ts';

/** NNI's short names of a trial's files (ts/nni_manager/training_service/local_v3). */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['stdout', 'trial.stdout'],
  ['stderr', 'trial.stderr'],
  ['trial.log', 'trial.log'],
]);

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

/** A folder, and the folder that its real path must lie in: a trial's and its experiment's. */
export interface ConfinedFolder {
  folder: string;
  within: string;
}

/**
 * Opens a file below a folder. Links are followed only while they stay in the folder, and the folder itself may be a link only to a
 * place in `within`.
 *
 * @throws StorageError `missing` when there is no such file inside
 */
export async function openConfined(place: ConfinedFolder, name: string, range: FileRange = {}): Promise<FileSlice> {
  const known = shortNames.get(name);
  try {
    const root = await realFolder(place);
    // NNI 2 calls the files by the short names themselves.
    const own = known !== undefined && !existsSync(join(root, known)) ? name : (known ?? name);
    const path = await realpath(join(root, own));
    if (!path.startsWith(root + sep) || !(await stat(path)).isFile()) throw missing(name);
    const text = known !== undefined || /\.(log|txt|json|stdout|stderr)$/.test(name);
    return { ...(await openSlice(path, name, range)), text };
  } catch (error) {
    if (error instanceof StorageError) throw error;
    if (isMissing(error)) throw missing(name);
    throw storageError(error, name);
  }
}

/**
 * The real path of a folder.
 *
 * @throws StorageError `missing` when it does not lie in the real path of `within`, or does not exist
 */
export async function realFolder({ folder, within }: ConfinedFolder): Promise<string> {
  try {
    const [real, outer] = await Promise.all([realpath(folder), realpath(within)]);
    if (real === outer || real.startsWith(outer + sep)) return real;
  } catch (error) {
    if (!isMissing(error)) throw storageError(error, folder);
  }
  throw missing(folder);
}

async function openSlice(path: string, name: string, range: FileRange): Promise<Omit<FileSlice, 'text'>> {
  // The path was real a moment ago: refuse a link or a pipe that has taken its place.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(path, flags);
  try {
    const info = await file.stat();
    if (!info.isFile() || (await realpath(path)) !== path) throw missing(name);
    const { size } = info;
    const start = Math.min(size, Math.max(0, range.offset ?? (range.tail === undefined ? 0 : size - range.tail)));
    if (size > start) {
      // Bytes appended during the read wait for the next request, so that offsets stay exact.
      return { stream: file.createReadStream({ start, end: size - 1 }), size, start };
    }
    await file.close();
    return { stream: Readable.from([]), size, start };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function missing(name: string): StorageError {
  return new StorageError('missing', `There is no file "${shorten(name, 200)}" here.`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && missingFileCodes.has(String(error.code));
}
