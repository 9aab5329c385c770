/**
 * The routes of one experiment: NNI's, with the method names of NNI's Python clients (`nni.experiment.Experiment` and the older
 * `nnicli.Experiment`) in camelCase, and our own beside them. Works on a runner, on a manager's `/experiments/<id>`, and on a real NNI.
 */

import { parseDuration } from '../model/config/duration.ts';
import type {
  ExperimentProfile,
  ExperimentSnapshot,
  ExperimentStatus,
  ExperimentSummary,
  ManifestEntry,
} from '../model/experiment/experiment.ts';
import type { TensorBoardTask } from '../model/experiment/tensorBoard.ts';
import { parseJson } from '../model/json/parseJson.ts';
import type { SearchSpace } from '../model/space/searchSpace.ts';
import { parseWrittenRecord } from '../model/trial/parameterRecord.ts';

import type { MetricDataRecord, MetricType, Parameters, TrialJobInfo, TrialStatus } from '../model/trial/trial.ts';
import { maxListBytes, maxListRecords, maxTrials } from '../wire/limits.ts';
import { readLines } from '../wire/lineReader.ts';
import { BodyError } from '../wire/readBody.ts';
import { readRecords } from '../wire/recordReader.ts';
import { experimentRoutes, nniBase } from '../wire/routes.ts';
import { summarySchema } from '../wire/schemas/experiment.ts';
import {
  checkStatusSchema,
  exportedSchema,
  importedSchema,
  manifestEntrySchema,
  metricDataSchema,
  profileSchema,
  sequenceIdSchema,
  statisticsSchema,
  tensorBoardTaskSchema,
  trialJobSchema,
  trialRecordSchema,
} from '../wire/schemas/nni.ts';
import { parse, parseList, type Schema } from '../wire/schemas/schema.ts';
import type { WaitOptions } from './completion.ts';
import { BadAnswerError, excerptOf, NotConnectedError, NotFoundError } from './errors.ts';
import { type FileText, readFileEnd } from './fileEnd.ts';
import { readSnapshot } from './follow/snapshotText.ts';
import { Http, type HttpOptions, type RequestOptions, refuseHtml } from './http.ts';
import { TrialJob, TrialMetricData, TrialResult } from './trialRecords.ts';

/** A snapshot of 100,000 trials takes a slow server a minute. */
const snapshotTimeoutMs = 180_000;

/** NNI's names for the four changes of a running experiment (`update_type`), and the key of the profile that each reads. */
const updates = {
  TRIAL_CONCURRENCY: 'trialConcurrency',
  MAX_EXEC_DURATION: 'maxExperimentDuration',
  MAX_TRIAL_NUM: 'maxTrialNumber',
  SEARCH_SPACE: 'searchSpace',
} as const;

/**
 * The routes of one experiment. Every method takes an `AbortSignal`, ends in time, and throws errors of `errors.ts`. Only reads are
 * retried.
 */
export class ExperimentApi {
  readonly #http: Http | undefined;
  readonly #id: string;
  readonly #isOwner: boolean;

  /**
   * @param http at the experiment's root; undefined for an experiment without a server yet
   * @param isOwner whether {@link dispose} ends its connections
   */
  constructor(http: Http | undefined, { id = '', isOwner = false } = {}) {
    this.#http = http;
    this.#id = id;
    this.#isOwner = isOwner;
  }

  /** @param address root of the experiment: `http://host:port[/prefix]`. Not checked. The caller disposes the result. */
  static at(address: string, options: HttpOptions = {}): ExperimentApi {
    return new ExperimentApi(new Http(address, 'the experiment', options), { isOwner: true });
  }

  /** `exp_id` of NNI's older client; undefined when not connected or not known. */
  get id(): string | undefined {
    return this.#id || undefined;
  }

  /** `http://host:port[/prefix]` or `http://host:port/experiments/<id>`; undefined when not connected. */
  get endpoint(): string | undefined {
    return this.server?.address;
  }

  /** Port of the endpoint; undefined when not connected. */
  get port(): number | undefined {
    if (this.endpoint === undefined) return undefined;
    const { port, protocol } = new URL(this.endpoint);
    return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  }

  /** The root of the routes, for other parts of this client. @throws NotConnectedError @internal */
  get http(): Http {
    return this.#connected('reach the experiment');
  }

  /** The root of the routes; undefined when not connected. @internal */
  protected get server(): Http | undefined {
    return this.#http;
  }

  /** Closes its own connections. A handle of a manager shares the manager's connections and leaves them open. The experiment goes on. */
  dispose(): void {
    if (this.#isOwner) this.#http?.dispose();
  }

  /** Asks the experiment to stop; resolves when the server has accepted. */
  async stopExperiment(options?: RequestOptions): Promise<void> {
    await this.#json('DELETE', '/experiment', 'stop the experiment', options);
  }

  /**
   * Waits for the end: every trial has ended and none will come, or the experiment was stopped or failed. NNI reports no end when the
   * tuner has no more trials and no limit is set; this method does.
   *
   * @returns false when the experiment failed
   * @throws StalledError when a real NNI reports RUNNING but its tuner is dead; UnreachableError when the server ends meanwhile
   */
  async waitCompletion(options: WaitOptions = {}): Promise<boolean> {
    const { waitCompletion } = await import('./completion.ts');
    return waitCompletion(this, options);
  }

  async getExperimentStatus(options?: RequestOptions): Promise<{ status: ExperimentStatus; errors: string[] }> {
    const task = 'read the status';
    const { text } = await this.#connected(task).text('GET', `${nniBase}/check-status`, { task, ...options });
    // NNI answers this, without quotes, before it is up.
    if (text.trim() === 'INITIALIZING') return { status: 'INITIALIZED', errors: [] };
    const context = { task, server: this.http.server };
    refuseHtml(text, context);
    const status = parse(checkStatusSchema, parseJsonOrUndefined(text));
    if (!status) throw new BadAnswerError(context, 'answered with no status an experiment can have.', text);
    return status;
  }

  async getExperimentProfile(options?: RequestOptions): Promise<ExperimentProfile> {
    return this.#read('/experiment', 'read the experiment', options, (value) => parse(profileSchema, value));
  }

  /** @throws NotFoundError for an unknown trial */
  async getTrialJob(trialJobId: string, options?: RequestOptions): Promise<TrialJob> {
    return new TrialJob(await this.#trialJob(trialJobId, options, (value) => parse(trialRecordSchema, value)));
  }

  /**
   * A trial's parameters with numbers as they were written: to Python `1.0` is a float and `1` is not. Use it for texts that may go
   * back to a trial, and {@link getTrialJob} for calculation.
   */
  async writtenParameters(trialJobId: string, options?: RequestOptions): Promise<Parameters> {
    const decode = (value: unknown) => parse(trialJobSchema, value);
    const { hyperParameters } = await this.#trialJob(trialJobId, options, decode);
    return parseWrittenRecord(hyperParameters.at(-1) ?? '')?.parameters ?? {};
  }

  async #trialJob<T>(
    trialJobId: string,
    options: RequestOptions | undefined,
    decode: (value: unknown) => T | undefined,
  ): Promise<T> {
    const task = `read trial ${trialJobId}`;
    const path = `/trial-jobs/${encodeURIComponent(trialJobId)}`;
    const value = await this.#json('GET', path, task, options);
    // NNI answers an unknown trial with an empty body.
    if (value === undefined) {
      throw new NotFoundError({ task, server: this.http.server }, `there is no trial ${trialJobId}.`);
    }
    return this.#requireDecoded(decode(value), value, task);
  }

  async listTrialJobs(options?: RequestOptions & { status?: TrialStatus }): Promise<TrialJob[]> {
    const rows = await this.#list(trialsPath(options?.status), 'read the trials', options, trialRecordSchema);
    return rows.map((row) => new TrialJob(row));
  }

  /** As {@link listTrialJobs}, but as NNI sends them. */
  async trialJobInfos(options?: RequestOptions & { status?: TrialStatus }): Promise<TrialJobInfo[]> {
    return this.#list(trialsPath(options?.status), 'read the trials', options, trialJobSchema);
  }

  async getJobStatistics(options?: RequestOptions): Promise<{ trialJobStatus: TrialStatus; trialJobNumber: number }[]> {
    return this.#list('/job-statistics', 'read the numbers of trials', options, statisticsSchema);
  }

  /** Metrics by trial, in order of arrival: of one trial, or of all. */
  async getJobMetrics(trialJobId?: string, options?: RequestOptions): Promise<Record<string, TrialMetricData[]>> {
    const path = trialJobId === undefined ? '' : `/${encodeURIComponent(trialJobId)}`;
    return groupByTrial(await this.#metrics(`/metric-data${path}`, options));
  }

  /** Metrics of the trials numbered `from` to `to`, both included; as {@link getJobMetrics}. */
  async metricRange(from: number, to: number, options?: RequestOptions): Promise<Record<string, TrialMetricData[]>> {
    return groupByTrial(await this.#metrics(`/metric-data-range/${from}/${to}`, options));
  }

  /** The final results, and the newest intermediate one of each trial; as {@link getJobMetrics}. */
  async latestMetrics(options?: RequestOptions): Promise<Record<string, TrialMetricData[]>> {
    return groupByTrial(await this.#metrics('/metric-data-latest', options));
  }

  async #metrics(path: string, options: RequestOptions | undefined): Promise<TrialMetricData[]> {
    const rows = await this.#list(path, 'read the metrics', options, trialRecordSchema);
    return rows.map((row) => new TrialMetricData(row));
  }

  /** Metrics as NNI sends them: of one trial, of the trials numbered `from` to `to`, or of all trials. */
  async metricRecords(
    options?: RequestOptions & { trialJobId?: string; range?: { from: number; to: number }; type?: MetricType },
  ): Promise<MetricDataRecord[]> {
    const { trialJobId, range, type } = options ?? {};
    let path = '/metric-data';
    if (range) path += `-range/${range.from}/${range.to}`;
    else if (trialJobId !== undefined) path += `/${encodeURIComponent(trialJobId)}`;
    if (type && !range) path += `?type=${type}`;
    return this.#list(path, 'read the metrics', options, metricDataSchema);
  }

  /** Parameters and final result of every succeeded trial. */
  async exportData(options?: RequestOptions): Promise<TrialResult[]> {
    const rows = await this.#list('/export-data', 'export the results', options, trialRecordSchema);
    return rows.map((row) => new TrialResult(row));
  }

  /** As {@link exportData}, but as NNI sends it: `value` is JSON text. */
  async exportRecords(
    options?: RequestOptions,
  ): Promise<{ parameter: Parameters; value: string; trialJobId: string }[]> {
    return this.#list('/export-data', 'export the results', options, exportedSchema);
  }

  /** @param value maximum number of trials at the same time, a whole number of at least 1 */
  async updateConcurrency(value: number, options?: RequestOptions): Promise<void> {
    await this.#update('TRIAL_CONCURRENCY', requirePositive(value, 'concurrency'), 'change the concurrency', options);
  }

  /**
   * @param value `90s`, `10m`, `2h`, `1d`, or seconds
   * @throws RangeError when it is not a duration
   */
  async updateDuration(value: number | string, options?: RequestOptions): Promise<void> {
    await this.#update('MAX_EXEC_DURATION', parseDuration(value), 'change the maximum duration', options);
  }

  /** @param value maximum number of trials in all, a whole number of at least 1 */
  async updateTrialnum(value: number, options?: RequestOptions): Promise<void> {
    await this.#update(
      'MAX_TRIAL_NUM',
      requirePositive(value, 'trial number'),
      'change the maximum trial number',
      options,
    );
  }

  /** @deprecated The misspelt name of NNI's older client; {@link updateTrialnum} is the same. */
  async updateTrailnum(value: number, options?: RequestOptions): Promise<void> {
    await this.updateTrialnum(value, options);
  }

  /**
   * The tuner draws new trials from the new space. Trials that it has generated already keep their parameters.
   *
   * @param space the space, or the path of a JSON or YAML file
   * @throws FileError with `problems` when the file has mistakes
   */
  async updateSearchspace(space: SearchSpace | string, options?: RequestOptions): Promise<void> {
    const task = 'change the search space';
    this.#connected(task);
    if (typeof space === 'string') {
      const { readSpaceFile } = await import('./configFile.ts');
      await this.#update('SEARCH_SPACE', await readSpaceFile(space), task, options);
    } else await this.#update('SEARCH_SPACE', space, task, options);
  }

  /** Ends a trial. Does nothing when the trial has ended already. Resolves when its processes are gone. */
  async killTrialJob(trialJobId: string, options?: RequestOptions): Promise<void> {
    const { status } = await this.getTrialJob(trialJobId, options);
    // NNI would turn an ended trial into a cancelled one and lose its result.
    if (status !== 'WAITING' && status !== 'RUNNING' && status !== 'UNKNOWN') return;
    await this.#json('DELETE', `/trial-jobs/${encodeURIComponent(trialJobId)}`, `kill trial ${trialJobId}`, options);
  }

  /** Queues a trial with the given parameters. Resolves with its number, because NNI assigns the id later. */
  async addTrial(parameters: Parameters, options?: RequestOptions): Promise<number> {
    const task = 'add a trial';
    const value = await this.#json('POST', '/trial-jobs', task, options, parameters);
    return this.#requireDecoded(parse(sequenceIdSchema, value)?.sequenceId, value, task);
  }

  /** Gives the tuner results from other runs. */
  async importData(
    data: readonly { parameter: Parameters; value: unknown }[],
    options?: RequestOptions,
  ): Promise<void> {
    await this.#json('POST', '/experiment/import-data', 'import the results', options, data);
  }

  /** All results that {@link importData} was given, over all sessions. */
  async getImportedData(options?: RequestOptions): Promise<{ parameter: Parameters; value: unknown }[]> {
    return this.#read('/experiment/imported-data', 'read the imported results', options, (value) => {
      if (!Array.isArray(value)) return undefined;
      return value.flatMap((text) => {
        try {
          return parseList(importedSchema, typeof text === 'string' ? parseJson(text) : text) ?? [];
        } catch {
          return [];
        }
      });
    });
  }

  /** This experiment's entry in NNI's list of all experiments. */
  async getExperimentMetadata(options?: RequestOptions): Promise<ManifestEntry> {
    const decode = (value: unknown) => parse(manifestEntrySchema, value);
    return this.#read('/experiment-metadata', 'read what NNI has on record', options, decode);
  }

  /** NNI's list of all experiments on that machine. */
  async getAllExperimentsMetadata(options?: RequestOptions): Promise<ManifestEntry[]> {
    return this.#list('/experiments-info', 'read the list of experiments', options, manifestEntrySchema);
  }

  /** Version of the NNI that answers. Trialdeck answers with the NNI version whose routes it serves. */
  async getVersion(options?: RequestOptions): Promise<string> {
    const task = 'read the version';
    const { text } = await this.#connected(task).text('GET', `${nniBase}/version`, { task, ...options });
    // NNI sends the version without quotes.
    const version = /^"?(v?\d+(?:\.[\w-]+)+)"?\s*$/.exec(text)?.[1];
    if (version !== undefined) return version;
    const context = { task, server: this.http.server };
    refuseHtml(text, context);
    throw new BadAnswerError(context, text === '' ? 'answered with nothing.' : 'answered with no version.', text);
  }

  /** Starts a TensorBoard on the server's machine over the output of these trials. @throws RejectedError without `tensorboard` there */
  async startTensorBoard(trialJobIds: readonly string[], options?: RequestOptions): Promise<TensorBoardTask> {
    const task = 'start TensorBoard';
    const value = await this.#json('POST', '/tensorboard', task, options, { trials: trialJobIds.join(',') });
    return this.#requireDecoded(parse(tensorBoardTaskSchema, value), value, task);
  }

  async listTensorBoards(options?: RequestOptions): Promise<TensorBoardTask[]> {
    return this.#list('/tensorboard-tasks', 'list the TensorBoards', options, tensorBoardTaskSchema);
  }

  async getTensorBoard(taskId: string, options?: RequestOptions): Promise<TensorBoardTask> {
    const decode = (value: unknown) => parse(tensorBoardTaskSchema, value);
    return this.#read(`/tensorboard/${encodeURIComponent(taskId)}`, 'read about the TensorBoard', options, decode);
  }

  async stopTensorBoard(taskId: string, options?: RequestOptions): Promise<void> {
    await this.#json('DELETE', `/tensorboard/${encodeURIComponent(taskId)}`, 'stop TensorBoard', options);
  }

  async stopTensorBoards(options?: RequestOptions): Promise<void> {
    await this.#json('DELETE', '/tensorboard-tasks', 'stop all TensorBoards', options);
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
    const task = `read ${name} of trial ${trialJobId}`;
    return readFileEnd(this.#connected(task), path, name, { task, ...options });
  }

  /** The end of a log of the experiment's process: `nnimanager.log` by default. A real NNI also has `dispatcher.log`. */
  async readExperimentLog(options?: RequestOptions & { maxBytes?: number; name?: string }): Promise<FileText> {
    const { name = 'nnimanager.log', ...rest } = options ?? {};
    const task = `read ${name}`;
    return readFileEnd(this.#connected(task), `/logs/${encodeURIComponent(name)}`, name, { task, ...rest });
  }

  /** The experiment's summary. Only Trialdeck serves this route. @throws BadAnswerError on a real NNI, which does not have it */
  async summary(options?: RequestOptions): Promise<ExperimentSummary> {
    const task = 'read the summary';
    const value = await this.#connected(task).json('GET', experimentRoutes.summary, { task, ...options });
    return this.#requireDecoded(parse(summarySchema, value), value, task);
  }

  /** Summary, trials and metrics at one revision. Only Trialdeck serves this route. @throws BadAnswerError on a real NNI, which does not have it */
  async snapshot(options?: RequestOptions): Promise<ExperimentSnapshot> {
    const task = 'read the experiment';
    const ask = { task, query: { lines: 'true' }, ...options };
    const limits = { maxBytes: maxListBytes, timeoutMs: snapshotTimeoutMs };
    return this.#connected(task).read(experimentRoutes.snapshot, ask, limits, async ({ chunks }) => {
      const snapshot = await readSnapshot(readLines(chunks), options?.signal);
      if (snapshot) return snapshot;
      throw new BodyError('garbled', 'answered with something of another form than agreed on.');
    });
  }

  #connected(task: string): Http {
    const { server } = this;
    if (!server) throw new NotConnectedError(task);
    return server;
  }

  /** Sends the whole profile with one value changed, as NNI's own clients do: every version understands it. */
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
    return this.#requireDecoded(decode(value), value, task);
  }

  /** The valid records of a list. An invalid record is left out and does not hide the others. */
  async #list<T>(path: string, task: string, options: RequestOptions | undefined, schema: Schema<T>): Promise<T[]> {
    const signal = options?.signal;
    const limits = { maxBytes: maxListBytes };
    return this.#connected(task).read(nniBase + path, { task, signal }, limits, async ({ chunks }) => {
      const records: T[] = [];
      const addRecord = (value: unknown) => {
        const record = parse(schema, value);
        if (record !== undefined) records.push(record);
      };
      const maxRecords = path.startsWith('/metric-data') ? maxListRecords : maxTrials;
      await readRecords(chunks, addRecord, { signal, maxRecords });
      return records;
    });
  }

  async #json(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    task: string,
    options?: RequestOptions,
    body?: unknown,
  ): Promise<unknown> {
    return this.#connected(task).json(method, nniBase + path, { task, body, signal: options?.signal });
  }

  #requireDecoded<T>(decoded: T | undefined, value: unknown, task: string): T {
    if (decoded !== undefined) return decoded;
    const what =
      value === undefined ? 'answered with nothing.' : 'answered with something of another form than agreed on.';
    throw new BadAnswerError({ task, server: this.http.server }, what, excerptOf(value));
  }
}

function trialsPath(status: TrialStatus | undefined): string {
  return status ? `/trial-jobs?status=${status}` : '/trial-jobs';
}

function groupByTrial(rows: readonly TrialMetricData[]): Record<string, TrialMetricData[]> {
  const metrics = new Map<string, TrialMetricData[]>();
  for (const row of rows) {
    const { trialJobId } = row;
    if (trialJobId === undefined) continue;
    const known = metrics.get(trialJobId);
    if (known) known.push(row);
    else metrics.set(trialJobId, [row]);
  }
  return Object.fromEntries(metrics);
}

function requirePositive(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`The ${name} must be a whole number of at least 1, not ${value}.`);
}

function parseJsonOrUndefined(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
