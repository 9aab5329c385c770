/** Finds the Node that runs the manager and the runners: they need `node:sqlite`. */
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagerStartError } from './errors.ts';

/**
 * Path of a Node that has `node:sqlite` without a flag: this process's own (VS Code's included), else the `node` package in a
 * `node_modules` at or above `folder`.
 *
 * @throws ManagerStartError that names the Node to install
 */
export function nodeForProcesses(folder: string): string {
  if (hasSqlite()) return process.execPath;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'node_modules', 'node', 'bin', program);
    if (existsSync(path)) return path;
    if (dirname(at) === at) break;
  }
  const what = process.versions.electron ? 'This version of VS Code' : `Node ${process.versions.node}`;
  const remedy = process.versions.electron ? 'Update VS Code.' : 'Install Node 22.13 or newer.';
  throw new ManagerStartError('this machine', `${what} has no SQLite, which experiments are stored in. ${remedy}`);
}

function hasSqlite(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  // `node:sqlite` needs a flag before 22.13 and 23.4.
  const unflagged = major > 23 || (major === 23 ? minor >= 4 : major === 22 && minor >= 13);
  return unflagged && isBuiltin('node:sqlite');
}

/** The environment in which a program from {@link nodeForProcesses} behaves as Node: VS Code's is Electron. */
export function nodeEnvironment(program: string): Record<string, string> {
  return process.versions.electron && program === process.execPath ? { ELECTRON_RUN_AS_NODE: '1' } : {};
}

/** Path of this package's `manager.js`: beside the bundle, above the library's bundle, or in the `dist/` of a source tree. */
export function packagedManager(): string {
  const candidates = ['./manager.js', '../manager.js', '../../dist/manager.js'];
  const paths = candidates.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new ManagerStartError(
    'this machine',
    `manager.js is not in ${dirname(paths[0] ?? '')}: Trialdeck is not built.`,
  );
}
