/** Errors that carry an HTTP status, and the answer that a server makes of any error. */
import { shorten } from '../../model/text/shorten.ts';
import { StorageError } from '../storage/storageError.ts';

/** An error with an HTTP status and a message for a person. */
export interface HttpError extends Error {
  statusCode: number;
  /** What is wrong in a config, when a launch was refused for it. */
  problems?: readonly unknown[];
}

/**
 * @param statusCode 400 to 599
 * @param message sent to the client
 */
export function httpError(statusCode: number, message: string, problems?: readonly unknown[]): HttpError {
  return Object.assign(new Error(message), problems ? { statusCode, problems } : { statusCode });
}

/** What a client is told of an error, in whichever form its API sends it. */
export interface ErrorAnswer {
  statusCode: number;
  /** At most {@link maxMessageChars} characters of the error's message, and a mark where it is cut. */
  message: string;
  problems?: readonly unknown[];
}

/** A message may hold a request's body or a program's output; clients show it to a person. */
export const maxMessageChars = 4000;
const maxProblems = 200;

/** The answer to an error of ours, of the storage, of Fastify or of any other origin (500). */
export function answerTo(error: unknown): ErrorAnswer {
  const { statusCode, message, problems } = described(error);
  const answer = { statusCode, message: shorten(message, maxMessageChars) };
  return problems ? { ...answer, problems: problems.slice(0, maxProblems) } : answer;
}

function described(error: unknown): ErrorAnswer {
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
  const answer = { statusCode, message: error.message };
  return 'problems' in error && Array.isArray(error.problems) ? { ...answer, problems: error.problems } : answer;
}
