/** One server over HTTP: requests that end in time, answers as text or JSON, errors in words (`errors.ts`). */
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
  /** Milliseconds without a byte after which a request is given up. Default 10 s. */
  idleTimeout?: number;
  /** Milliseconds after which a request is given up however lively it is. Default 60 s. */
  deadline?: number;
}

/** What every request takes. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

export interface Ask {
  /** As in "Could not {task}". */
  task: string;
  query?: Record<string, string | number | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** The end of a file only, so many bytes; servers that do not know `Range` send all of it. */
  lastBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  idleTimeout?: number;
  deadline?: number;
}

/** An answer that is read as it comes. */
export interface ReadLimits {
  maxBytes: number;
  /** Without a byte in this time it is given up. Default: the idle timeout of the server's options, else 20 s. */
  silenceTimeoutMs?: number | undefined;
  /** Given up after this time however lively it is. Default: the deadline of the server's options, else never. */
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

/** Waits before a read is tried again. */
const retryDelaysMs = [50, 300];

/** What all parts of one server share. */
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

  /** Loaded with the first request: it is the heaviest part of the client. */
  get axios(): Promise<AxiosInstance> {
    this.#axios ??= this.#create();
    return this.#axios;
  }

  /** Connections kept open for reads. A write takes a fresh one: it could not be repeated if the kept one had just been closed. */
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
  /** Who answers, for messages: `experiment abcd1234 at http://127.0.0.1:8080`. */
  readonly server: string;

  /**
   * @param address `http://host:port`, with a path in front of all routes where there is one
   * @param name what it is, for messages: `the manager`
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

  /** Something below a path of the same server, over the same connections. */
  at(path: string, name: string): Http {
    return new Http(this.#connections, name, this.#path + path);
  }

  /** Ends all connections and what is under way on them, also for what {@link at} gave out. */
  dispose(): void {
    this.#connections.dispose();
  }

  /** The parsed answer; undefined when it is empty. Throws a ClientError, or the signal's reason. */
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

  /** The answer as it came. Throws a ClientError, or the signal's reason. */
  async text(method: Method, path: string, ask: Ask): Promise<TextAnswer> {
    const context = this.#context(ask);
    return retrying(method, ask.signal, async () => {
      const response = await this.#send(method, path, ask, 'text');
      const text = typeof response.data === 'string' ? response.data : '';
      if (response.status < 200 || response.status >= 300) throw refusal(response, text, context);
      return { text, header: (name) => header(response, name) };
    });
  }

  /**
   * Reads an answer chunk by chunk, with little memory. `use` is called again when the connection breaks and the answer is asked for
   * again, so it must begin anew.
   *
   * @throws a ClientError, also for what `use` throws as BodyError; the signal's reason when it aborts; what else `use` throws
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
    return options.retry === false ? attempt() : retrying('GET', ask.signal, attempt);
  }

  /**
   * A body that is read as it comes. `idleTimeout` bounds the wait for its beginning; afterwards the reader is in charge, and
   * aborting the signal ends it.
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
    // Its reason may be cut off or never end; the status alone tells enough.
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
    throw refusal(response, Buffer.concat(chunks).toString('utf8'), this.#context(ask));
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
      // A stream's silence and size are the reader's to judge.
      timeout: responseType === 'stream' ? 0 : idle,
      maxContentLength: responseType === 'stream' ? -1 : maxAnswerBytes,
      signal: AbortSignal.any(signals),
      // Without a body the library would say that it is a form.
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
      throw translate(error, context, idle / 1000);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Tries a read again that failed for a passing reason. */
async function retrying<T>(method: Method, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
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

/** What a fault of an answer's body means to the client. */
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

/** Worth another try of a read: a kept connection that was closed meanwhile, or a database locked for a moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof RejectedError) return error.status === 503;
  return error instanceof UnreachableError && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** Of the library's error only its code is kept: its config holds the token. */
function translate(error: unknown, context: RequestContext, seconds: number): Error {
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

function refusal(response: AxiosResponse, text: string, context: RequestContext): ClientError {
  const { status } = response;
  if (status >= 300 && status < 400) {
    return new BadAnswerError(context, `sends requests elsewhere (status ${status}). Use the address it leads to.`);
  }
  const body = text.length > maxErrorBytes ? undefined : parse(errorBodySchema, safeJson(text));
  const reason = body && shortened(body.error);
  if (status === 404) {
    return new NotFoundError(context, reason ?? `${context.server} does not have it (status 404).`, text);
  }
  if (body && reason !== undefined) return new RejectedError(context, status, reason, body.problems);
  return new RejectedError(context, status, `${context.server} answered with status ${status} and gave no reason.`);
}

/** A reason as long as a person reads. */
function shortened(reason: string): string {
  return reason.length > maxReasonChars ? `${reason.slice(0, maxReasonChars)}…` : reason;
}

function safeJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** NNI answers unknown routes with its web page, and calls it JSON. */
export function refuseHtml(text: string, context: RequestContext): void {
  if (!/^\s*</.test(text)) return;
  throw new BadAnswerError(context, 'answered with a web page instead of data, so it does not have this.', text);
}
