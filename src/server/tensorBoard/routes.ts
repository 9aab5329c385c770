/** NNI's routes of TensorBoard (ts/nni_manager/rest_server/restHandler.ts), over any source. */
import { existsSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { shorten } from '../../model/text/shorten.ts';
import { nniBase } from '../../wire/routes.ts';
import { bodyLimits } from '../rest/bodies.ts';
import { httpError } from '../security/httpError.ts';
import { type ExperimentSource, hasTrialFolder } from '../sources/source.ts';
import type { TensorBoards, WantedTrial } from './tensorBoards.ts';

/** Whether a path below an experiment's root is one of these routes. */
export function isTensorBoardRoute(path: string): boolean {
  return path.startsWith(`${nniBase}/tensorboard`);
}

/** Of a list of trial ids. */
const trialsLimits = bodyLimits(1024 * 1024, 10);

export function registerTensorBoardRoutes(
  server: FastifyInstance,
  source: ExperimentSource,
  boards: TensorBoards,
): void {
  const task = `${nniBase}/tensorboard/:id`;
  server.get(`${nniBase}/tensorboard-tasks`, () => boards.list());
  server.delete(`${nniBase}/tensorboard-tasks`, async (_request, reply) => {
    await boards.stopAll();
    return reply.send();
  });
  server.post<{ Body: unknown }>(`${nniBase}/tensorboard`, trialsLimits, ({ body }) =>
    boards.start(wantedTrials(source, body), runsOf(source)),
  );
  server.get<{ Params: { id: string } }>(task, ({ params }) => boards.get(params.id));
  server.put<{ Params: { id: string } }>(task, ({ params }) => boards.refresh(params.id));
  server.delete<{ Params: { id: string } }>(task, ({ params }) => boards.stop(params.id));
}

function wantedTrials(source: ExperimentSource, body: unknown): WantedTrial[] {
  const ids = body !== null && typeof body === 'object' && 'trials' in body ? body.trials : undefined;
  if (typeof ids !== 'string' || ids === '')
    throw httpError(400, 'The body must name the trials: { "trials": "id1,id2" }.');
  return [...new Set(ids.split(','))].map((id) => {
    const row = hasTrialFolder(source, id) ? source.trials.row(id) : undefined;
    if (!row) throw httpError(404, `There is no trial ${shorten(id, 100)}.`);
    return { id, name: `${row.number} ${id}`, folder: source.trialDirectory(id), within: source.directory };
  });
}

/** How the trials run. The config of a stored experiment may be of any age, and its folder of another machine. */
function runsOf(source: ExperimentSource): { trialCommand: string; cwd: string; env: NodeJS.ProcessEnv } {
  const { trialCommand, trialCodeDirectory, trainingService } = source.profile().params as {
    trialCommand?: unknown;
    trialCodeDirectory?: unknown;
    trainingService?: { trialCommand?: unknown; trialCodeDirectory?: unknown };
  };
  const command = trialCommand ?? trainingService?.trialCommand;
  const folder = trialCodeDirectory ?? trainingService?.trialCodeDirectory;
  return {
    trialCommand: typeof command === 'string' ? command : '',
    cwd: typeof folder === 'string' && existsSync(folder) ? folder : source.directory,
    env: process.env,
  };
}
