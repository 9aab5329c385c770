/** The logs of NNI's manager and dispatcher: their ends, and new lines of the manager's. A missing file is empty. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { NniLogs } from '../../model/nni/nniLogs.ts';
import { experimentLayout } from '../storage/layout.ts';

export const managerLogName = 'nnimanager.log';
export const dispatcherLogName = 'dispatcher.log';

/** Bytes at the end of a log that are searched for the last error. */
const endBytes = 64 * 1024;
/** Bytes of one read. */
const chunkBytes = 1024 * 1024;

/** Reads the ends of both logs. */
export function readLogEnds(directory: string): NniLogs {
  const end = (name: string) => readPiece(directory, name, (size) => size - endBytes, endBytes).toString();
  return { dispatcher: end(dispatcherLogName), manager: end(managerLogName) };
}

/** Reads the manager's log from its beginning to its end, and later from there on. */
export class ManagerLogReader {
  #directory: string;
  #offset = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Yields new whole lines, piece by piece, as a log may be large. */
  *pieces(): Generator<string> {
    for (;;) {
      const piece = readPiece(this.#directory, managerLogName, () => this.#offset, chunkBytes);
      const end = piece.lastIndexOf('\n') + 1;
      // An unfinished line comes again. A line longer than a piece is skipped.
      if (end === 0 && piece.length < chunkBytes) return;
      this.#offset += end || piece.length;
      // The ids and words that readers look for are ASCII.
      if (end > 0) yield piece.toString('latin1', 0, end);
    }
  }
}

function readPiece(directory: string, name: string, from: (size: number) => number, length: number): Buffer {
  const file = openLog(directory, name);
  if (file === undefined) return Buffer.alloc(0);
  try {
    const buffer = Buffer.alloc(length);
    const bytes = readSync(file, buffer, 0, length, Math.max(0, from(fstatSync(file).size)));
    return buffer.subarray(0, bytes);
  } catch {
    return Buffer.alloc(0);
  } finally {
    closeSync(file);
  }
}

/** Opens a log that lies in the experiment's real folder. A copied experiment may have a link to elsewhere, or a pipe, in its place. */
function openLog(directory: string, name: string): number | undefined {
  try {
    const path = realpathSync(join(experimentLayout.logs(directory), name));
    if (!path.startsWith(realpathSync(directory) + sep)) return undefined;
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
  } catch {
    // There is no such log, or it can't be read.
  }
  return undefined;
}
