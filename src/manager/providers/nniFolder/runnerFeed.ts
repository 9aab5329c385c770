/** Follows the summary of a living runner of ours over its event stream. */
import { get, type IncomingMessage } from 'node:http';
import type { ExperimentSummary } from '../../../model/experiment/experiment.ts';
import { parseJson } from '../../../model/json/parseJson.ts';
import { errorCode } from '../../../system/errorCode.ts';
import { followSummary, type SummarySource } from '../../../wire/followSummary.ts';
import { readText } from '../../../wire/readBody.ts';
import { experimentRoutes } from '../../../wire/routes.ts';
import { summarySchema } from '../../../wire/schemas/experiment.ts';
import { parse } from '../../../wire/schemas/schema.ts';

export interface RunnerFeedListener {
  summary(summary: ExperimentSummary): void;
  /** The stream ended or could not be opened. `refused`: nothing listens there. */
  closed(refused: boolean): void;
}

/** A runner of this machine answers at once. A runner that takes longer hangs. */
const answerTimeoutMs = 20_000;
/** A summary is some kilobytes. */
const maxSummaryBytes = 4 * 1024 * 1024;

interface RunnerAddress {
  pid: number;
  port: number;
  token: string | undefined;
}

export class RunnerFeed {
  readonly pid: number;
  readonly port: number;
  /** Undefined for a runner that has none, of version 0.1.0. */
  readonly token: string | undefined;
  readonly #end = new AbortController();

  constructor(runner: RunnerAddress, listener: RunnerFeedListener) {
    this.pid = runner.pid;
    this.port = runner.port;
    this.token = runner.token;
    const { signal } = this.#end;
    let refused = false;
    followSummary(sourceAt(runner), (summary) => listener.summary(summary), { signal })
      .catch((error: unknown) => {
        refused = errorCode(error) === 'ECONNREFUSED';
      })
      .finally(() => {
        if (!signal.aborted) listener.closed(refused);
      });
  }

  dispose(): void {
    this.#end.abort();
  }
}

function sourceAt(runner: RunnerAddress): SummarySource {
  return {
    openEvents: (signal) => open(runner, `${experimentRoutes.events}?only=summary`, signal),
    async readSummary(signal) {
      const response = await open(runner, experimentRoutes.summary, signal);
      const limits = { maxBytes: maxSummaryBytes, silenceTimeoutMs: answerTimeoutMs, timeoutMs: answerTimeoutMs };
      const text = await readText(response, { ...limits, abort: () => response.destroy() });
      const summary = parse(summarySchema, parseJson(text));
      if (!summary) throw new Error('The runner gave a summary that makes no sense.');
      return summary;
    },
  };
}

/** Resolves when an answer has begun. @throws Node's error for the connection, also after too long a silence */
function open({ port, token }: RunnerAddress, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const request = get({ host: '127.0.0.1', port, path, headers, signal }, (response) => {
      clearTimeout(timer);
      if (response.statusCode === 200) return resolve(response);
      response.destroy();
      reject(new Error(`The runner answered with status ${response.statusCode}.`));
    });
    const timer = setTimeout(() => request.destroy(new Error('The runner does not answer.')), answerTimeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
