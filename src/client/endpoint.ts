/** Identifies the server at an address: a manager, a runner, or the manager process of a real NNI. */
import type { ExperimentProfile, ExperimentSummary } from '../model/experiment/experiment.ts';
import { readServerAddress } from '../model/text/serverAddress.ts';
import { nniBase } from '../wire/routes.ts';
import type { ManagerInfo } from '../wire/schemas/manager.ts';
import { ExperimentApi } from './api.ts';
import {
  BadAnswerError,
  ClientError,
  EndpointError,
  type EndpointFault,
  NotFoundError,
  RejectedError,
  UnreachableError,
} from './errors.ts';
import { Http, type HttpOptions } from './http.ts';
import { ManagerClient } from './manager.ts';

export type Endpoint =
  | { kind: 'manager'; address: string; info: ManagerInfo }
  | { kind: 'runner'; address: string; summary: ExperimentSummary }
  /** `profile` is absent while NNI is still starting. */
  | { kind: 'nni'; address: string; urlPrefix?: string; version: string; profile?: ExperimentProfile };

export interface EndpointOptions extends HttpOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Identifies the server at an address. Only reads, one request after the other.
 *
 * @param url as a person gives it: `host:port`, an address with or without a path, or the address of a page of NNI's web portal
 * @throws EndpointError that names what was found instead; the signal's reason when it aborts
 */
export async function identifyEndpoint(url: string, options: EndpointOptions = {}): Promise<Endpoint> {
  const given = readServerAddress(url);
  if ('problem' in given) throw new EndpointError(url, 'address', addressWords[given.problem]);
  const { signal, ...httpOptions } = options;
  const token = options.token ?? given.token;
  const http = new Http(given.origin, 'the server', token === undefined ? httpOptions : { ...httpOptions, token });
  try {
    return await identify(http, given.paths, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ClientError && !(error instanceof EndpointError))
      throw toEndpointError(error, given.origin, token);
    throw error;
  } finally {
    http.dispose();
  }
}

const addressWords = {
  empty: 'no address was given.',
  nonsense: 'that is no address. One looks like gpu1:8080 or https://gpu1.example.org/nni.',
  scheme: 'only addresses with http:// and https:// can be connected to.',
  port: 'the address needs a port from 1 to 65535, as in gpu1:8080.',
} as const;

async function identify(http: Http, paths: readonly string[], signal: AbortSignal | undefined): Promise<Endpoint> {
  let last: unknown;
  for (const path of paths) {
    try {
      return await identifyAt(http, path, signal);
    } catch (error) {
      const elsewhere = error instanceof NotFoundError && outsidePrefix.exec(error.excerpt)?.[1];
      if (elsewhere) return await identifyAt(http, `/${elsewhere.replace(/^\/|\/$/g, '')}`, signal);
      if (!isOtherServer(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** NNI's answer to a path that is not below its `--url_prefix`. */
const outsidePrefix = /^Outside prefix "(\/[^"]+)"/;

async function identifyAt(http: Http, path: string, signal: AbortSignal | undefined): Promise<Endpoint> {
  const at = path === '' ? http : http.at(path, 'the server');
  const { address } = at;
  const manager = new ManagerClient(at);
  const info = await manager.info({ signal }).catch(rethrowUnlessOtherServer);
  if (info) {
    // `info` needs no token; the list does, so a wrong token shows here.
    await manager.list({ signal });
    return { kind: 'manager', address, info };
  }
  const experiment = new ExperimentApi(at);
  const summary = await experiment.summary({ signal }).catch(rethrowUnlessOtherServer);
  if (summary) return { kind: 'runner', address, summary };
  const task = 'read its version';
  const { text } = await at.text('GET', `${nniBase}/version`, { task, signal });
  const version = /^"?(v?\d+(?:\.[\w-]+)+)"?\s*$/.exec(text)?.[1];
  if (version === undefined) throw new BadAnswerError({ task, server: at.server }, 'is another program.', text);
  const endpoint = { kind: 'nni', address, version, ...(path === '' ? {} : { urlPrefix: path.slice(1) }) } as const;
  // NNI answers with an empty body until its experiment exists.
  const profile = await experiment.getExperimentProfile({ signal }).catch(rethrowUnlessOtherServer);
  return profile ? { ...endpoint, profile } : endpoint;
}

/** Whether a server answered, but is of another kind than the one that was tried. */
function isOtherServer(error: unknown): boolean {
  if (error instanceof NotFoundError || error instanceof BadAnswerError) return true;
  return error instanceof RejectedError && error.status !== 401 && error.status !== 403 && error.status < 500;
}

function rethrowUnlessOtherServer(error: unknown): undefined {
  if (!isOtherServer(error) || (error instanceof NotFoundError && outsidePrefix.test(error.excerpt))) throw error;
}

function toEndpointError(error: ClientError, origin: string, token: string | undefined): EndpointError {
  const endpointError = (fault: EndpointFault, words: string) =>
    new EndpointError(origin, fault, words, { cause: error });
  if (error instanceof RejectedError) {
    if (error.status === 401) {
      return token === undefined
        ? endpointError('token missing', `${origin} asks for a token.`)
        : endpointError('token wrong', `the token is not the one of ${origin}.`);
    }
    if (error.status === 403) return endpointError('other program', `${origin} refuses to answer: ${error.reason}`);
    return endpointError('other program', `${origin} answers with an error (status ${error.status}): ${error.reason}`);
  }
  if (error instanceof UnreachableError) {
    const certificate = certificateWords(error.code, origin);
    return certificate ? endpointError('certificate', certificate) : endpointError('unreachable', reasonOf(error));
  }
  if (error instanceof NotFoundError || error instanceof BadAnswerError) {
    const found = error instanceof BadAnswerError && /^\s*</.test(error.excerpt) ? 'a web page of another program' : '';
    const words = found === '' ? `another program answers at ${origin}` : `${found} answers at ${origin}`;
    return endpointError(
      'other program',
      `${words}, neither a Trialdeck manager nor NNI. Check the port and the path.`,
    );
  }
  return endpointError('unreachable', reasonOf(error));
}

/** The message without the task: a person who gave an address knows nothing of the request. */
function reasonOf(error: ClientError): string {
  return error.message.slice(`Could not ${error.task}: `.length);
}

function certificateWords(code: string, origin: string): string | undefined {
  if (/^(EPROTO|ERR_SSL)/.test(code)) return `${origin} does not speak TLS there. Try http:// instead of https://.`;
  if (code === 'CERT_HAS_EXPIRED') return `the certificate of ${origin} has expired.`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate of ${origin} is for another host name.`;
  if (!/CERT|SIGNATURE/.test(code)) return undefined;
  return `the certificate of ${origin} is not trusted on this machine (${code}). Add its authority to those the system trusts.`;
}
