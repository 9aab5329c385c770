/**
 * Our own routes, beside NNI's: their paths and bodies, shared by the servers and the client. NNI's routes are in
 * `src/server/rest/nniRoutes.ts`.
 *
 * A runner serves NNI's routes and `experimentRoutes` at the root of its port. The manager serves the same below
 * `/experiments/<id>` for every experiment of its folder, by proxy while a runner lives and from the database when none
 * does, and `managerRoutes` at its own root. Every error body is `{ "error": string, "problems"?: ConfigProblem[] }`.
 */

import type { RunnerAccess } from '../model/experiment/runnerAccess.ts';

export const nniBase = '/api/v1/nni';
export const trialdeckBase = '/api/v1/trialdeck';

/** Relative to an experiment's root (`http://host:port` of a runner, `…/experiments/<id>` of a manager). */
export const experimentRoutes = {
  /** GET → {@link ExperimentSummary}. */
  summary: `${trialdeckBase}/summary`,
  /** GET → ExperimentSnapshot. `?lines=true`: as lines of JSON, a snapshot first and then SnapshotParts that belong to it. */
  snapshot: `${trialdeckBase}/snapshot`,
  /**
   * GET `?session=S&since=R`, server-sent events: `change` events carry {@link ExperimentChange} with `id:` the revision.
   * When the server no longer knows the session or revision, it sends one `reset` event (`{}`) and ends the stream: read the snapshot
   * again.
   * A comment line every 15 s keeps it open. `?only=summary` sends only changes that have a summary, without trials and metrics.
   */
  events: `${trialdeckBase}/events`,
} as const;

export const managerRoutes = {
  /** GET → {@link ManagerInfo}; needs no token, so that a client can tell which server answers. */
  info: `${trialdeckBase}/manager`,
  /**
   * GET → {@link ExperimentSummary}[]; POST {@link LaunchRequest} → {@link Launched}. DELETE `…/<id>` removes an experiment for good → 204;
   * 409 while it runs or where its folder may not be removed, 404 for an unknown experiment.
   */
  experiments: `${trialdeckBase}/experiments`,
  /** GET, server-sent events of {@link ManagerChange} named `list` (first), `experiment`, `removed` and `warnings`. */
  events: `${trialdeckBase}/manager/events`,
  /** POST → 202; the manager ends, the runners go on. */
  shutdown: `${trialdeckBase}/manager/shutdown`,
} as const;

/** Root of one experiment on a manager; append `nniBase` routes and {@link experimentRoutes}. */
export function experimentRoot(id: string): string {
  return `/experiments/${encodeURIComponent(id)}`;
}

/** Body of POST `managerRoutes.experiments`. Give either `configFile` or `config`; neither for resume and view. */
export interface LaunchRequest {
  action: 'create' | 'resume' | 'view';
  /** Absolute path on the manager's machine. */
  configFile?: string;
  /** A config as written, before defaults; relative paths resolve against `baseDirectory`. */
  config?: unknown;
  baseDirectory?: string;
  /** The experiment to resume or view. */
  id?: string;
  /** Port of the runner's REST; 0 or absent picks a free one. */
  port?: number;
  debug?: boolean;
  /** How the runner treats a request when its machine does not tell which user sent it: `refuse` by default. */
  runnerAccess?: RunnerAccess;
  /** Environment for the runner and its trials, so that a virtual environment of the caller applies. */
  environment?: Record<string, string>;
}

/** Where a manager keeps its lock file, below the experiments folder. */
export const managerLockPath = ['.trialdeck', 'manager.json'] as const;
