/** Bearer tokens (RFC 6750): the check of an API's `Authorization` header. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { httpError } from './httpError.ts';

/** Whether a token opens the API to a request. */
export type VerifyToken = (token: string, request: FastifyRequest) => boolean | Promise<boolean>;

/** What a refused client is told (401). */
export interface BearerWords {
  missing: string;
  wrong: string;
}

/** A hook that refuses requests without a token that `verify` takes (401). */
export function bearer(verify: VerifyToken, words: BearerWords): onRequestAsyncHookHandler {
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) throw httpError(401, words.missing);
    if (!(await verify(token, request))) throw httpError(401, words.wrong);
  };
}

/** The token that a request carries; undefined without one. */
export function bearerToken({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** Whether two tokens are the same, in a time that does not tell where they differ. */
export function isSameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
