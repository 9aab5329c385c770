/** Follows the summary of a living runner of ours over its event stream. */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { completeActions } from '../model/experiment/computeActions.ts';
import type { ExperimentChange, ExperimentSummary } from '../model/experiment/experiment.ts';
import { experimentRoutes } from '../wire/routes.ts';

export interface RunnerFeedListener {
  summary(summary: ExperimentSummary): void;
  /** The stream ended or could not be opened. `refused`: nothing listens there. */
  closed(refused: boolean): void;
}

export class RunnerFeed {
  readonly pid: number;
  readonly port: number;
  /** Undefined for a runner that has none, of version 0.1.0. */
  readonly token: string | undefined;
  #listener: RunnerFeedListener;
  #requests = new Set<ClientRequest>();
  #over = false;

  constructor(runner: { pid: number; port: number; token: string | undefined }, listener: RunnerFeedListener) {
    this.pid = runner.pid;
    this.port = runner.port;
    this.token = runner.token;
    this.#listener = listener;
    this.#open();
  }

  dispose(): void {
    this.#over = true;
    for (const request of this.#requests) request.destroy();
  }

  #open(): void {
    // The stream first, then the summary: nothing that changes in between is missed.
    this.#get(`${experimentRoutes.events}?only=summary`, (response) => {
      const parser = createParser({
        onEvent: (event) => {
          if (event.event === 'reset') return this.#close();
          if (event.event !== 'change') return;
          const change = JSON.parse(event.data) as ExperimentChange;
          if (change.summary) this.#listener.summary(completeActions(change.summary));
        },
      });
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        try {
          parser.feed(chunk);
        } catch {
          this.#close();
        }
      });
      response.on('close', () => this.#close());
      this.#readSummary();
    });
  }

  #readSummary(): void {
    this.#get(experimentRoutes.summary, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        try {
          if (!this.#over) this.#listener.summary(completeActions(JSON.parse(text) as ExperimentSummary));
        } catch {
          this.#close();
        }
      });
    });
  }

  #get(path: string, answered: (response: IncomingMessage) => void): void {
    const headers = this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    const request = get({ host: '127.0.0.1', port: this.port, path, headers }, (response) => {
      if (response.statusCode === 200) answered(response);
      else {
        response.resume();
        this.#close();
      }
    });
    this.#requests.add(request);
    request.on('error', (error: NodeJS.ErrnoException) => this.#close(error.code === 'ECONNREFUSED'));
    request.on('close', () => this.#requests.delete(request));
  }

  #close(refused = false): void {
    if (this.#over) return;
    this.dispose();
    this.#listener.closed(refused);
  }
}
