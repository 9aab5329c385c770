/** A response of server-sent events that stays open. A client that does not read it costs a bounded amount of memory. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Between two comment lines, which keep proxies from closing the stream. */
const commentIntervalMs = 15_000;
/** When more is unread, the client has to start over. */
const maxUnreadBytes = 4 * 1024 * 1024;

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
    this.#timer = setInterval(() => this.#response.write(':\n\n'), commentIntervalMs);
    this.#timer.unref();
    this.#response.once('close', () => this.#finish());
    this.#response.on('error', () => this.#finish());
  }

  /** Sends an event, or ends the stream with `reset` when the client is too far behind. */
  send(event: string, data: unknown, id?: number): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.writableLength > maxUnreadBytes) {
      // The client is too far behind to catch up; make it reload a snapshot, which is smaller.
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

  /** Calls `action` once, when either side has closed the stream. */
  onClose(action: () => void): void {
    this.#closed.push(action);
  }

  #finish(): void {
    clearInterval(this.#timer);
    for (const action of this.#closed.splice(0)) action();
  }
}
