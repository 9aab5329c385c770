/** What a trial of the contract suite does, step by step. Each service under test runs the same program in its own way. */
import { dirname } from 'node:path';

export type Step =
  | { report: number; type?: 'PERIODICAL' | 'FINAL'; sequence?: number }
  /** Waits until the file exists. */
  | { waitFor: string }
  /** Appends the id of its own process, and of a child that never ends, to the file. */
  | { startChild: string }
  /** Appends a line to the error output. */
  | { complain: string }
  | { exit: number };

/** The program as lines for a shell that has `report` of `test/harness/trialCommands.ts`. */
export function shellLines(program: readonly Step[]): string {
  return program
    .map((step) => {
      if ('report' in step) return `report ${step.type ?? 'PERIODICAL'} ${step.report} ${step.sequence ?? 0}`;
      if ('waitFor' in step) {
        // A test that failed has removed the folder.
        return `until [ -e '${step.waitFor}' ]; do [ -d '${dirname(step.waitFor)}' ] || exit 9; sleep 0.02; done`;
      }
      if ('startChild' in step) return `sleep 600 & echo $$ >> '${step.startChild}'; echo $! >> '${step.startChild}'`;
      if ('complain' in step) return `echo '${step.complain}' >&2`;
      return `exit ${step.exit}`;
    })
    .join('\n');
}
