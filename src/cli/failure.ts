/** Errors that end a command with a message, and exit codes. */

import type { ConfigProblem } from '../model/config/config.ts';

/** Exit codes: 0 success, 1 failure, 2 wrong usage. */
export const exitCodes = { ok: 0, failure: 1, usage: 2 } as const;

/** A command can't do what was asked. The message says why and what to do. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

/** A person's file has mistakes. Each is shown at its place. */
export class FileFailure extends CommandFailure {
  readonly problems: readonly ConfigProblem[];
  /** The consequence: `nothing was changed`. */
  readonly outcome: string;

  constructor(message: string, problems: readonly ConfigProblem[], outcome: string) {
    super(message);
    this.name = 'FileFailure';
    this.problems = problems;
    this.outcome = outcome;
  }
}
