/** Looks experiments up across connections. */
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { experimentPhase } from '../model/experiment/experimentPhase.ts';
import type { Connection } from '../store/connection.ts';
import type { Store } from '../store/store.ts';

export interface ExperimentRef {
  connectionId: string;
  experimentId: string;
}
/** An experiment, its summary and its connection. */
export interface Target extends ExperimentRef {
  summary: ExperimentSummary;
}

export function sameExperiment(a: ExperimentRef, b: ExperimentRef): boolean {
  return a.connectionId === b.connectionId && a.experimentId === b.experimentId;
}

/** Every experiment of every connection, running ones first, then the newest. */
export function allExperiments(store: Store): Target[] {
  return store.connections
    .flatMap((connection) =>
      connection.experiments.map((summary) => ({ connectionId: connection.id, experimentId: summary.id, summary })),
    )
    .sort(
      (a, b) =>
        Number(b.summary.live) - Number(a.summary.live) || (b.summary.startTime ?? 0) - (a.summary.startTime ?? 0),
    );
}

/** Experiments launched from this file, running ones first, then the newest. */
export function experimentsOfFile(store: Store, file: string): Target[] {
  return allExperiments(store).filter(
    ({ summary }) => summary.configFile !== undefined && samePath(summary.configFile, file),
  );
}

export function samePath(a: string, b: string): boolean {
  return process.platform === 'win32' ? a.toLowerCase() === b.toLowerCase() : a === b;
}

export function isRunning(summary: ExperimentSummary): boolean {
  const phase = experimentPhase(summary);
  return phase === 'running' || phase === 'finishing' || phase === 'starting' || phase === 'stalled';
}

/** The running experiments of live connections. A lost connection's experiments are unknown. */
export function runningExperiments(
  connections: readonly Pick<Connection, 'status' | 'experiments'>[],
): ExperimentSummary[] {
  return connections.flatMap(({ status, experiments }) =>
    status.state === 'lost' ? [] : experiments.filter(isRunning),
  );
}
