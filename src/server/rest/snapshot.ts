/** Everything about one experiment at one revision, whole or line by line. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExperimentSnapshot, SnapshotPart } from '../../model/experiment/experiment.ts';
import type { ExperimentSource } from '../sources/source.ts';

/** What one line holds at most: written or read, it takes a few milliseconds, in which nobody else is answered. */
const trialsPerLine = 200;
const metricsPerLine = 2000;

export function snapshotOf(source: ExperimentSource): ExperimentSnapshot {
  const { trials } = source;
  return { ...beginningOf(source), trials: trials.rows(), metrics: trials.columns() };
}

/** JSON lines: a snapshot without trials and metrics, then {@link SnapshotPart}s that hold them. */
export async function* snapshotLines(source: ExperimentSource): AsyncGenerator<string> {
  const { trials } = source;
  const beginning = beginningOf(source);
  // Of the same revision, although it is written later: rows are copies, and metrics are only ever added.
  const rows = trials.rows();
  const count = trials.metricCount;
  yield line({ ...beginning, trials: [], metrics: trials.columns(0, 0) });
  for (let from = 0; from < rows.length; from += trialsPerLine) {
    await turn();
    yield line({ trials: rows.slice(from, from + trialsPerLine) });
  }
  for (let from = 0; from < count; from += metricsPerLine) {
    await turn();
    yield line({ metrics: trials.columns(from, Math.min(count, from + metricsPerLine)) });
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
