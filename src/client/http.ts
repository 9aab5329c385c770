/** Requests to one server over HTTP: each ends in time, answers with text or JSON, and fails with an error of `errors.ts`. */
import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { JsonLimitError, parseJson } from '../model/json/parseJson.ts';
import { maxAnswerBytes, maxErrorBytes, maxReasonChars, silenceTimeoutMs } from '../wire/limits.ts';
import { BodyError, readBody, tooLarge } from '../wire/readBody.ts';

import { errorBodySchema } from '../wire/schemas/manager.ts';
import { parse } from '../wire/schemas/schema.ts';
import {
  BadAnswerError,
  type ClientError,
  NotFoundError,
  RejectedError,
  type RequestContext,
  TimeoutError,
  UnreachableError,
} from './errors.ts';

export interface HttpOptions {
  /** Bearer token, sent with every request. */
  token?: string;
  /** Milliseconds without a byte after which a request fails. Default 10 s. */
  idleTimeout?: number;
  /** Milliseconds after which a request fails even while bytes arrive. Default 60 s. */
  deadline?: number;
}

/** Options of every request. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

export interface Ask {
  /** As in "Could not {task}". */
  task: string;
  query?: Record<string, string | number | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Asks for the last bytes of a file only. Servers that do not know `Range` send all of it. */
  lastBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  idleTimeout?: number;
  deadline?: number;
}

/** Limits of an answer that is read chunk by chunk. */
export interface ReadLimits {
  maxBytes: number;
  /** Fails after this time without a byte. Default: the idle timeout of the server's options, else 20 s. */
  silenceTimeoutMs?: number | undefined;
  /** Fails after this time even while bytes arrive. Default: the deadline of the server's options, else never. */
  timeoutMs?: number | undefined;
}

export interface StreamedAnswer {
  chunks: AsyncIterable<Uint8Array>;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

export interface TextAnswer {
  text: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** Waits before the retries of a read. */
const retryDelaysMs = [50, 300];

/** Connections and options that all {@link Http} objects of one server share. */
class Connections {
  readonly address: string;
  readonly options: HttpOptions;
  #axios: Promise<AxiosInstance> | undefined;
  #agent: Agent | undefined;
  readonly #disposed = new AbortController();

  constructor(address: string, options: HttpOptions) {
    this.address = address.replace(/\/+$/, '');
    this.options = options;
  }

  get signal(): AbortSignal {
    return this.#disposed.signal;
  }

  /** Loaded at the first request, because it is the heaviest part of the client. */
  get axios(): Promise<AxiosInstance> {
    this.#axios ??= this.#create();
    return this.#axios;
  }

  /** Keeps connections open for reads. A write opens a new one: if the server had just closed a kept one, it could not be repeated. */
  get agent(): Agent | undefined {
    return this.#agent;
  }

  dispose(): void {
    this.#disposed.abort();
    this.#agent?.destroy();
  }

  async #create(): Promise<AxiosInstance> {
    const secure = this.address.startsWith('https:');
    const [{ default: axios }, { Agent }] = await Promise.all([
      import('axios'),
      secure ? import('node:https') : import('node:http'),
    ]);
    this.#agent = new Agent({ keepAlive: true });
    if (this.signal.aborted) this.#agent.destroy();
    const { token } = this.options;
    return axios.create({
      adapter: 'http',
      proxy: false,
      // A redirect could lead the token elsewhere.
      maxRedirects: 0,
      validateStatus: () => true,
      transformResponse: [(data: unknown) => data],
      transformRequest: [(data: unknown) => data],
      transitional: { clarifyTimeoutError: true },
      headers: { accept: '*/*', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
  }
}

export class Http {
  readonly #connections: Connections;
  readonly #path: string;
  /** The server's name in messages: `experiment abcd1234 at http://127.0.0.1:8080`. */
  readonly server: string;

  /**
   * @param address `http://host:port`, with the path in front of all routes if there is one
   * @param name for messages: `the manager`
   */
  constructor(address: string, name: string, options?: HttpOptions);
  /** @internal */
  constructor(address: Connections, name: string, path: string);
  constructor(address: string | Connections, name: string, rest: HttpOptions | string = {}) {
    this.#connections =
      typeof address === 'string' ? new Connections(address, typeof rest === 'string' ? {} : rest) : address;
    this.#path = typeof rest === 'string' ? rest : '';
    this.server = `${name} at ${this.#connections.address}`;
  }

  /** `http://host:port`, and the path in front of all routes. */
  get address(): string {
    return this.#connections.address + this.#path;
  }

  /** The routes below a path of the same server, over the same connections. */
  at(path: string, name: string): Http {
    return new Http(this.#connections, name, this.#path + path);
  }

  /** Ends all connections and the requests on them, also those of objects that {@link at} returned. */
  dispose(): void {
    this.#connections.dispose();
  }

  /** The parsed answer; undefined when it is empty. @throws a ClientError, or the signal's reason */
  async json(method: Method, path: string, ask: Ask): Promise<unknown> {
    const { text } = await this.text(method, path, ask);
    if (text === '') return undefined;
    const context = this.#context(ask);
    refuseHtml(text, context);
    try {
      return parseJson(text);
    } catch (error) {
      const explanation =
        error instanceof JsonLimitError
          ? `sent an answer that can't be read. ${error.message}`
          : 'answered text that is no valid JSON; it may have been cut off.';
      throw new BadAnswerError(context, explanation, text);
    }
  }

  /** The answer as text. @throws a ClientError, or the signal's reason */
  async text(method: Method, path: string, ask: Ask): Promise<TextAnswer> {
    const context = this.#context(ask);
    return retryReads(method, ask.signal, async () => {
      const response = await this.#send(method, path, ask, 'text');
      const text = typeof response.data === 'string' ? response.data : '';
      if (response.status < 200 || response.status >= 300) throw toRefusal(response, text, context);
      return { text, header: (name) => header(response, name) };
    });
  }

  /**
   * Reads an answer chunk by chunk, with little memory.
   *
   * @param use called again when the connection breaks and the request is repeated, so it must start from the beginning
   * @throws a ClientError, also for a BodyError of `use`; the signal's reason when it aborts; other errors of `use`
   */
  async read<T>(
    path: string,
    ask: Ask,
    limits: ReadLimits,
    use: (answer: StreamedAnswer) => Promise<T>,
    options: { retry?: boolean } = {},
  ): Promise<T> {
    const context = this.#context(ask);
    const own = this.#connections.options;
    const attempt = async (): Promise<T> => {
      const leave = new AbortController();
      const signal = ask.signal ? AbortSignal.any([ask.signal, leave.signal]) : leave.signal;
      const { body, header } = await this.#open(path, { ...ask, signal });
      const chunks = readBody(body, {
        maxBytes: limits.maxBytes,
        silenceTimeoutMs: limits.silenceTimeoutMs ?? own.idleTimeout ?? silenceTimeoutMs,
        timeoutMs: limits.timeoutMs ?? own.deadline,
        abort: () => leave.abort(),
      });
      try {
        return await use({ chunks, header });
      } catch (error) {
        ask.signal?.throwIfAborted();
        throw error instanceof BodyError ? bodyFailure(error, context) : error;
      } finally {
        leave.abort();
        body.destroy();
      }
    };
    return options.retry === false ? attempt() : retryReads('GET', ask.signal, attempt);
  }

  /**
   * Opens a body. `idleTimeout` bounds the wait for its beginning. From then on the caller reads it, and ends it by aborting the
   * signal.
   */
  async stream(path: string, ask: Ask): Promise<Readable> {
    return (await this.#open(path, ask)).body;
  }

  async #open(path: string, ask: Ask): Promise<{ body: Readable; header(name: string): string | undefined }> {
    const leave = new AbortController();
    const signal = ask.signal ? AbortSignal.any([ask.signal, leave.signal]) : leave.signal;
    const response = await this.#send('GET', path, { ...ask, signal }, 'stream');
    const body = response.data as Readable;
    if (response.status >= 200 && response.status < 300) return { body, header: (name) => header(response, name) };
    // The body with the reason may be cut off or never end. The status is enough then.
    const timer = setTimeout(() => leave.abort(), this.#idleTimeout(ask));
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body) {
        const data = Buffer.from(chunk);
        chunks.push(data);
        bytes += data.length;
        if (bytes > maxErrorBytes) break;
      }
    } catch {
      ask.signal?.throwIfAborted();
    } finally {
      clearTimeout(timer);
      leave.abort();
    }
    throw toRefusal(response, Buffer.concat(chunks).toString('utf8'), this.#context(ask));
  }

  #context(ask: Ask): RequestContext {
    return { task: ask.task, server: this.server };
  }

  #idleTimeout(ask: Ask): number {
    return ask.idleTimeout ?? this.#connections.options.idleTimeout ?? 10_000;
  }

  async #send(method: Method, path: string, ask: Ask, responseType: 'text' | 'stream'): Promise<AxiosResponse> {
    const connections = this.#connections;
    const context = this.#context(ask);
    const idle = this.#idleTimeout(ask);
    const limit = ask.deadline ?? connections.options.deadline ?? 60_000;
    const data = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    ask.signal?.throwIfAborted();
    const axios = await connections.axios;
    const headers = new AbortController();
    const wait = responseType === 'stream' ? idle : limit;
    const timer = setTimeout(() => headers.abort(), wait);
    const signals = [connections.signal, headers.signal, ...(ask.signal ? [ask.signal] : [])];
    const config: AxiosRequestConfig = {
      method,
      url: connections.address + this.#path + path,
      responseType,
      // The reader of a stream bounds its silence and size.
      timeout: responseType === 'stream' ? 0 : idle,
      maxContentLength: responseType === 'stream' ? -1 : maxAnswerBytes,
      signal: AbortSignal.any(signals),
      // axios would send the content type of a form when there is no body.
      headers: {
        'content-type': data === undefined ? false : 'application/json',
        ...(ask.lastBytes === undefined ? {} : { range: `bytes=-${ask.lastBytes}` }),
      },
    };
    if (method === 'GET' && responseType === 'text' && connections.agent) {
      if (connections.address.startsWith('https:')) config.httpsAgent = connections.agent;
      else config.httpAgent = connections.agent;
    }
    if (ask.query) config.params = ask.query;
    if (data !== undefined) config.data = data;
    try {
      return await axios.request(config);
    } catch (error) {
      ask.signal?.throwIfAborted();
      if (headers.signal.aborted) throw new TimeoutError(context, wait / 1000);
      throw toClientError(error, context, idle / 1000);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Retries a read that failed for a passing reason. */
async function retryReads<T>(method: Method, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const wait = retryDelaysMs[failures];
      if (method !== 'GET' || wait === undefined || !isPassing(error)) throw error;
      await delay(wait, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Turns a fault of an answer's body into an error of this client. */
export function bodyFailure(error: BodyError, context: RequestContext): ClientError {
  switch (error.fault) {
    case 'silent':
    case 'slow':
      return new TimeoutError(context, error.seconds);
    case 'broken':
      return new UnreachableError(context, 'ECONNRESET');
    case 'large':
    case 'garbled':
      return new BadAnswerError(context, error.message, error.excerpt);
  }
}

/** Whether a read deserves another try: the server closed a kept connection, or its database was locked for a moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof RejectedError) return error.status === 503;
  return error instanceof UnreachableError && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Turns an error of axios into one of this client. Keeps only its code, because its config holds the token. */
function toClientError(error: unknown, context: RequestContext, seconds: number): Error {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ETIMEDOUT') return new TimeoutError(context, seconds);
  if (code === 'ERR_CANCELED') return new UnreachableError(context, 'ECONNABORTED');
  if (/maxContentLength/.test(String(message))) {
    return bodyFailure(tooLarge(maxAnswerBytes), context);
  }
  if (code === 'HPE_INVALID_CONSTANT' || String(code).startsWith('HPE_')) {
    return new BadAnswerError(context, 'does not speak HTTP. Another program uses this port.');
  }
  if (code === 'ERR_BAD_RESPONSE' || /aborted|hang up/.test(String(message))) {
    return new UnreachableError(context, 'ECONNRESET');
  }
  if (code === 'ERR_INVALID_URL') return new BadAnswerError(context, 'has an address that is no URL.');
  return new UnreachableError(context, typeof code === 'string' ? code : String(message));
}

function header(response: AxiosResponse, name: string): string | undefined {
  const value: unknown = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function toRefusal(response: AxiosResponse, text: string, context: RequestContext): ClientError {
  const { status } = response;
  if (status >= 300 && status < 400) {
    return new BadAnswerError(context, `sends requests elsewhere (status ${status}). Use the address it leads to.`);
  }
  const body = text.length > maxErrorBytes ? undefined : parse(errorBodySchema, parseJsonOrUndefined(text));
  const reason = body && shorten(body.error);
  if (status === 404) {
    return new NotFoundError(context, reason ?? `${context.server} does not have it (status 404).`, text);
  }
  if (body && reason !== undefined) return new RejectedError(context, status, reason, body.problems);
  return new RejectedError(context, status, `${context.server} answered with status ${status} and gave no reason.`);
}

/** Cuts a reason to a length that a person reads. */
function shorten(reason: string): string {
  return reason.length > maxReasonChars ? `${reason.slice(0, maxReasonChars)}…` : reason;
}

function parseJsonOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** @throws BadAnswerError for a web page. NNI answers unknown routes with its page, and labels it as JSON. */
export function refuseHtml(text: string, context: RequestContext): void {
  if (!/^\s*</.test(text)) return;
  throw new BadAnswerError(context, 'answered with a web page instead of data, so it does not have this.', text);
}
