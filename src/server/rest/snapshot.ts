/** A snapshot of an experiment at one revision, whole or line by line. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExperimentSnapshot, SnapshotPart } from '../../model/experiment/experiment.ts';
import type { ExperimentSource } from '../sources/source.ts';

/** Limits of one line: writing or reading it blocks the process for a few milliseconds. */
const maxTrialsPerLine = 200;
const maxMetricsPerLine = 2000;

export function snapshotOf(source: ExperimentSource): ExperimentSnapshot {
  const { trials } = source;
  return { ...beginningOf(source), trials: trials.rows(), metrics: trials.columns() };
}

/** Yields JSON lines: a snapshot without trials and metrics, then {@link SnapshotPart}s that hold them. */
export async function* snapshotLines(source: ExperimentSource): AsyncGenerator<string> {
  const { trials } = source;
  const beginning = beginningOf(source);
  // Later lines stay at the same revision: rows are copies, and metrics are only appended.
  const rows = trials.rows();
  const count = trials.metricCount;
  yield line({ ...beginning, trials: [], metrics: trials.columns(0, 0) });
  for (let from = 0; from < rows.length; from += maxTrialsPerLine) {
    await turn();
    yield line({ trials: rows.slice(from, from + maxTrialsPerLine) });
  }
  for (let from = 0; from < count; from += maxMetricsPerLine) {
    await turn();
    yield line({ metrics: trials.columns(from, Math.min(count, from + maxMetricsPerLine)) });
  }
}

function line(value: ExperimentSnapshot | SnapshotPart): string {
  return `${JSON.stringify(value)}\n`;
}

function beginningOf(source: ExperimentSource): Omit<ExperimentSnapshot, 'trials' | 'metrics'> {
  const { changes } = source;
  return {
    session: changes.session,
    revision: changes.revision,
    summary: source.summary(),
    config: source.profile().params,
  };
}
