/** NNI's changing routes (`ts/nni_manager/rest_server/restHandler.ts`), with the checks that NNI lacks. */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { isObject } from '../../model/json/isObject.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import { bodyLimits, jsonTextBodies } from '../../server/rest/bodies.ts';
import { httpError } from '../../server/security/httpError.ts';
import { nniBase } from '../../wire/routes.ts';
import type { ExperimentLifecycle } from '../lifecycle.ts';
import { readImportBody } from './importBody.ts';
import { readUpdate } from './profileUpdate.ts';

const mebibyte = 1024 * 1024;
/** Of one trial's parameters. */
const trialLimits = bodyLimits(mebibyte, 10_000);
/** Of an experiment's profile: its search space may have long lists of choices. */
const profileLimits = bodyLimits(4 * mebibyte, 50_000);
/** Of imported results. They are read piece by piece. */
const importLimits = { bodyLimit: 32 * mebibyte };

export interface WriteRoutesOptions {
  /** Undefined for an experiment that is only viewed. */
  experiment: ExperimentLifecycle | undefined;
  /** Begins to end the runner; the request is answered first. */
  shutDown(): void;
}

export function registerWriteRoutes(server: FastifyInstance, options: WriteRoutesOptions): void {
  const running = (): ExperimentLifecycle => {
    if (!options.experiment) throw httpError(409, 'This experiment is only viewed; resume it to change it.');
    return options.experiment;
  };

  server.post(`${nniBase}/experiment`, profileLimits, () => {
    // NNI would start again here and forget the running experiment.
    throw httpError(409, 'The experiment has been started already.');
  });

  server.put(`${nniBase}/experiment`, profileLimits, async (request, reply) => {
    const { update_type: type } = request.query as { update_type?: unknown };
    await running().update(readUpdate(type, request.body));
    return empty(reply);
  });

  server.delete(`${nniBase}/experiment`, (_request, reply) => {
    reply.raw.once('close', () => options.shutDown());
    return empty(reply.header('connection', 'close'));
  });

  server.put(`${nniBase}/experiment/cluster-metadata`, (request, reply) => {
    if (isObject(request.body) && Object.keys(request.body).length === 0) return empty(reply);
    throw httpError(400, 'Cluster metadata belongs to the old configuration format and has no meaning here.');
  });

  server.register(async (scope) => {
    jsonTextBodies(scope);
    scope.post<{ Body: string }>(`${nniBase}/experiment/import-data`, importLimits, async ({ body }, reply) => {
      running();
      const { results, data } = await readImportBody(body);
      running().importData(results, data);
      return empty(reply);
    });
  });

  server.post(`${nniBase}/trial-jobs`, trialLimits, (request) => {
    if (!isObject(request.body)) throw httpError(400, 'The body must be the parameters: a JSON object.');
    return { sequenceId: running().addTrial(request.body as Parameters) };
  });

  server.delete(`${nniBase}/trial-jobs/:id`, async (request, reply) => {
    const { id } = request.params as { id: string };
    await running().cancelTrial(id);
    return empty(reply);
  });
}

function empty(reply: FastifyReply): FastifyReply {
  return reply.code(200).send();
}
