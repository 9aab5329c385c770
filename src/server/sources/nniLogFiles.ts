/** The logs of NNI's manager and dispatcher: their ends, and what has been appended to one. Missing files are empty. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { NniLogs } from '../../model/nni/nniLogs.ts';
import { experimentLayout } from '../storage/layout.ts';

export const managerLogName = 'nnimanager.log';
export const dispatcherLogName = 'dispatcher.log';

/** Bytes of a log that are looked at for the last error. */
const endBytes = 64 * 1024;
/** Bytes read at once. */
const chunkBytes = 1024 * 1024;

/** The ends of both. */
export function readLogEnds(directory: string): NniLogs {
  const end = (name: string) =>
    readPiece(join(experimentLayout.logs(directory), name), (size) => size - endBytes, endBytes).toString();
  return { dispatcher: end(dispatcherLogName), manager: end(managerLogName) };
}

/** Reads the manager's log once from its beginning to its end, and on from there when asked again. */
export class ManagerLogReader {
  #path: string;
  #offset = 0;

  constructor(directory: string) {
    this.#path = join(experimentLayout.logs(directory), managerLogName);
  }

  /** Whole lines that are new, piece by piece: a log may be larger than memory is worth. */
  *pieces(): Generator<string> {
    for (;;) {
      const piece = readPiece(this.#path, () => this.#offset, chunkBytes);
      const end = piece.lastIndexOf('\n') + 1;
      // A line that has no end yet comes again; one that is longer than a piece is nothing of interest.
      if (end === 0 && piece.length < chunkBytes) return;
      this.#offset += end || piece.length;
      // Ids, and the words that are looked for, are ASCII.
      if (end > 0) yield piece.toString('latin1', 0, end);
    }
  }
}

function readPiece(path: string, from: (size: number) => number, length: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
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
