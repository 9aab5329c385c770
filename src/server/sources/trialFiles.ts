/** The files a trial wrote, wherever it runs. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type ConfinedFolder,
  type FileRange,
  type FileSlice,
  openConfined,
  realFolder,
} from '../storage/confinedFile.ts';
import { StorageError } from '../storage/storageError.ts';

export interface TrialFile {
  /** Relative to the trial's folder, with `/` between folders. */
  name: string;
  bytes: number;
}

export interface TrialFiles {
  /** Lists all files, in order of name; empty for a trial that wrote none. */
  list(): Promise<TrialFile[]>;
  /**
   * Opens a file by its name or NNI's short name (`stdout`, `stderr`).
   *
   * @throws StorageError `missing` when the trial has no such file
   */
  read(name: string, range?: FileRange): Promise<FileSlice>;
}

/** The files of a trial, or of an experiment's log, in a folder of this machine. */
export function filesInFolder(place: ConfinedFolder): TrialFiles {
  return {
    list: async () => {
      const files: TrialFile[] = [];
      const folder = await realFolder(place).catch(() => undefined);
      if (folder === undefined) return files;
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const found = await stat(path).catch(() => undefined);
        if (found) files.push({ name: relative(folder, path).split(sep).join('/'), bytes: found.size });
      }
      return files.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read: (name, range) => openConfined(place, name, range),
  };
}

/** Reads the last bytes of a file as text; empty where the trial has no such file. */
export async function readTail(files: TrialFiles, name: string, maxBytes: number): Promise<string> {
  try {
    return await text((await files.read(name, { tail: maxBytes })).stream);
  } catch (error) {
    if (error instanceof StorageError) return '';
    throw error;
  }
}
