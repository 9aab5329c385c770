/** Protection from web pages: a request must name this machine as its host, and must not come from a page of another origin. */
import { isIP } from 'node:net';
import type { onRequestAsyncHookHandler } from 'fastify';
import { httpError } from './httpError.ts';

/**
 * A hook that refuses requests by DNS rebinding and cross-site requests (403), and requests that name several hosts (400). It also
 * forbids browsers to guess an answer's type.
 *
 * @param listening the address that the server listens on
 */
export function hostCheck(listening: string): onRequestAsyncHookHandler {
  return async (request, reply) => {
    // On the raw response, so that streams and proxied answers have it, too.
    reply.raw.setHeader('x-content-type-options', 'nosniff');
    const { rawHeaders } = request.raw;
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length;
    // RFC 9112, section 3.2. Node keeps the first and drops the others; a proxy may have judged another one.
    if (hosts > 1) throw httpError(400, 'A request must have one Host header.');
    const host = hostName(request.headers.host);
    // A page that made its name point at this machine still sends its own name.
    if (host === undefined || !isAllowedHost(host, listening))
      throw httpError(403, `Requests for the host "${host ?? ''}" are not answered here.`);
    const { origin } = request.headers;
    if (origin !== undefined && !isAllowedOrigin(origin, request.headers.host))
      throw httpError(403, 'Requests from web pages are not answered here.');
  };
}

/** Whether only programs on this machine reach the address. */
export function isLoopback(host: string): boolean {
  // `127.0.0.1.evil.example` is a name that anybody may make point here.
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** `[::1]:8080` → `::1`, `localhost:8080` → `localhost`. */
function hostName(header: string | undefined): string | undefined {
  if (!header) return undefined;
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(header)?.[1];
  return (bracketed ?? header.replace(/:\d+$/, '')).toLowerCase();
}

function isAllowedHost(host: string, listening: string): boolean {
  if (isLoopback(host) || host.endsWith('.localhost')) return true;
  // On another address clients name the machine as they know it; an address can't be a rebound name, and names need the token.
  return isIP(host) !== 0 ? !isLoopback(listening) : host === listening.toLowerCase() || !isLoopback(listening);
}

function isAllowedOrigin(origin: string, host: string | undefined): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
