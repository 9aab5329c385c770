/** Who may talk to a server of ours: checks of Host, Origin and token, and errors as JSON. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { StorageError } from '../storage/storageError.ts';

/** An error with an HTTP status and a message for a person. */
export interface HttpError extends Error {
  statusCode: number;
  problems?: unknown;
}

export function httpError(statusCode: number, message: string): HttpError {
  return Object.assign(new Error(message), { statusCode });
}

export interface SecurityOptions {
  /** The address listened on. */
  host: string;
  /** Asked for on every route but those for which `open` is true. */
  token?: string;
  open?: (path: string) => boolean;
}

/** Adds the checks to every route of `server`, and answers unknown routes and errors as `{ "error": … }`. */
export function secure(server: FastifyInstance, options: SecurityOptions): void {
  server.addHook('onRequest', async (request) => {
    const host = hostName(request.headers.host);
    // A page that made its name point at this machine still sends its own name.
    if (host === undefined || !hostAllowed(host, options.host)) {
      throw httpError(403, `Requests for the host "${host ?? ''}" are not answered here.`);
    }
    const { origin } = request.headers;
    if (origin !== undefined && !originAllowed(origin, request.headers.host)) {
      throw httpError(403, 'Requests from web pages are not answered here.');
    }
    const path = request.url.split('?')[0] ?? '';
    if (options.token !== undefined && !options.open?.(path)) checkToken(request.headers.authorization, options.token);
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `There is nothing at ${request.method} ${request.url.split('?')[0]}.` }),
  );
  server.setErrorHandler((error: unknown, request, reply) => {
    const { statusCode, message, problems } = describe(error);
    if (statusCode >= 500) request.log.error(error);
    return reply.code(statusCode).send(problems ? { error: message, problems } : { error: message });
  });
}

function describe(error: unknown): { statusCode: number; message: string; problems?: unknown } {
  if (error instanceof StorageError)
    return { statusCode: error.kind === 'missing' ? 404 : 503, message: error.message };
  if (!(error instanceof Error)) return { statusCode: 500, message: String(error) };
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return { statusCode: 415, message: 'The body must be JSON (Content-Type: application/json).' };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { statusCode: 413, message: 'The body is too large.' };
  if (error instanceof SyntaxError && statusCode < 500)
    return { statusCode: 400, message: `The body is not valid JSON: ${error.message}` };
  return { statusCode, message: error.message, problems: 'problems' in error ? error.problems : undefined };
}

function checkToken(header: string | undefined, token: string): void {
  const given = /^Bearer (.+)$/.exec(header ?? '')?.[1];
  if (given === undefined) throw httpError(401, 'This manager asks for a token (Authorization: Bearer …).');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token))) throw httpError(401, 'The token is not the one of this manager.');
}

/** `[::1]:8080` → `::1`, `localhost:8080` → `localhost`. */
function hostName(header: string | undefined): string | undefined {
  if (!header) return undefined;
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(header)?.[1];
  return (bracketed ?? header.replace(/:\d+$/, '')).toLowerCase();
}

function hostAllowed(host: string, listening: string): boolean {
  if (isLoopback(host) || host.endsWith('.localhost')) return true;
  // On another address clients name the machine as they know it; an address can't be a rebound name, and names need the token.
  return isIP(host) !== 0 ? !isLoopback(listening) : host === listening.toLowerCase() || !isLoopback(listening);
}

export function isLoopback(host: string): boolean {
  // `127.0.0.1.evil.example` is a name that anybody may make point here.
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function originAllowed(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
