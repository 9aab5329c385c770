/**
 * Node's cache of compiled scripts (`NODE_COMPILE_CACHE`, Node 22.1), which saves manager and runner a third of their start. It lies in a
 * folder that only its user can write: its content is run.
 */
import * as nodeModule from 'node:module';
import { join } from 'node:path';

const variable = 'NODE_COMPILE_CACHE';
/** By then a process has loaded what it needs to start. */
const flushDelayMs = 3000;

/** @param root the experiments folder */
export function compileCacheEnvironment(root: string): Record<string, string> {
  return { [variable]: join(root, '.trialdeck', 'compile-cache') };
}

/** Keeps what this process has compiled for the next start, and the variable from the programs that this process starts. */
export function keepCompileCache(): void {
  if (process.env[variable] === undefined) return;
  delete process.env[variable];
  setTimeout(() => nodeModule.flushCompileCache?.(), flushDelayMs).unref();
}
