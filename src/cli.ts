#!/usr/bin/env node
/** `trialdeck`: nnictl's grammar on the embedded manager. */
import { runOnOwnNode } from './cli/ownNode.ts';
import { run } from './cli/program.ts';

async function main(): Promise<void> {
  // Not process.exit: what is still being written to a pipe would be lost.
  process.exitCode = (await runOnOwnNode(process.argv)) ?? (await run(process.argv));
}

void main();
