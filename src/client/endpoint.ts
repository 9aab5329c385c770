/** What answers at an address: a manager of ours, one runner of ours, or the manager process of a real NNI. */
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
 * Finds out what answers. Takes what a person would give: `host:port`, an address with or without a path, or that of a page of NNI's web
 * portal. Reads only, one request after the other.
 *
 * @throws EndpointError that says what was found instead; the signal's reason when it aborts
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
    if (error instanceof ClientError && !(error instanceof EndpointError)) throw explain(error, given.origin, token);
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
      const elsewhere = error instanceof NotFoundError && outside.exec(error.excerpt)?.[1];
      if (elsewhere) return await identifyAt(http, `/${elsewhere.replace(/^\/|\/$/g, '')}`, signal);
      if (!isOther(error)) throw error;
      last = error;
    }
  }
  throw last;
}

/** What NNI says to whatever is not below its `--url_prefix`. */
const outside = /^Outside prefix "(\/[^"]+)"/;

async function identifyAt(http: Http, path: string, signal: AbortSignal | undefined): Promise<Endpoint> {
  const at = path === '' ? http : http.at(path, 'the server');
  const { address } = at;
  const manager = new ManagerClient(at);
  const info = await manager.info({ signal }).catch(unlessOther);
  if (info) {
    // Telling who it is needs no token; everything else does.
    await manager.list({ signal });
    return { kind: 'manager', address, info };
  }
  const experiment = new ExperimentApi(at);
  const summary = await experiment.summary({ signal }).catch(unlessOther);
  if (summary) return { kind: 'runner', address, summary };
  const task = 'read its version';
  const { text } = await at.text('GET', `${nniBase}/version`, { task, signal });
  const version = /^"?(v?\d+(?:\.[\w-]+)+)"?\s*$/.exec(text)?.[1];
  if (version === undefined) throw new BadAnswerError({ task, server: at.server }, 'is another program.', text);
  const endpoint = { kind: 'nni', address, version, ...(path === '' ? {} : { urlPrefix: path.slice(1) }) } as const;
  // Before its experiment is there, NNI answers with nothing.
  const profile = await experiment.getExperimentProfile({ signal }).catch(unlessOther);
  return profile ? { ...endpoint, profile } : endpoint;
}

/** It is something, only not what was asked about. */
function isOther(error: unknown): boolean {
  if (error instanceof NotFoundError || error instanceof BadAnswerError) return true;
  return error instanceof RejectedError && error.status !== 401 && error.status !== 403 && error.status < 500;
}

function unlessOther(error: unknown): undefined {
  if (!isOther(error) || (error instanceof NotFoundError && outside.test(error.excerpt))) throw error;
}

function explain(error: ClientError, origin: string, token: string | undefined): EndpointError {
  const fail = (fault: EndpointFault, words: string) => new EndpointError(origin, fault, words, { cause: error });
  if (error instanceof RejectedError) {
    if (error.status === 401) {
      return token === undefined
        ? fail('token missing', `${origin} asks for a token.`)
        : fail('token wrong', `the token is not the one of ${origin}.`);
    }
    if (error.status === 403) return fail('other program', `${origin} refuses to answer: ${error.reason}`);
    return fail('other program', `${origin} answers with an error (status ${error.status}): ${error.reason}`);
  }
  if (error instanceof UnreachableError) {
    const certificate = certificateWords(error.code, origin);
    return certificate ? fail('certificate', certificate) : fail('unreachable', reasonOf(error));
  }
  if (error instanceof NotFoundError || error instanceof BadAnswerError) {
    const found = error instanceof BadAnswerError && /^\s*</.test(error.excerpt) ? 'a web page of another program' : '';
    const words = found === '' ? `another program answers at ${origin}` : `${found} answers at ${origin}`;
    return fail('other program', `${words}, neither a Trialdeck manager nor NNI. Check the port and the path.`);
  }
  return fail('unreachable', reasonOf(error));
}

/** The message without what was asked, which is no concern of the person who gave the address. */
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
