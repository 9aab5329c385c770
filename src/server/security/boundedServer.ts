/** An HTTP server that no client can exhaust: bounded in connections, and in the time that a request may take to arrive. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ServerLimits {
  /** A further connection takes the place of the one that has been idle for longest. */
  maxConnections: number;
  /** From a connection's first byte to the end of a request's headers. */
  headersTimeoutMs: number;
  /** From a connection's first byte to the end of a request's body. */
  requestTimeoutMs: number;
  /** For which a connection without a request stays open. */
  keepAliveTimeoutMs: number;
  /** Between two looks for requests that take too long. */
  checkIntervalMs: number;
}

export function defaultServerLimits(): ServerLimits {
  return {
    maxConnections: connectionShare(),
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
    // Fastify's: longer than the 60 s of most proxies.
    keepAliveTimeoutMs: 72_000,
    checkIntervalMs: 5000,
  };
}

/** A server without a handler. */
export function createBoundedServer(limits: ServerLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
  });
  const connections = new Connections(limits.maxConnections);
  server.on('connection', (socket) => connections.add(socket));
  server.on('request', (request, response) => {
    connections.begin(request);
    response.once('close', () => connections.end(request));
  });
  return server;
}

/** The open connections, the longest idle first. */
class Connections {
  readonly #max: number;
  /** Requests under way, by connection. */
  readonly #requests = new Map<Socket, Set<IncomingMessage>>();

  constructor(max: number) {
    this.#max = max;
  }

  add(socket: Socket): void {
    if (this.#requests.size >= this.#max) {
      const leaving = this.#expendable();
      (leaving ?? socket).destroy();
      if (!leaving) return;
      this.#requests.delete(leaving);
    }
    this.#requests.set(socket, new Set());
    socket.once('close', () => this.#requests.delete(socket));
  }

  begin(request: IncomingMessage): void {
    this.#requests.get(request.socket)?.add(request);
  }

  end(request: IncomingMessage): void {
    const { socket } = request;
    const requests = this.#requests.get(socket);
    if (!requests?.delete(request) || requests.size > 0) return;
    // Idle from now on.
    this.#requests.delete(socket);
    this.#requests.set(socket, requests);
  }

  /** One without a request, else one whose request has not arrived whole; undefined while all are answered. */
  #expendable(): Socket | undefined {
    let incomplete: Socket | undefined;
    for (const [socket, requests] of this.#requests) {
      if (requests.size === 0) return socket;
      if (incomplete === undefined && [...requests].every(({ complete }) => !complete)) incomplete = socket;
    }
    return incomplete;
  }
}

const minConnections = 16;
const maxConnections = 512;

/** A quarter of the descriptors that this process may open: databases, trials and their files need the others. */
function connectionShare(): number {
  let descriptors = 512;
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    if (found !== undefined) descriptors = Number(found);
  } catch {
    // Another system than Linux.
  }
  return Math.min(maxConnections, Math.max(minConnections, Math.floor(descriptors / 4)));
}
