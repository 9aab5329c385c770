import type { ConfigProblem } from '../model/config.ts';

/** Why an experiment can't be launched, in words for a person. */
export class LaunchError extends Error {
  readonly problems: ConfigProblem[] | undefined;

  constructor(message: string, problems?: ConfigProblem[]) {
    super(message);
    this.problems = problems;
  }
}
