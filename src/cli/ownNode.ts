/** The Node that runs the command line: one older than the manager needs would write `1.0` as `1`. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeEnvironment, nodeForProcesses } from '../client/nodeProgram.ts';

/** Runs this command line on the manager's Node. Undefined when it runs on it already, or no such Node is found. */
export async function runOnOwnNode(argv: readonly string[]): Promise<number | undefined> {
  let node: string;
  try {
    node = nodeForProcesses(dirname(fileURLToPath(import.meta.url)));
  } catch {
    // Commands that need the manager report the missing Node; help works without it.
    return undefined;
  }
  if (node === process.execPath) return undefined;
  const child = spawn(node, argv.slice(1), { stdio: 'inherit', env: { ...process.env, ...nodeEnvironment(node) } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
