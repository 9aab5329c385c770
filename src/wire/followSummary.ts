/** Follows the summary of an experiment on a Trialdeck server. Client and manager use it over different connections. */
import type { Readable } from 'node:stream';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { readEvents } from './eventStream.ts';
import { BodyError } from './readBody.ts';
import { changeSchema } from './schemas/experiment.ts';
import { parse } from './schemas/schema.ts';

/** The events of an experiment's stream that a reader handles. */
export const experimentEvents = ['change', 'reset'] as const;

export interface SummarySource {
  /** Opens the event stream of summaries: `experimentRoutes.events` with `only=summary`. */
  openEvents(signal: AbortSignal): Promise<Readable>;
  readSummary(signal: AbortSignal): Promise<ExperimentSummary>;
}

/**
 * Calls `onSummary` first with the summary as it is, and whenever it has changed. Resolves when the server ends or resets the stream.
 *
 * @throws BodyError for a fault of the stream, what the source throws, the signal's reason
 */
export async function followSummary(
  source: SummarySource,
  onSummary: (summary: ExperimentSummary) => void,
  options: { signal: AbortSignal; silenceTimeoutMs?: number | undefined },
): Promise<void> {
  const { signal, silenceTimeoutMs } = options;
  const end = new AbortController();
  const either = AbortSignal.any([signal, end.signal]);
  let told = false;
  let failure: unknown;
  const tell = (summary: ExperimentSummary): void => {
    told = true;
    onSummary(summary);
  };
  try {
    // Open the stream before reading the summary, so that no change in between is missed.
    const body = await source.openEvents(either);
    source
      .readSummary(either)
      .then((summary) => {
        if (!told && !either.aborted) tell(summary);
      })
      .catch((error: unknown) => {
        failure = error;
        end.abort();
      });
    for await (const { name, data, text } of readEvents(body, {
      names: experimentEvents,
      silenceTimeoutMs,
      abort: () => end.abort(),
    })) {
      if (name === 'reset') return;
      const change = parse(changeSchema, data);
      if (!change) throw new BodyError('garbled', 'sent a change that makes no sense.', { excerpt: text });
      if (change.summary) tell(change.summary);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failure ?? error;
  } finally {
    end.abort();
  }
}
