/** The files that a config names, on this machine's disk. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { ConfigIo } from '../model/config/readConfig.ts';

export const configFiles: ConfigIo = {
  home: homedir(),
  readText: (path) => readFile(path, 'utf8'),
  kindOf: async (path) => {
    const info = await stat(path).catch(() => undefined);
    return info && (info.isDirectory() ? 'folder' : 'file');
  },
};
