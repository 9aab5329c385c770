/** A real HTTP server on this machine that answers as a test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class Scene {
  /** How requests are answered from now on. */
  answer: Answer = json({});
  /** `GET /path` of each request, in order. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  readonly bodies: string[] = [];
  #server = createServer((request, response) => {
    this.requests.push(`${request.method} ${request.url}`);
    this.headers.push(request.headers);
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      this.bodies.push(body);
      this.answer(request, response);
    });
  });
  #sockets = new Set<Socket>();

  /** Its `http://host:port`. */
  address = '';

  async open(): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.address = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** Resolves when another request has come. */
  nextRequest(): Promise<unknown> {
    return once(this.#server, 'request');
  }

  /** Ends all connections, as a process that is killed does. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** May be called twice. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.drop();
    });
  }
}

export function text(body: string, status = 200, type = 'application/json'): Answer {
  return (_request, response) => response.writeHead(status, { 'content-type': type }).end(body);
}

export function json(value: unknown, status = 200): Answer {
  return text(JSON.stringify(value), status);
}

/** One answer after the other; the last one stays. */
export function inTurn(...answers: Answer[]): Answer {
  let next = 0;
  return (request, response) => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next++;
    answer?.(request, response);
  };
}

/** The beginning of a body, and then the connection breaks. */
export const cutOff: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
  response.write('{"half": ', () => response.destroy());
};

export const silent: Answer = () => undefined;
