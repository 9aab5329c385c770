/** Passes a request on to a runner and its answer back, as streams, so that event streams flow and aborts reach both ends. */
import { request } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

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

/**
 * @param target its path has the query; its token opens the runner and goes nowhere else
 */
export function proxy(
  incoming: FastifyRequest,
  reply: FastifyReply,
  target: { port: number; path: string; token?: string | undefined },
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
      const answerHeaders = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name)));
      reply.raw.writeHead(answer.statusCode ?? 502, answerHeaders);
      reply.raw.flushHeaders();
      reply.raw.socket?.setNoDelay(true);
      answer.pipe(reply.raw);
      answer.on('error', () => reply.raw.destroy());
    },
  );
  outgoing.on('error', (error) => {
    if (reply.raw.headersSent) reply.raw.destroy();
    else {
      reply.raw.writeHead(502, { 'content-type': 'application/json' });
      reply.raw.end(JSON.stringify({ error: `The experiment's runner does not answer: ${error.message}.` }));
    }
  });
  reply.raw.on('close', () => outgoing.destroy());
  incoming.raw.pipe(outgoing);
  return reply;
}
