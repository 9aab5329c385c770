/** What can go wrong between us and a server. Each message is for a person and never holds a token. */
import type { ConfigProblem } from '../model/config/config.ts';

/** What every error of a request knows. */
export interface RequestContext {
  /** What was to be done, as in "Could not {task}": `read the trials`. */
  task: string;
  /** Who was asked: `experiment abcd1234 at http://127.0.0.1:8080`. */
  server: string;
}

/** Base of all errors of this client. */
export class ClientError extends Error {
  readonly task: string;
  readonly server: string;

  constructor(context: RequestContext, explanation: string) {
    super(`Could not ${context.task}: ${explanation}`);
    this.name = new.target.name;
    this.task = context.task;
    this.server = context.server;
  }
}

/** Nothing listens there, the name is unknown, or the connection broke before an answer. */
export class UnreachableError extends ClientError {
  /** Node's code: `ECONNREFUSED`, `ECONNRESET`, `ENOTFOUND`, ... */
  readonly code: string;

  constructor(context: RequestContext, code: string) {
    super(context, `${context.server} ${whatHappened(code)}`);
    this.code = code;
  }
}

/** It listens, but did not answer, or stopped in the middle of the answer. */
export class TimeoutError extends ClientError {
  /** @param seconds how long nothing came. */
  constructor(context: RequestContext, seconds: number) {
    super(context, `${context.server} did not answer within ${seconds} s. It may be busy or hang; try again.`);
  }
}

/** The server says that what was asked for does not exist. */
export class NotFoundError extends ClientError {
  /** The beginning of what the server said. */
  readonly excerpt: string;

  constructor(context: RequestContext, explanation: string, excerpt = '') {
    super(context, explanation);
    this.excerpt = excerpt.slice(0, 200);
  }
}

/** The server understood and refused. */
export class RejectedError extends ClientError {
  readonly status: number;
  /** The server's own words, without what was asked. */
  readonly reason: string;
  /** What is wrong in the config, when a launch was refused for it. */
  readonly problems: readonly ConfigProblem[];

  constructor(context: RequestContext, status: number, reason: string, problems: readonly ConfigProblem[] = []) {
    super(context, reason);
    this.status = status;
    this.reason = reason;
    this.problems = problems;
  }
}

/** Something answered, but not in the form agreed on: HTML, cut-off or invalid JSON, another program. */
export class BadAnswerError extends ClientError {
  /** The beginning of what came, for a log. */
  readonly excerpt: string;

  constructor(context: RequestContext, explanation: string, excerpt = '') {
    super(context, `${context.server} ${explanation}`);
    this.excerpt = excerpt.slice(0, 200);
  }
}

/** What is wrong with an address or with what answers there. */
export type EndpointFault =
  /** It is no address. */
  | 'address'
  /** Nothing answers. */
  | 'unreachable'
  /** A token is wanted and none was given. */
  | 'token missing'
  /** The token is another one. */
  | 'token wrong'
  /** Its certificate is not trusted here, or it speaks no TLS. */
  | 'certificate'
  /** Something else answers. */
  | 'other program';

/** An address at which there is nothing to connect to, in words for a person. */
export class EndpointError extends ClientError {
  readonly fault: EndpointFault;

  constructor(address: string, fault: EndpointFault, explanation: string, options?: ErrorOptions) {
    super({ task: 'connect', server: address }, explanation);
    this.fault = fault;
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/** An `Experiment` was asked before it was connected, or after it had stopped its experiment. */
export class NotConnectedError extends ClientError {
  constructor(task: string) {
    const first = 'Call startExperiment, resumeExperiment, viewExperiment or connectExperiment first.';
    super({ task, server: '' }, `this Experiment is not connected to an experiment. ${first}`);
  }
}

/** An `Experiment` that has its experiment was to get another one. */
export class AlreadyConnectedError extends ClientError {
  constructor(task: string, server: string) {
    const way = 'One instance has one experiment; use a new one.';
    super({ task, server }, `this Experiment is connected to ${server} already. ${way}`);
  }
}

/** It says that it runs, but will never end: its tuner is dead, and NNI does not notice. */
export class StalledError extends ClientError {
  /** Why, and the way out. */
  readonly reason: string;

  constructor(context: RequestContext, reason: string) {
    super(context, `${context.server} is stalled. ${reason}`);
    this.reason = reason;
  }
}

/** A file that can't be read, or holds nothing that can be used. */
export class FileError extends ClientError {
  /** Absolute. */
  readonly file: string;
  /** What is wrong in it, each at its place. */
  readonly problems: readonly ConfigProblem[];

  constructor(task: string, file: string, explanation: string, problems: readonly ConfigProblem[] = []) {
    super({ task, server: file }, explanation);
    this.file = file;
    this.problems = problems;
  }
}

/** No usable `nnictl` on this machine. */
export class NnictlMissingError extends ClientError {
  constructor(explanation: string) {
    super({ task: 'find nnictl', server: 'this machine' }, explanation);
  }
}

/** `nnictl` did not do what was asked. */
export class NnictlError extends ClientError {
  /** The command line, for a person. */
  readonly command: string;
  /** All it printed, without colours. */
  readonly output: readonly string[];

  constructor(task: string, explanation: string, command: string, output: readonly string[]) {
    super({ task, server: 'nnictl' }, explanation);
    this.command = command;
    this.output = output;
  }
}

/** The manager of this machine could not be found or started. */
export class ManagerStartError extends ClientError {
  /** The end of the manager's log, oldest line first; empty when it wrote none. */
  readonly log: readonly string[];

  constructor(server: string, explanation: string, log: readonly string[] = []) {
    const lines = log.length > 0 ? `\n${log.map((line) => `  ${line}`).join('\n')}` : '';
    super({ task: 'start the manager', server }, explanation + lines);
    this.log = log;
  }
}

function whatHappened(code: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'is not there (connection refused). It may have ended, or listens on another port.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'has a host name that is not known here. Check the address and the network.';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'is on a machine that cannot be reached. Check the address and the network.';
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'closed the connection before it had answered. It may just have ended; try again.';
    default:
      return `cannot be reached (${code}).`;
  }
}

/** A value of an answer as text for {@link BadAnswerError}; empty when it is nested too deep to be written down. */
export function excerptOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
