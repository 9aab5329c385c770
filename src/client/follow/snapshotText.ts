/** A snapshot out of its text, line by line: with thousands of trials the whole at once would hold up the extension host. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExperimentSnapshot } from '../../model/experiment/experiment.ts';
import { MetricTable } from '../../model/trial/metricColumns.ts';
import { parse, snapshotPartSchema, snapshotSchema } from '../decode.ts';

/** Undefined when it is none. Throws SyntaxError when a line is no JSON, or the signal's reason. */
export async function readSnapshot(text: string, signal?: AbortSignal): Promise<ExperimentSnapshot | undefined> {
  let snapshot: ExperimentSnapshot | undefined;
  const table = new MetricTable();
  for (let from = 0; from < text.length; ) {
    const found = text.indexOf('\n', from);
    const end = found < 0 ? text.length : found;
    const value: unknown = JSON.parse(text.slice(from, end));
    from = end + 1;
    if (!snapshot) {
      snapshot = parse(snapshotSchema, value);
      if (!snapshot) return undefined;
      table.append(snapshot.metrics);
      snapshot.metrics = table.columns;
    } else {
      const { trials = [], metrics } = parse(snapshotPartSchema, value) ?? {};
      for (const row of trials) snapshot.trials.push(row);
      if (metrics) table.append(metrics);
    }
    await turn();
    signal?.throwIfAborted();
  }
  return snapshot;
}
