/** Which programs may use a runner's port. */

/** How a runner treats a request when the machine does not tell which user sent it. */
export const runnerAccesses = ['refuse', 'allow'] as const;
export type RunnerAccess = (typeof runnerAccesses)[number];
