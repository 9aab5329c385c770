/** How the routes of a Fastify scope read request bodies. */
import type { FastifyInstance } from 'fastify';
import { parseWrittenJson } from '../../model/json/parseJson.ts';

/** Takes JSON bodies only, and keeps their numbers as they are written: parameters and search spaces come in them. */
export function jsonBodies(scope: FastifyInstance): void {
  // Judges first what a body may be: no `__proto__` in it, not empty.
  const check = scope.getDefaultJsonParser('error', 'error');
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    check(request, body, (error) => {
      if (error) done(error);
      else done(null, parseWrittenJson(body.replace(/^\uFEFF/, '')));
    });
  });
}

/** Leaves bodies of any type unread. */
export function unreadBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
}
