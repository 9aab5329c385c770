/** The runner's HTTP server on loopback: NNI's REST and Trialdeck's own routes. */
import { randomBytes } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { RunnerAccess } from '../../model/experiment/runnerAccess.ts';
import { jsonBodies } from '../../server/rest/bodies.ts';
import { registerExperimentRoutes } from '../../server/rest/experimentRoutes.ts';
import { registerNniRoutes } from '../../server/rest/nniRoutes.ts';
import { bearerToken, isSameToken } from '../../server/security/bearer.ts';
import { createBoundedServer, defaultServerLimits, type ServerLimits } from '../../server/security/boundedServer.ts';
import { hostCheck } from '../../server/security/hostCheck.ts';
import { jsonErrors } from '../../server/security/jsonErrors.ts';
import { peerCheck } from '../../server/security/peerCheck.ts';
import type { LiveSource } from '../../server/sources/liveSource.ts';
import { LaunchError } from '../../server/storage/launchError.ts';
import { removeRunnerToken, writeRunnerToken } from '../../server/storage/runnerToken.ts';
import { registerTensorBoardRoutes } from '../../server/tensorBoard/routes.ts';
import { TensorBoards } from '../../server/tensorBoard/tensorBoards.ts';
import type { ExperimentLifecycle } from '../lifecycle.ts';
import { registerWriteRoutes } from './writeRoutes.ts';

const host = '127.0.0.1';
/** Requests that may wait for the routes to be loaded. */
const maxEarly = 64;

export interface ListenerOptions {
  /** 0 picks a free one. */
  port: number;
  /** The experiments folder, in which the manager finds the token. */
  root: string;
  /** The experiment's. */
  id: string;
  access: RunnerAccess;
  /** A test has smaller ones. */
  limits?: ServerLimits;
}

/** The runner's port. Requests that come before {@link Listener.serve} wait for it. */
export class Listener {
  readonly port: number;
  #server: Server;
  #options: ListenerOptions;
  /** The manager's, of the same user; undefined where it can't be handed on. */
  #token: string | undefined;
  #boards = new TensorBoards();
  #early: Parameters<RequestListener>[] | undefined = [];
  #handler: RequestListener | undefined;

  private constructor(server: Server, options: ListenerOptions, token: string | undefined) {
    this.#server = server;
    this.#options = options;
    this.#token = token;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => {
      if (this.#handler) this.#handler(request, response);
      else this.#park(request, response);
    });
  }

  /** Takes the port, and writes the token for the manager. Throws {@link LaunchError} when the port is in use or not allowed. */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { port, root, id } = options;
    const token = randomBytes(24).toString('base64url');
    // A folder that can't be written can be viewed; then the manager is judged as any other program.
    const written = await writeRunnerToken(root, id, token).then(
      () => true,
      () => false,
    );
    const server = createBoundedServer(options.limits ?? defaultServerLimits());
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, port)));
        server.listen(port, host, resolve);
      });
    } catch (error) {
      await removeRunnerToken(root, id).catch(() => undefined);
      throw error;
    }
    // At once: a request that nobody hears would wait until it times out.
    return new Listener(server, options, written ? token : undefined);
  }

  /** Begins to answer, the parked requests first. */
  async serve(options: {
    source: LiveSource;
    /** Undefined when it is only viewed. */
    experiment: ExperimentLifecycle | undefined;
    shutDown(): void;
  }): Promise<void> {
    const { source, experiment, shutDown } = options;
    // Loading it takes a while; the first trial starts meanwhile.
    const { fastify } = await import('fastify');
    const server = fastify({
      logger: false,
      serverFactory: (handler) => {
        this.#handler = handler;
        return this.#server;
      },
    });
    server.addHook('onRequest', hostCheck(host));
    server.addHook(
      'onRequest',
      peerCheck({ access: this.#options.access, isTrusted: (request) => this.#hasToken(request) }),
    );
    jsonErrors(server);
    jsonBodies(server);
    registerNniRoutes(server, source);
    registerExperimentRoutes(server, source);
    registerTensorBoardRoutes(server, source, this.#boards);
    registerWriteRoutes(server, { experiment, shutDown });
    const handler = this.#handler;
    this.#handler = undefined;
    await server.ready();
    this.#handler = handler;
    for (const [request, response] of this.#early ?? []) if (!response.destroyed) handler?.(request, response);
    this.#early = undefined;
  }

  #park(...[request, response]: Parameters<RequestListener>): void {
    const early = this.#early?.filter((each) => !each[1].destroyed) ?? [];
    if (early.length < maxEarly) {
      this.#early = [...early, [request, response]];
      return;
    }
    response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1', connection: 'close' });
    response.end(JSON.stringify({ error: 'The experiment is still starting; try again in a moment.' }));
  }

  #hasToken(request: FastifyRequest): boolean {
    const given = bearerToken(request);
    return given !== undefined && this.#token !== undefined && isSameToken(given, this.#token);
  }

  async close(): Promise<void> {
    await this.#boards.dispose();
    await removeRunnerToken(this.#options.root, this.#options.id).catch(() => undefined);
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      // Lets responses in progress finish, then drops the rest: event streams never close on their own.
      this.#server.closeIdleConnections();
      setImmediate(() => this.#server.closeAllConnections());
    });
  }
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new LaunchError(`Port ${port} is in use. Choose another one, or none for a free one.`, {
      code: 'portInUse',
    });
  if (error.code === 'EACCES') return new LaunchError(`Port ${port} is not allowed here. Choose one above 1023.`);
  return error;
}
