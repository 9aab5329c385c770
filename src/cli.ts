#!/usr/bin/env node
/** `trialdeck`: nnictl's grammar on the embedded manager. */
import { run } from './cli/program.ts';

run(process.argv).then((code) => {
  // Not process.exit: what is still being written to a pipe would be lost.
  process.exitCode = code;
});
