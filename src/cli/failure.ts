/** How a command ends when it does not end well. */

import type { ConfigProblem } from '../model/config/config.ts';

/** Exit codes: 0 it went well, 1 it did not, 2 it was called wrongly. */
export const exitCodes = { ok: 0, failure: 1, usage: 2 } as const;

/** Something that was asked for can't be done; the message says why and what to do. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}

/** A file a person wrote is not right: each problem is shown at its place. */
export class FileFailure extends CommandFailure {
  readonly problems: readonly ConfigProblem[];
  /** What this led to: `nothing was changed`. */
  readonly outcome: string;

  constructor(message: string, problems: readonly ConfigProblem[], outcome: string) {
    super(message);
    this.name = 'FileFailure';
    this.problems = problems;
    this.outcome = outcome;
  }
}
