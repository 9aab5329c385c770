/** Error bodies of our own API: `{ "error": string, "problems"?: ConfigProblem[] }`. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { answerTo } from './httpError.ts';

/**
 * Answers unknown routes and errors of `scope` as JSON.
 *
 * @param unknownRoutes a hook that requests for unknown routes have to pass as well
 */
export function jsonErrors(scope: FastifyInstance, unknownRoutes?: onRequestHookHandler): void {
  const preHandler = unknownRoutes ? { preHandler: unknownRoutes } : {};
  scope.setNotFoundHandler(preHandler, (request, reply) =>
    reply.code(404).send(bodyOf({ message: `There is nothing at ${request.method} ${request.url.split('?')[0]}.` })),
  );
  scope.setErrorHandler((error: unknown, request, reply) => {
    const answer = answerTo(error);
    if (answer.statusCode >= 500) request.log.error(error);
    return reply.code(answer.statusCode).send(bodyOf(answer));
  });
}

function bodyOf({ message, problems }: { message: string; problems?: readonly unknown[] }): object {
  return problems ? { error: message, problems } : { error: message };
}
