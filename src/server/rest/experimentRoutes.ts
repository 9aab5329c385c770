/** Our own routes of one experiment: summary, snapshot and the event stream (`src/wire/routes.ts`). */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ExperimentChange } from '../../model/experiment/experiment.ts';
import { experimentRoutes } from '../../wire/routes.ts';
import type { ExperimentSource } from '../sources/source.ts';
import { EventStream } from './eventStream.ts';
import { snapshotLines, snapshotOf } from './snapshot.ts';

export function registerExperimentRoutes(server: FastifyInstance, source: ExperimentSource): void {
  server.get(experimentRoutes.summary, () => source.summary());
  server.get<{ Querystring: { lines?: boolean } }>(
    experimentRoutes.snapshot,
    { schema: { querystring: { type: 'object', properties: { lines: { type: 'boolean' } } } } },
    ({ query }, reply) =>
      query.lines ? reply.type('application/x-ndjson').send(Readable.from(snapshotLines(source))) : snapshotOf(source),
  );
  server.get<{ Querystring: { session?: string; since?: number; only?: string } }>(
    experimentRoutes.events,
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            session: { type: 'string' },
            since: { type: 'integer' },
            only: { type: 'string', enum: ['summary'] },
          },
        },
      },
    },
    ({ query }, reply) => {
      const { changes } = source;
      const stream = new EventStream(reply);
      // Without a revision to go on from, the stream begins now.
      const missed = query.session === undefined ? [] : changes.since(query.session, query.since ?? 0);
      if (!missed) {
        stream.send('reset', {});
        stream.end();
        return reply;
      }
      const send = (change: ExperimentChange) => {
        if (query.only === 'summary') {
          if (change.summary)
            stream.send('change', { revision: change.revision, summary: change.summary }, change.revision);
        } else stream.send('change', change, change.revision);
      };
      for (const change of missed) send(change);
      const listening = changes.listen({ change: send, ended: () => stream.end() });
      stream.onClose(() => listening.dispose());
      return reply;
    },
  );
}
