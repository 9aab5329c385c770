/** A response of server-sent events, kept open and bounded. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const keepOpenMs = 15_000;
/** A client that lets this many bytes pile up is told to start over. */
const mostWaiting = 4 * 1024 * 1024;

export class EventStream {
  #response: ServerResponse;
  #timer: NodeJS.Timeout;
  #closed: (() => void)[] = [];

  constructor(reply: FastifyReply) {
    reply.hijack();
    this.#response = reply.raw;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'x-accel-buffering': 'no',
    });
    this.#response.flushHeaders();
    this.#response.socket?.setNoDelay(true);
    this.#response.write(': open\n\n');
    this.#timer = setInterval(() => this.#response.write(':\n\n'), keepOpenMs);
    this.#timer.unref();
    this.#response.once('close', () => this.#finish());
    this.#response.on('error', () => this.#finish());
  }

  send(event: string, data: unknown, id?: number): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.writableLength > mostWaiting) {
      // What it has not read by now it will not catch up with; a snapshot is smaller.
      this.#response.write('event: reset\ndata: {}\n\n');
      this.end();
      return;
    }
    const head = id === undefined ? '' : `id: ${id}\n`;
    this.#response.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#response.end();
    this.#finish();
  }

  onClose(action: () => void): void {
    this.#closed.push(action);
  }

  #finish(): void {
    clearInterval(this.#timer);
    for (const action of this.#closed.splice(0)) action();
  }
}
