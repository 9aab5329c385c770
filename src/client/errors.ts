/** The errors of this client. Each message is for a person and never holds a token. */
import type { ConfigProblem } from '../model/config/config.ts';

/** The request that an error is about. */
export interface RequestContext {
  /** As in "Could not {task}": `read the trials`. */
  task: string;
  /** The server: `experiment abcd1234 at http://127.0.0.1:8080`. */
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
    super(context, `${context.server} ${describeFailure(code)}`);
    this.code = code;
  }
}

/** The server accepted the connection but did not answer, or stopped in the middle of the answer. */
export class TimeoutError extends ClientError {
  /** @param seconds without an answer */
  constructor(context: RequestContext, seconds: number) {
    super(context, `${context.server} did not answer within ${seconds} s. It may be busy or hang; try again.`);
  }
}

/** The server does not have the thing that was asked for. */
export class NotFoundError extends ClientError {
  /** The beginning of the server's answer. */
  readonly excerpt: string;

  constructor(context: RequestContext, explanation: string, excerpt = '') {
    super(context, explanation);
    this.excerpt = excerpt.slice(0, 200);
  }
}

/** The server understood the request and refused it. */
export class RejectedError extends ClientError {
  readonly status: number;
  /** The server's own words, without the task. */
  readonly reason: string;
  /** The config's mistakes, when the server refused a launch for them. */
  readonly problems: readonly ConfigProblem[];

  constructor(context: RequestContext, status: number, reason: string, problems: readonly ConfigProblem[] = []) {
    super(context, reason);
    this.status = status;
    this.reason = reason;
    this.problems = problems;
  }
}

/** The answer is not of the agreed form: HTML, cut-off or invalid JSON, another program. */
export class BadAnswerError extends ClientError {
  /** The beginning of the answer, for a log. */
  readonly excerpt: string;

  constructor(context: RequestContext, explanation: string, excerpt = '') {
    super(context, `${context.server} ${explanation}`);
    this.excerpt = excerpt.slice(0, 200);
  }
}

/** The fault of an address or of the server there. */
export type EndpointFault =
  /** It is not an address. */
  | 'address'
  /** Nothing answers. */
  | 'unreachable'
  /** The server wants a token and none was given. */
  | 'token missing'
  /** The server refuses the token. */
  | 'token wrong'
  /** This machine does not trust the certificate, or the server does not speak TLS. */
  | 'certificate'
  /** Another program answers. */
  | 'other program';

/** An address has no server to connect to; the message says why. */
export class EndpointError extends ClientError {
  readonly fault: EndpointFault;

  constructor(address: string, fault: EndpointFault, explanation: string, options?: ErrorOptions) {
    super({ task: 'connect', server: address }, explanation);
    this.fault = fault;
    if (options?.cause !== undefined) this.cause = options.cause;
  }
}

/** A method of an `Experiment` was called before it was connected, or after it had stopped its experiment. */
export class NotConnectedError extends ClientError {
  constructor(task: string) {
    const first = 'Call startExperiment, resumeExperiment, viewExperiment or connectExperiment first.';
    super({ task, server: '' }, `this Experiment is not connected to an experiment. ${first}`);
  }
}

/** An `Experiment` that is connected already was asked to connect to another one. */
export class AlreadyConnectedError extends ClientError {
  constructor(task: string, server: string) {
    const way = 'One instance has one experiment; use a new one.';
    super({ task, server }, `this Experiment is connected to ${server} already. ${way}`);
  }
}

/** A real NNI reports RUNNING but will never end: its tuner is dead. */
export class StalledError extends ClientError {
  /** The cause, and the way out. */
  readonly reason: string;

  constructor(context: RequestContext, reason: string) {
    super(context, `${context.server} is stalled. ${reason}`);
    this.reason = reason;
  }
}

/** A file can't be read, or its content can't be used. */
export class FileError extends ClientError {
  /** Absolute. */
  readonly file: string;
  /** The file's mistakes, each with its position. */
  readonly problems: readonly ConfigProblem[];

  constructor(task: string, file: string, explanation: string, problems: readonly ConfigProblem[] = []) {
    super({ task, server: file }, explanation);
    this.file = file;
    this.problems = problems;
  }
}

/** This machine has no usable `nnictl`. */
export class NnictlMissingError extends ClientError {
  constructor(explanation: string) {
    super({ task: 'find nnictl', server: 'this machine' }, explanation);
  }
}

/** `nnictl` failed. */
export class NnictlError extends ClientError {
  /** The command line, for a person. */
  readonly command: string;
  /** All lines it printed, without colours. */
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

function describeFailure(code: string): string {
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

/** A value of an answer as text for {@link BadAnswerError}; empty when it is nested too deep for JSON.stringify. */
export function excerptOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
