/** Request bodies in which numbers stay as they are written: parameters and search spaces come in them. */
import type { FastifyInstance } from 'fastify';
import { parseWritten } from '../../model/json/writtenNumber.ts';

export function keepWrittenNumbers(server: FastifyInstance): void {
  // Judges first what a body may be: no `__proto__` in it, not empty.
  const check = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    check(request, body, (error) => {
      if (error) done(error);
      else done(null, parseWritten(body.replace(/^\uFEFF/, '')));
    });
  });
}
