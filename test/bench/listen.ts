/** Reads the events of a stream, with their arrival times. */
import { createParser } from 'eventsource-parser';
import type { ExperimentChange } from '../../src/model/experiment/experiment.ts';
import { experimentRoutes } from '../../src/wire/routes.ts';

/** A metric whose value is the time of its report. Times in epoch milliseconds. */
export interface Point {
  reported: number;
  arrived: number;
}

/** Yields the stream's metrics until it is stopped. */
export async function listen(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Point[]> {
  const points: Point[] = [];
  const parser = createParser({
    onEvent({ event, data }) {
      const arrived = performance.timeOrigin + performance.now();
      if (event !== 'change') return;
      const { metrics } = JSON.parse(data) as ExperimentChange;
      for (const point of metrics ?? []) {
        // Skip reports from before the stream was open: their latency has no meaning.
        if (point.type === 'PERIODICAL' && point.sequence > 5) points.push({ reported: Number(point.data), arrived });
      }
    },
  });
  try {
    const snapshot = await fetch(url.replace(experimentRoutes.events, experimentRoutes.snapshot), { headers, signal });
    const { session, revision } = (await snapshot.json()) as { session: string; revision: number };
    const response = await fetch(`${url}?session=${session}&since=${revision}`, { headers, signal });
    if (!response.ok || !response.body) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    const decoder = new TextDecoder();
    for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return points;
}
