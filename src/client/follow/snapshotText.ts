/** Reads a snapshot line by line: parsing thousands of trials at once would block the extension host. */
import type { ExperimentSnapshot } from '../../model/experiment/experiment.ts';
import { JsonLimitError, parseJson } from '../../model/json/parseJson.ts';
import { MetricTable } from '../../model/trial/metricColumns.ts';
import { maxListRecords, maxTrials } from '../../wire/limits.ts';
import { BodyError } from '../../wire/readBody.ts';
import { snapshotPartSchema, snapshotSchema } from '../../wire/schemas/experiment.ts';
import { parse } from '../../wire/schemas/schema.ts';

/**
 * Reads the lines of an {@link ExperimentSnapshot} and its SnapshotParts.
 *
 * @returns undefined when the first line is not a snapshot
 * @throws BodyError when a line is not JSON or there are too many trials or metrics; the signal's reason; the errors of `lines`
 */
export async function readSnapshot(
  lines: AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<ExperimentSnapshot | undefined> {
  let snapshot: ExperimentSnapshot | undefined;
  const table = new MetricTable();
  for await (const line of lines) {
    signal?.throwIfAborted();
    const value = parseLine(line);
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
    if (snapshot.trials.length > maxTrials || table.length > maxListRecords) {
      throw new BodyError('large', 'sent more trials or metrics than can be shown.');
    }
  }
  return snapshot;
}

function parseLine(line: string): unknown {
  if (/^\s*</.test(line)) {
    const explanation = 'answered with a web page instead of data, so it does not have this.';
    throw new BodyError('garbled', explanation, { excerpt: line });
  }
  try {
    return parseJson(line);
  } catch (error) {
    const explanation =
      error instanceof JsonLimitError
        ? `sent a snapshot that can't be read. ${error.message}`
        : 'answered text that is no valid JSON; it may have been cut off.';
    throw new BodyError('garbled', explanation, { excerpt: line });
  }
}
