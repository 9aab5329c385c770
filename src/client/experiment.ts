/**
 * One experiment over REST: NNI's routes, with the method names of NNI's Python clients (`nni.experiment.Experiment` and the older
 * `nnicli.Experiment`) in camelCase, and our own beside them. Works on a runner of ours, on a manager's `/experiments/<id>`, and on a real NNI.
 */
import { parseDuration } from '../model/duration.ts';
import type {
  ExperimentProfile,
  ExperimentSnapshot,
  ExperimentStatus,
  ExperimentSummary,
} from '../model/experiment.ts';
import type { SearchSpace } from '../model/searchSpace.ts';
import type { MetricDataRecord, MetricType, Parameters, TrialJobInfo, TrialStatus } from '../model/trial.ts';
import { experimentRoutes, nniBase } from '../model/wire.ts';
import {
  checkStatusSchema,
  exportedSchema,
  metricDataSchema,
  parse,
  parseList,
  profileSchema,
  statisticsSchema,
  summarySchema,
  trialJobSchema,
} from './decode.ts';
import { BadAnswerError, NotFoundError, RejectedError } from './errors.ts';
import { Http, type HttpOptions, refuseHtml } from './http.ts';
import { readSnapshot } from './snapshotText.ts';
import {
  parseWrittenRecord,
  type TrialJob,
  type TrialMetricData,
  type TrialResult,
  toTrialJob,
  toTrialMetricData,
  toTrialResult,
} from './trialRecords.ts';

/** What every request takes. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
}

export interface FileText {
  text: string;
  /** The file is longer; `text` is its end. */
  truncated: boolean;
}

/** What NNI calls the four changes of a running experiment (`update_type`), and the key of the profile each reads. */
const updates = {
  TRIAL_CONCURRENCY: 'trialConcurrency',
  MAX_EXEC_DURATION: 'maxExperimentDuration',
  MAX_TRIAL_NUM: 'maxTrialNumber',
  SEARCH_SPACE: 'searchSpace',
} as const;

export class Experiment {
  /** Where the routes begin; for the parts of this client only. */
  readonly http: Http;
  /** Empty when it was connected by address and not asked for yet. */
  readonly id: string;

  /** @param http at the experiment's root; see {@link Experiment.at} */
  constructor(http: Http, id = '') {
    this.http = http;
    this.id = id;
  }

  /** @param address root of the experiment: `http://host:port[/prefix]`. Dispose it in the end. */
  static at(address: string, options: HttpOptions = {}): Experiment {
    return new Experiment(new Http(address, 'the experiment', options));
  }

  /** `http://host:port[/prefix]` or `http://host:port/experiments/<id>`. */
  get address(): string {
    return this.http.address;
  }

  /** Closes the connections. Not for experiments that a manager gave out: those share the manager's. */
  dispose(): void {
    this.http.dispose();
  }

  async getExperimentStatus(options?: RequestOptions): Promise<{ status: ExperimentStatus; errors: string[] }> {
    const task = 'read the status';
    const { text } = await this.http.text('GET', `${nniBase}/check-status`, { task, ...options });
    // NNI says so, without quotes, before it is up.
    if (text.trim() === 'INITIALIZING') return { status: 'INITIALIZED', errors: [] };
    const context = { task, server: this.http.server };
    refuseHtml(text, context);
    const status = parse(checkStatusSchema, parseJson(text));
    if (!status) throw new BadAnswerError(context, 'answered with no status an experiment can have.', text);
    return status;
  }

  async getExperimentProfile(options?: RequestOptions): Promise<ExperimentProfile> {
    return this.#read('/experiment', 'read the experiment', options, (value) => parse(profileSchema, value));
  }

  /** @throws NotFoundError when there is no such trial */
  async getTrialJob(trialJobId: string, options?: RequestOptions): Promise<TrialJob> {
    return toTrialJob(await this.#trialJobInfo(trialJobId, options));
  }

  /**
   * A trial's parameters with numbers as they were written: to Python `1.0` is a float and `1` is not. For texts that may go back
   * to a trial; what is computed with comes from {@link getTrialJob}.
   */
  async writtenParameters(trialJobId: string, options?: RequestOptions): Promise<Parameters> {
    const { hyperParameters } = await this.#trialJobInfo(trialJobId, options);
    return parseWrittenRecord(hyperParameters.at(-1) ?? '')?.parameters ?? {};
  }

  async #trialJobInfo(trialJobId: string, options?: RequestOptions): Promise<TrialJobInfo> {
    const task = `read trial ${trialJobId}`;
    const path = `/trial-jobs/${encodeURIComponent(trialJobId)}`;
    const value = await this.#json('GET', path, task, options);
    // NNI answers nothing for a trial it does not know.
    if (value === undefined) {
      throw new NotFoundError({ task, server: this.http.server }, `there is no trial ${trialJobId}.`);
    }
    return this.#checked(parse(trialJobSchema, value), value, task);
  }

  async listTrialJobs(options?: RequestOptions & { status?: TrialStatus }): Promise<TrialJob[]> {
    return (await this.trialJobInfos(options)).map(toTrialJob);
  }

  /** As {@link listTrialJobs}, but as NNI sends them. */
  async trialJobInfos(options?: RequestOptions & { status?: TrialStatus }): Promise<TrialJobInfo[]> {
    const query = options?.status ? `?status=${options.status}` : '';
    return this.#read(`/trial-jobs${query}`, 'read the trials', options, (value) => parseList(trialJobSchema, value));
  }

  async getJobStatistics(options?: RequestOptions): Promise<{ trialJobStatus: TrialStatus; trialJobNumber: number }[]> {
    return this.#read('/job-statistics', 'read the numbers of trials', options, (value) =>
      parseList(statisticsSchema, value),
    );
  }

  /** Metrics by trial, in order of arrival. */
  async getJobMetrics(trialJobId?: string, options?: RequestOptions): Promise<Record<string, TrialMetricData[]>> {
    const metrics: Record<string, TrialMetricData[]> = {};
    for (const record of await this.metricRecords({
      ...options,
      ...(trialJobId === undefined ? {} : { trialJobId }),
    })) {
      let rows = metrics[record.trialJobId];
      if (!rows) {
        rows = [];
        metrics[record.trialJobId] = rows;
      }
      rows.push(toTrialMetricData(record));
    }
    return metrics;
  }

  /** Metrics as NNI sends them: of one trial, of trials numbered `from` to `to`, or of all. */
  async metricRecords(
    options?: RequestOptions & { trialJobId?: string; range?: { from: number; to: number }; type?: MetricType },
  ): Promise<MetricDataRecord[]> {
    const { trialJobId, range, type } = options ?? {};
    let path = '/metric-data';
    if (range) path += `-range/${range.from}/${range.to}`;
    else if (trialJobId !== undefined) path += `/${encodeURIComponent(trialJobId)}`;
    if (type && !range) path += `?type=${type}`;
    return this.#read(path, 'read the metrics', options, (value) => parseList(metricDataSchema, value));
  }

  /** Parameters and final result of every succeeded trial. */
  async exportData(options?: RequestOptions): Promise<TrialResult[]> {
    return (await this.exportRecords(options)).map(toTrialResult);
  }

  /** As {@link exportData}, but as NNI sends it: `value` is JSON text. */
  async exportRecords(
    options?: RequestOptions,
  ): Promise<{ parameter: Parameters; value: string; trialJobId: string }[]> {
    return this.#read('/export-data', 'export the results', options, (value) => parseList(exportedSchema, value));
  }

  /** @param value trials at the same time, a whole number of at least 1 */
  async updateConcurrency(value: number, options?: RequestOptions): Promise<void> {
    await this.#update('TRIAL_CONCURRENCY', positive(value, 'concurrency'), 'change the concurrency', options);
  }

  /**
   * @param value `90s`, `10m`, `2h`, `1d`, or seconds
   * @throws RangeError when it is no duration
   */
  async updateDuration(value: number | string, options?: RequestOptions): Promise<void> {
    await this.#update('MAX_EXEC_DURATION', parseDuration(value), 'change the maximum duration', options);
  }

  /** @param value trials in all, a whole number of at least 1 */
  async updateTrialnum(value: number, options?: RequestOptions): Promise<void> {
    await this.#update('MAX_TRIAL_NUM', positive(value, 'trial number'), 'change the maximum trial number', options);
  }

  /** New trials are drawn from the new space; those that have been generated stay as they are. */
  async updateSearchspace(space: SearchSpace, options?: RequestOptions): Promise<void> {
    await this.#update('SEARCH_SPACE', space, 'change the search space', options);
  }

  /** Asks it to stop; resolves when it has understood, not when it has ended. */
  async stopExperiment(options?: RequestOptions): Promise<void> {
    await this.#json('DELETE', '/experiment', 'stop the experiment', options);
  }

  /** Ends a trial; does nothing when it has ended already. Resolves when its processes are gone. */
  async killTrialJob(trialJobId: string, options?: RequestOptions): Promise<void> {
    const { status } = await this.getTrialJob(trialJobId, options);
    // NNI would turn an ended trial into a cancelled one and lose its result.
    if (status !== 'WAITING' && status !== 'RUNNING' && status !== 'UNKNOWN') return;
    await this.#json('DELETE', `/trial-jobs/${encodeURIComponent(trialJobId)}`, `kill trial ${trialJobId}`, options);
  }

  /** Queues a trial with parameters of one's own. Resolves with its number; NNI does not tell its id yet. */
  async addTrial(parameters: Parameters, options?: RequestOptions): Promise<number> {
    const value = await this.#json('POST', '/trial-jobs', 'add a trial', options, parameters);
    const number = typeof value === 'object' && value !== null && 'sequenceId' in value ? value.sequenceId : undefined;
    return this.#checked(typeof number === 'number' ? number : undefined, value, 'add a trial');
  }

  /** Tells the tuner results from elsewhere. */
  async importData(
    data: readonly { parameter: Parameters; value: unknown }[],
    options?: RequestOptions,
  ): Promise<void> {
    await this.#json('POST', '/experiment/import-data', 'import the results', options, data);
  }

  /**
   * The end of a trial's file: `trial.log`, `stderr`, `stdout`, or another one in its folder.
   * An empty file is `''`.
   */
  async readTrialFile(
    trialJobId: string,
    name: string,
    options?: RequestOptions & { maxBytes?: number },
  ): Promise<FileText> {
    const path = `${nniBase}/trial-file/${encodeURIComponent(trialJobId)}/${encodeURIComponent(name)}`;
    return this.#file(path, name, `read ${name} of trial ${trialJobId}`, options);
  }

  /** The end of the log of the process that runs the experiment. */
  async readExperimentLog(options?: RequestOptions & { maxBytes?: number; name?: string }): Promise<FileText> {
    const name = options?.name ?? 'nnimanager.log';
    return this.#file(`/logs/${encodeURIComponent(name)}`, name, `read ${name}`, options);
  }

  /** One line about the experiment. A route of ours: a real NNI does not have it (BadAnswerError). */
  async summary(options?: RequestOptions): Promise<ExperimentSummary> {
    const task = 'read the summary';
    const value = await this.http.json('GET', experimentRoutes.summary, { task, ...options });
    return this.#checked(parse(summarySchema, value), value, task);
  }

  /** Everything there is, at one revision. A route of ours: a real NNI does not have it (BadAnswerError). */
  async snapshot(options?: RequestOptions): Promise<ExperimentSnapshot> {
    const task = 'read the experiment';
    const ask = { task, query: { lines: 'true' }, deadline: 180_000, ...options };
    const { text } = await this.http.text('GET', experimentRoutes.snapshot, ask);
    const context = { task, server: this.http.server };
    refuseHtml(text, context);
    const snapshot = await readSnapshot(text, options?.signal).catch((error: unknown) => {
      if (!(error instanceof SyntaxError)) throw error;
      throw new BadAnswerError(context, 'answered text that is no valid JSON; it may have been cut off.', text);
    });
    if (snapshot) return snapshot;
    throw new BadAnswerError(context, 'answered with something of another form than agreed on.', text);
  }

  async #file(
    path: string,
    name: string,
    task: string,
    options: (RequestOptions & { maxBytes?: number }) | undefined,
  ): Promise<FileText> {
    const { maxBytes, signal } = options ?? {};
    const ask = { task, signal, query: { tail: maxBytes }, lastBytes: maxBytes };
    const answer = await this.http.text('GET', path, ask).catch((error: unknown) => {
      // An empty file has no last bytes.
      if (error instanceof RejectedError && error.status === 416) return { text: '', header: () => undefined };
      throw error;
    });
    // A real NNI knows only `Range`, and that only for its own logs; it says in words that a file is empty.
    if (answer.text === `${name} is empty.`) return { text: '', truncated: false };
    const start = Number(answer.header('x-trialdeck-start') ?? 0);
    const partial = /^bytes (?!0-)/.test(answer.header('content-range') ?? '');
    if (start > 0 || partial) return { text: answer.text.replace(/^\uFFFD+/, ''), truncated: true };
    if (maxBytes === undefined || answer.text.length <= maxBytes) return { text: answer.text, truncated: false };
    return { text: answer.text.slice(-maxBytes), truncated: true };
  }

  /** NNI's own clients send the whole profile with one value changed, which every version understands. */
  async #update(type: keyof typeof updates, value: unknown, task: string, options?: RequestOptions): Promise<void> {
    const profile = await this.getExperimentProfile(options);
    const body = { ...profile, params: { ...profile.params, [updates[type]]: value } };
    await this.#json('PUT', `/experiment?update_type=${type}`, task, options, body);
  }

  async #read<T>(
    path: string,
    task: string,
    options: RequestOptions | undefined,
    decode: (value: unknown) => T | undefined,
  ): Promise<T> {
    const value = await this.#json('GET', path, task, options);
    return this.#checked(decode(value), value, task);
  }

  #json(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    task: string,
    options?: RequestOptions,
    body?: unknown,
  ): Promise<unknown> {
    return this.http.json(method, nniBase + path, { task, body, signal: options?.signal });
  }

  #checked<T>(decoded: T | undefined, value: unknown, task: string): T {
    if (decoded !== undefined) return decoded;
    const what =
      value === undefined ? 'answered with nothing.' : 'answered with something of another form than agreed on.';
    throw new BadAnswerError({ task, server: this.http.server }, what, JSON.stringify(value) ?? '');
  }
}

function positive(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`The ${what} must be a whole number of at least 1, not ${value}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
