/** Passes a request on to a runner or an NNI, and its answer back, as streams: events flow, and aborts reach both ends. */
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maxMessageChars } from '../server/security/httpError.ts';
import { errorCode } from '../system/errorCode.ts';

/** Headers of one connection only. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'proxy-authorization',
  'host',
  'authorization',
]);

/** Largest error body. A person reads it, and NNI may send a whole traceback or web page. */
const maxErrorBytes = 64 * 1024;

/**
 * Answers with what `target` answers, except for errors longer than 64 kB: those are cut and say so.
 *
 * @param target its path has the query; its token opens the runner and goes nowhere else
 * @param instead answers a GET whose target takes no connection, or breaks it before it answers; undefined where it can't
 */
export function proxy(
  incoming: FastifyRequest,
  reply: FastifyReply,
  target: { port: number; path: string; token?: string | undefined },
  instead?: (code: string | undefined) => Promise<unknown> | undefined,
): FastifyReply {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined && !hopByHop.has(name)) headers[name] = value;
  }
  if (target.token !== undefined) headers.authorization = `Bearer ${target.token}`;
  reply.hijack();
  const outgoing = request(
    { host: '127.0.0.1', port: target.port, path: target.path, method: incoming.method, headers },
    (answer) => {
      answer.on('error', () => reply.raw.destroy());
      if ((answer.statusCode ?? 0) >= 400) return void passError(answer, reply.raw);
      passHead(answer, reply.raw);
      reply.raw.flushHeaders();
      reply.raw.socket?.setNoDelay(true);
      answer.pipe(reply.raw);
    },
  );
  outgoing.on('error', (error) => {
    if (reply.raw.headersSent || reply.raw.destroyed) return void reply.raw.destroy();
    const other = incoming.method === 'GET' ? instead?.(errorCode(error)) : undefined;
    if (other) other.catch(() => refuse(reply.raw, error));
    else refuse(reply.raw, error);
  });
  reply.raw.on('close', () => outgoing.destroy());
  incoming.raw.pipe(outgoing);
  return reply;
}

function refuse(response: ServerResponse, { message }: Error): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(502, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: `The experiment's runner does not answer: ${message}.` }));
}

function passHead(answer: IncomingMessage, response: ServerResponse): void {
  const headers = Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name));
  response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
}

async function passError(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      if (!(chunk instanceof Buffer)) continue;
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxErrorBytes) break;
    }
  } catch {
    response.destroy();
    return;
  }
  if (bytes <= maxErrorBytes) {
    passHead(answer, response);
    response.end(Buffer.concat(chunks));
    return;
  }
  const isText = answer.headers['content-encoding'] === undefined;
  const beginning = isText ? ` It begins: ${Buffer.concat(chunks).toString().slice(0, maxMessageChars)}…` : '';
  response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error: `The experiment answered with an error of more than 64 kB.${beginning}` }));
}
