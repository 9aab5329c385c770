/**
 * NNI's reading routes (ts/nni_manager/rest_server/restHandler.ts), over any source. Shapes are NNI's to the letter, because its Python
 * client rejects unknown ones. Where NNI hangs or answers HTML, these routes answer 404 or 400 with the reason.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { MetricType } from '../../model/trial/trial.ts';
import { nniBase } from '../../wire/routes.ts';
import { httpError } from '../security/httpError.ts';
import { type ExperimentSource, hasTrialFolder } from '../sources/source.ts';
import { filesInFolder, type TrialFiles } from '../sources/trialFiles.ts';
import { experimentLayout } from '../storage/layout.ts';
import { unreadBodies } from './bodies.ts';

/** The release whose interface this is; `/version` answers with it. */
const nniVersion = '3.0.0';

interface FileQuery {
  /** Only the last bytes. */
  tail?: number;
  /** Only the bytes from this one on. */
  offset?: number;
}

const fileQuery = {
  type: 'object',
  properties: { tail: { type: 'integer', minimum: 0 }, offset: { type: 'integer', minimum: 0 } },
} as const;

export function registerNniRoutes(server: FastifyInstance, source: ExperimentSource): void {
  const get = server.get.bind(server);

  // NNI sends the bare text; its clients read it as text.
  get(`${nniBase}/version`, (_request, reply) => reply.type('application/json').send(nniVersion));
  get(`${nniBase}/check-status`, () => {
    const { status, errors } = source.summary();
    return { status, errors };
  });
  get(`${nniBase}/experiment`, () => source.profile());
  get(`${nniBase}/experiment/imported-data`, () => source.imported());
  get(`${nniBase}/experiment-metadata`, async () => {
    const { id, sdk } = source.summary();
    const entry = (await source.manifest()).find((candidate) => candidate.id === id);
    if (!entry) throw httpError(404, `Experiment ${id} is not in the list of experiments.`);
    return sdk ? { ...entry, sdk } : entry;
  });
  get(`${nniBase}/experiments-info`, () => source.manifest());
  get(`${nniBase}/job-statistics`, () => source.trials.statistics());
  get<{ Querystring: { status?: string } }>(`${nniBase}/trial-jobs`, ({ query }) => source.trials.jobs(query.status));
  get<{ Params: { id: string } }>(`${nniBase}/trial-jobs/:id`, ({ params }) => {
    const job = source.trials.job(params.id);
    if (!job) throw httpError(404, `There is no trial ${params.id}.`);
    return job;
  });
  get<{ Querystring: { type?: string } }>(`${nniBase}/metric-data`, ({ query }) =>
    source.trials.metrics(undefined, metricType(query.type)),
  );
  get<{ Params: { id: string }; Querystring: { type?: string } }>(`${nniBase}/metric-data/:id`, ({ params, query }) =>
    source.trials.metrics(params.id, metricType(query.type)),
  );
  get<{ Params: { min: string; max: string } }>(`${nniBase}/metric-data-range/:min/:max`, ({ params }) => {
    const [min, max] = [Number(params.min), Number(params.max)];
    if (!Number.isInteger(min) || !Number.isInteger(max))
      throw httpError(400, 'The range must be two whole trial numbers.');
    return source.trials.metricRange(min, max);
  });
  get(`${nniBase}/metric-data-latest`, () => source.trials.latestMetrics());
  get(`${nniBase}/export-data`, () => source.trials.exportData());
  get<{ Params: { id: string; name: string }; Querystring: FileQuery }>(
    `${nniBase}/trial-file/:id/:name`,
    { schema: { querystring: fileQuery } },
    ({ params, query }, reply) => {
      if (!hasTrialFolder(source, params.id)) throw httpError(404, `There is no trial ${params.id}.`);
      return sendFile(reply, source.files(params.id), params.name, query);
    },
  );
  get<{ Params: { name: string }; Querystring: FileQuery }>(
    '/logs/:name',
    { schema: { querystring: fileQuery } },
    ({ params, query }, reply) => {
      const place = { folder: experimentLayout.logs(source.directory), within: source.directory };
      return sendFile(reply, filesInFolder(place), params.name, query);
    },
  );
}

function metricType(text: string | undefined): MetricType | undefined {
  if (text === undefined || text === 'PERIODICAL' || text === 'FINAL') return text;
  throw httpError(400, `A metric's type is PERIODICAL or FINAL, not ${text}.`);
}

async function sendFile(reply: FastifyReply, files: TrialFiles, name: string, query: FileQuery): Promise<FastifyReply> {
  const file = await files.read(name, query);
  reply.header('x-trialdeck-size', file.size).header('x-trialdeck-start', file.start);
  reply.type(file.text ? 'text/plain; charset=utf-8' : 'application/octet-stream');
  // NNI sends this sentence for an empty file (restHandler.ts). For a range, an empty answer is right.
  if (file.size === 0 && query.tail === undefined && query.offset === undefined) return reply.send(`${name} is empty.`);
  return reply.send(file.stream);
}

/** NNI's changing routes of an experiment that is not running: each answers 409 with `reason`. */
export function registerReadOnlyRoutes(server: FastifyInstance, reason: () => string): void {
  const refuse = () => {
    throw httpError(409, reason());
  };
  server.register(async (scope) => {
    unreadBodies(scope);
    scope.post(`${nniBase}/experiment`, refuse);
    scope.put(`${nniBase}/experiment`, refuse);
    scope.delete(`${nniBase}/experiment`, refuse);
    scope.put(`${nniBase}/experiment/cluster-metadata`, refuse);
    scope.post(`${nniBase}/experiment/import-data`, refuse);
    scope.post(`${nniBase}/trial-jobs`, refuse);
    scope.delete(`${nniBase}/trial-jobs/:id`, refuse);
  });
}
