/** How the routes of a Fastify scope read request bodies, and what each route takes at most. */
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';
import { type JsonLimits, parseStrictJson } from '../../model/json/parseJson.ts';
import { httpError } from '../security/httpError.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of the route's JSON bodies. */
    jsonLimits?: JsonLimits;
  }
}

/** Of a route that names no limits of its own. */
const defaultBodyBytes = 64 * 1024;
const defaultLimits: JsonLimits = { maxDepth: 64, maxValues: 10_000 };

const forbiddenKeys = 'The body has a key that is not allowed here: "__proto__", or "prototype" in "constructor".';

/** A route's options that allow larger JSON bodies: a million values take the process a second or more to read. */
export function bodyLimits(maxBytes: number, maxValues: number): RouteShorthandOptions {
  return { bodyLimit: maxBytes, config: { jsonLimits: { ...defaultLimits, maxValues } } };
}

/** Takes JSON bodies only, and keeps their numbers as they are written: parameters and search spaces come in them. */
export function jsonBodies(scope: FastifyInstance): void {
  // It refuses keys that could reach an object's prototype.
  const check = scope.getDefaultJsonParser('error', 'error');
  addJsonParser(scope, async (request, text) => {
    const value = parse(text, request.routeOptions.config.jsonLimits ?? defaultLimits);
    await new Promise<void>((resolve, reject) => {
      check(request, text, (error) => (error ? reject(httpError(400, forbiddenKeys)) : resolve()));
    });
    return value;
  });
}

/** Takes JSON bodies only, and gives their text: a handler that reads a large one has to do it piece by piece. */
export function jsonTextBodies(scope: FastifyInstance): void {
  addJsonParser(scope, async (_request, text) => text);
}

/** Leaves bodies of any type unread. */
export function unreadBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
}

type Parse = (request: FastifyRequest, text: string) => Promise<unknown>;

function addJsonParser(scope: FastifyInstance, read: Parse): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    async (request: FastifyRequest, body: string) => read(request, body.replace(/^\uFEFF/, '')),
  );
  scope.addHook('onRoute', (route) => {
    route.bodyLimit ??= defaultBodyBytes;
  });
}

function parse(text: string, limits: JsonLimits): unknown {
  if (text.trim() === '') throw httpError(400, 'The body is empty; it must be JSON.');
  try {
    return parseStrictJson(text, limits);
  } catch (error) {
    if (error instanceof SyntaxError) throw httpError(400, `The body is not valid JSON: ${error.message}`);
    throw error;
  }
}
