import type { ConfigProblem } from '../../model/config/config.ts';

/** A thing that another process or experiment has already. The same launch may succeed later. */
export type LaunchConflict = 'portInUse' | 'held' | 'exists';

/** Why an experiment can't be launched, in words for a person. */
export class LaunchError extends Error {
  readonly code: LaunchConflict | undefined;
  readonly problems: ConfigProblem[] | undefined;

  constructor(message: string, more: { code?: LaunchConflict; problems?: ConfigProblem[] } = {}) {
    super(message);
    this.code = more.code;
    this.problems = more.problems;
  }
}
