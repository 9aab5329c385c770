/** Who may ask a runner at its own port. */

/** What a runner does with requests of which the machine does not tell whose they are. */
export const runnerAccesses = ['refuse', 'allow'] as const;
export type RunnerAccess = (typeof runnerAccesses)[number];
