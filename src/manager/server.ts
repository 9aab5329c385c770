/** The front door: one port for all experiments of a folder (`src/wire/routes.ts`). */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { runnerAccesses } from '../model/experiment/runnerAccess.ts';
import { bodyLimits, jsonBodies, unreadBodies } from '../server/rest/bodies.ts';
import { EventStream } from '../server/rest/eventStream.ts';
import { registerExperimentRoutes } from '../server/rest/experimentRoutes.ts';
import { registerNniRoutes, registerReadOnlyRoutes } from '../server/rest/nniRoutes.ts';
import { bearer, isSameToken } from '../server/security/bearer.ts';
import { createBoundedServer, defaultServerLimits, type ServerLimits } from '../server/security/boundedServer.ts';
import { hostCheck } from '../server/security/hostCheck.ts';
import { httpError } from '../server/security/httpError.ts';
import { jsonErrors } from '../server/security/jsonErrors.ts';
import type { ExperimentSource } from '../server/sources/source.ts';
import { isTensorBoardRoute, registerTensorBoardRoutes } from '../server/tensorBoard/routes.ts';
import { TensorBoards } from '../server/tensorBoard/tensorBoards.ts';
import { type LaunchRequest, managerRoutes, nniBase, trialdeckBase } from '../wire/routes.ts';
import type { ManagerInfo } from '../wire/schemas/manager.ts';
import type { Providers } from './providers/providers.ts';
import { proxy } from './proxy.ts';

export interface ManagerServerOptions {
  providers: Providers;
  info: ManagerInfo;
  host: string;
  token: string;
  /** Smaller in tests. */
  limits?: ServerLimits;
  /** Called after the answer to a request to end was sent. */
  shutDown(): void;
  /** Called when a request came in or a stream closed. */
  active(): void;
}

/** Of a config with its search space, and of an environment. */
const launchLimits = bodyLimits(4 * 1024 * 1024, 100_000);

const launchSchema = {
  body: {
    type: 'object',
    required: ['action'],
    properties: {
      action: { type: 'string', enum: ['create', 'resume', 'view'] },
      configFile: { type: 'string', minLength: 1 },
      config: {},
      baseDirectory: { type: 'string', minLength: 1 },
      id: { type: 'string' },
      port: { type: 'integer', minimum: 0, maximum: 65535 },
      debug: { type: 'boolean' },
      runnerAccess: { type: 'string', enum: runnerAccesses },
      environment: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
} as const;

/** Streams and requests under way; a manager with any is not idle. */
export interface ManagerServer {
  server: FastifyInstance;
  connections(): number;
}

export function createManagerServer(options: ManagerServerOptions): ManagerServer {
  const { providers } = options;
  // Values are not converted: "3" is not a number.
  const server = Fastify({
    serverFactory: (handler) => createBoundedServer(options.limits ?? defaultServerLimits()).on('request', handler),
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false } },
  });
  let open = 0;
  const token = bearer((given) => isSameToken(given, options.token), {
    missing: 'This manager asks for a token (Authorization: Bearer …).',
    wrong: 'The token is not the one of this manager.',
  });
  server.addHook('onRequest', hostCheck(options.host));
  server.addHook('onRequest', async (_request, reply) => {
    open++;
    options.active();
    reply.raw.once('close', () => {
      open--;
      options.active();
    });
  });
  jsonErrors(server, token);
  unreadBodies(server);
  server.get(managerRoutes.info, () => {
    const warnings = providers.warnings();
    return warnings.length > 0 ? { ...options.info, warnings } : options.info;
  });
  server.register(async (scope) => {
    scope.addHook('onRequest', token);
    jsonBodies(scope);
    registerManagerRoutes(scope, options);
  });
  const stored = new SourceServers(providers);
  server.register(async (scope) => {
    scope.addHook('onRequest', token);
    // The proxy passes bodies on as they come, so no parser may read them first.
    unreadBodies(scope);
    registerExperimentProxy(scope, providers, stored);
  });
  server.addHook('onClose', () => stored.dispose());
  return { server, connections: () => open };
}

/** The manager's own routes, all but `info`. */
function registerManagerRoutes(server: FastifyInstance, options: ManagerServerOptions): void {
  const { providers } = options;
  server.get(managerRoutes.experiments, () => providers.list());
  server.post<{ Body: LaunchRequest }>(
    managerRoutes.experiments,
    { ...launchLimits, schema: launchSchema },
    ({ body }) => providers.launch(body),
  );
  server.delete<{ Params: { id: string } }>(`${managerRoutes.experiments}/:id`, async ({ params }, reply) => {
    await providers.delete(params.id);
    return reply.code(204).send();
  });
  server.post(managerRoutes.shutdown, (_request, reply) => {
    reply.raw.once('close', () => options.shutDown());
    return reply.code(202).send({});
  });
  server.get(managerRoutes.events, (_request, reply) => {
    const stream = new EventStream(reply);
    stream.send('list', providers.list());
    const warnings = providers.warnings();
    if (warnings.length > 0) stream.send('warnings', warnings);
    const listening = providers.listen(({ event, data }) => stream.send(event, data));
    stream.onClose(() => listening.dispose());
    return reply;
  });
}

/** Every experiment's routes, answered by its runner, by a living NNI or from its database. */
function registerExperimentProxy(server: FastifyInstance, providers: Providers, stored: SourceServers): void {
  const experiment = async (request: FastifyRequest<{ Params: { id: string; '*': string } }>, reply: FastifyReply) => {
    const { id, '*': rest } = request.params;
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    // Pass the rest on as it was sent: decoding and encoding it again could change it.
    const path = `/${request.url.split('?')[0]?.split('/').slice(3).join('/') ?? rest}${query}`;
    return answer(id, request, reply, path);
  };
  const answer = async (
    id: string,
    request: FastifyRequest,
    reply: FastifyReply,
    path: string,
    isAgain = false,
  ): Promise<FastifyReply> => {
    const process = providers.of(id)?.process(id);
    if (process?.kind === 'runner') {
      // A runner that ends closes its port a moment before its end is noticed here.
      return proxy(request, reply, { port: process.port, token: process.token, path }, (code) => {
        if (code === 'ECONNREFUSED') return stored.answer(id, request, reply, path);
        return code === 'ECONNRESET' && !isAgain ? answer(id, request, reply, path, true) : undefined;
      });
    }
    if (process && !answeredHere(request.method, path))
      return proxy(request, reply, { port: process.port, path: process.prefix + path });
    return stored.answer(id, request, reply, path);
  };
  server.route({ method: ['GET', 'POST', 'PUT', 'DELETE'], url: '/experiments/:id/*', handler: experiment });
}

/**
 * The requests that a living NNI does not get: our own routes, which it does not know; those it would answer from a wrong record; and
 * TensorBoard, for which it looks in folders that its trials do not write to.
 */
function answeredHere(method: string, path: string): boolean {
  if (path.startsWith(trialdeckBase) || isTensorBoardRoute(path)) return true;
  const truth = /^\/(?:trial-jobs|job-statistics|export-data)(?:[/?]|$)/;
  return method === 'GET' && path.startsWith(nniBase) && truth.test(path.slice(nniBase.length));
}

/** A small server per stored experiment, reached without a socket: the same routes as a runner's, over the database. */
class SourceServers {
  #providers: Providers;
  #servers = new WeakMap<ExperimentSource, FastifyInstance>();
  /** By experiment. A server stays while its database is closed and opened again. */
  #boards = new Map<string, TensorBoards>();

  constructor(providers: Providers) {
    this.#providers = providers;
    providers.listen(({ event, data }) => {
      // A runner has TensorBoards of its own.
      if (event === 'removed' || (event === 'experiment' && data.live && data.engine === 'trialdeck'))
        void this.#boards.get(data.id)?.dispose();
      else return;
      this.#boards.delete(data.id);
    });
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#boards.values()].map((boards) => boards.dispose()));
  }

  async answer(id: string, request: FastifyRequest, reply: FastifyReply, path: string): Promise<FastifyReply> {
    const source = this.#providers.of(id)?.source(id);
    if (!source) throw httpError(404, `There is no experiment ${id} here.`);
    let server = this.#servers.get(source);
    if (!server) {
      server = Fastify({ forceCloseConnections: true });
      jsonErrors(server);
      jsonBodies(server);
      registerNniRoutes(server, source);
      registerExperimentRoutes(server, source);
      let boards = this.#boards.get(id);
      if (!boards) {
        boards = new TensorBoards();
        this.#boards.set(id, boards);
      }
      registerTensorBoardRoutes(server, source, boards);
      registerReadOnlyRoutes(server, () => readOnlyReason(source.summary()));
      await server.ready();
      this.#servers.set(source, server);
    }
    reply.hijack();
    // Fastify routes by the raw request: hand it on with the path below the experiment.
    request.raw.url = path;
    server.routing(request.raw, reply.raw);
    return reply;
  }
}

function readOnlyReason(summary: ExperimentSummary): string {
  return summary.live
    ? `Experiment ${summary.id} is run by a manager that does not answer.`
    : `Experiment ${summary.id} is not running; resume it to change it.`;
}
