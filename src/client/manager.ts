/** The client of a manager: all experiments of one folder behind one port (`wire/routes.ts`). */
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { experimentRoot, type LaunchRequest, managerRoutes } from '../wire/routes.ts';
import { summarySchema } from '../wire/schemas/experiment.ts';
import type { Launched, ManagerInfo } from '../wire/schemas/manager.ts';
import { launchedSchema, managerInfoSchema } from '../wire/schemas/manager.ts';
import { parse, parseList } from '../wire/schemas/schema.ts';
import { ExperimentApi } from './api.ts';
import { BadAnswerError, excerptOf } from './errors.ts';
import { Http, type HttpOptions, type RequestOptions } from './http.ts';

/** A launch asks Python for its `nni`, which takes seconds, and waits until the runner serves. */
const launchTimeoutMs = 90_000;

export class ManagerClient {
  /** For other parts of this client. */
  readonly http: Http;
  /** `http://host:port`. */
  readonly address: string;

  /** Sends nothing yet. The caller disposes it. */
  constructor(address: string | Http, options: HttpOptions = {}) {
    this.http = typeof address === 'string' ? new Http(address, 'the manager', options) : address;
    this.address = this.http.address;
  }

  /** Identifies the manager. Needs no token. */
  async info(options?: RequestOptions): Promise<ManagerInfo> {
    const task = 'reach the manager';
    const value = await this.http.json('GET', managerRoutes.info, { task, ...options });
    const info = parse(managerInfoSchema, value);
    if (!info) throw this.#bad(task, 'is another program.', value);
    return info;
  }

  /** All experiments of its folder, running and stored. */
  async list(options?: RequestOptions): Promise<ExperimentSummary[]> {
    const task = 'list the experiments';
    const value = await this.http.json('GET', managerRoutes.experiments, { task, ...options });
    const list = parseList(summarySchema, value);
    if (!list) throw this.#bad(task, 'answered with no list of experiments.', value);
    return list;
  }

  /**
   * Creates, resumes or views an experiment; resolves when its runner serves.
   *
   * @throws RejectedError with `problems` when the config has mistakes
   */
  async launch(request: LaunchRequest, options?: RequestOptions): Promise<Launched> {
    const task = request.action === 'create' ? 'start the experiment' : `${request.action} the experiment`;
    const limits = { idleTimeout: launchTimeoutMs, deadline: launchTimeoutMs };
    const value = await this.http.json('POST', managerRoutes.experiments, {
      task,
      body: request,
      ...limits,
      ...options,
    });
    const launched = parse(launchedSchema, value);
    if (!launched) throw this.#bad(task, 'did not say which experiment it started.', value);
    return launched;
  }

  /**
   * Deletes a stored experiment with all its files.
   *
   * @throws RejectedError while the experiment runs, NotFoundError for an unknown id
   */
  async delete(id: string, options?: RequestOptions): Promise<void> {
    const path = `${managerRoutes.experiments}/${encodeURIComponent(id)}`;
    await this.http.json('DELETE', path, { task: 'delete the experiment', ...options });
  }

  /** Ends the manager. Running experiments go on. */
  async shutdown(options?: RequestOptions): Promise<void> {
    await this.http.json('POST', managerRoutes.shutdown, { task: 'shut the manager down', ...options });
  }

  /** One of its experiments. The result shares this client's connections and ends with them. */
  experiment(id: string): ExperimentApi {
    return new ExperimentApi(this.http.at(experimentRoot(id), `experiment ${id}`), { id });
  }

  /** Ends all connections and all requests in progress. */
  dispose(): void {
    this.http.dispose();
  }

  #bad(task: string, explanation: string, value: unknown): BadAnswerError {
    return new BadAnswerError({ task, server: this.http.server }, explanation, excerptOf(value));
  }
}
