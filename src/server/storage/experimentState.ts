/**
 * The trials of an experiment in memory, replayed from NNI's append-only tables. Stored experiments and the runner replay the same rows, so
 * a row means the same to both (ts/nni_manager/core/sqlDatabase.ts, nnimanager.ts).
 */
import type { BestResult } from '../../model/experiment/bestResult.ts';
import type { OptimizeMode } from '../../model/experiment/experiment.ts';
import { defined } from '../../model/json/defined.ts';
import { ParameterMixUps } from '../../model/nni/parameterMixUp.ts';
import { applyMetric } from '../../model/trial/applyMetric.ts';
import { type MetricColumns, type MetricPoint, unwrapMetricData } from '../../model/trial/metric.ts';
import { MetricTable } from '../../model/trial/metricColumns.ts';
import { parameterIdText, parseWrittenRecord } from '../../model/trial/parameterRecord.ts';
import type {
  MetricDataRecord,
  MetricType,
  ParameterRecord,
  Parameters,
  TrialJobInfo,
  TrialRow,
  TrialStatus,
} from '../../model/trial/trial.ts';
import type { TrialView } from '../sources/source.ts';
import { type TalliedTrial, TrialTally } from './trialTally.ts';

/** A row of NNI's `TrialJobEvent`. `trialJobId` is empty where the event is not of a trial (imported data, queued custom trials). */
export interface TrialEventRow {
  timestamp: number;
  trialJobId: string;
  event: string;
  data?: string;
  logPath?: string;
  sequenceId?: number;
  message?: string;
  environmentId?: string;
}

interface TrialRecord extends TalliedTrial {
  /** Texts as stored, one per parameter index. */
  hyperParameters: Map<number, string>;
  record: ParameterRecord | undefined;
  logPath: string | undefined;
  environmentId: string | undefined;
  storedMessage: string | undefined;
  finals: MetricDataRecord[];
  /** Index of each of its metrics among all of them. */
  arrivals: number[];
  latest: MetricDataRecord | undefined;
}

export class ExperimentState implements TrialView {
  readonly optimizeMode: OptimizeMode;
  #tally: TrialTally<TrialRecord>;
  #metrics: MetricDataRecord[] = [];
  #imported: string[] = [];
  #mixUps = new ParameterMixUps();
  #corrected = new Set<string>();

  /** @param nniUntil epoch milliseconds; trials that began before then were run by NNI, see {@link ExperimentDatabase.nniUntil} */
  constructor(optimizeMode: OptimizeMode, nniUntil = 0) {
    this.optimizeMode = optimizeMode;
    this.#tally = new TrialTally(optimizeMode, nniUntil, (trial) => ({
      ...trial,
      hyperParameters: new Map(),
      record: undefined,
      logPath: undefined,
      environmentId: undefined,
      storedMessage: undefined,
      finals: [],
      arrivals: [],
      latest: undefined,
    }));
  }

  /** Replays one event. Returns the id of the trial whose row changed. */
  applyEvent(event: TrialEventRow): string | undefined {
    if (event.event === 'IMPORT_DATA') {
      this.#imported.push(event.data ?? '[]');
      return undefined;
    }
    if (event.trialJobId === '') return undefined;
    const trial = this.#tally.applyEvent(event.trialJobId, event);
    const { row } = trial;
    if (event.data) this.#addParameters(trial, event.data);
    if (event.logPath) trial.logPath = event.logPath;
    if (event.environmentId) trial.environmentId = event.environmentId;
    if (event.message) {
      trial.storedMessage = event.message;
      row.message = event.message;
    } else if (event.message === '') {
      trial.storedMessage = undefined;
      delete row.message;
    }
    this.#compareRecord(trial);
    return row.id;
  }

  /** Replays one metric row. Returns the point for the event stream, or undefined for an unknown trial. */
  applyMetric(metric: MetricDataRecord): MetricPoint | undefined {
    const trial = this.#trials.get(metric.trialJobId);
    if (!trial) return undefined;
    trial.arrivals.push(this.#metrics.push(metric) - 1);
    if (trial.byNni) this.#correct(this.#mixUps.reported(metric.trialJobId, metric.parameterId));
    if (metric.type === 'FINAL') trial.finals.push(metric);
    else trial.latest = metric;
    const { trialJobId: trialId, type, sequence, timestamp } = metric;
    const point = { trialId, type, sequence, timestamp, data: unwrapMetricData(metric.data) };
    const before = trial.row;
    trial.row = applyMetric(before, point);
    if (trial.row.final !== before.final) this.#tally.rank(trial, timestamp);
    return point;
  }

  /** Takes back what a trial reported: it runs again, and its earlier attempt does not count. */
  putMetricsAside(trialId: string): void {
    const metrics = this.#metrics.filter((metric) => metric.trialJobId !== trialId);
    this.#metrics = [];
    this.#tally.forgetBest();
    for (const trial of this.#trials.values()) {
      Object.assign(trial, { finals: [], arrivals: [], latest: undefined });
      trial.row.intermediates = 0;
      delete trial.row.latest;
      delete trial.row.final;
    }
    for (const metric of metrics) this.applyMetric(metric);
  }

  get #trials(): ReadonlyMap<string, TrialRecord> {
    return this.#tally.trials;
  }

  get size(): number {
    return this.#trials.size;
  }

  /** Drains the trials whose parameters were found to differ from the record, or no longer to differ, since the last call. */
  drainCorrected(): string[] {
    const ids = [...this.#corrected];
    this.#corrected.clear();
    return ids;
  }

  /** Trials that NNI recorded as cancelled by the user though no user asked for it. */
  get unexplainedCancels(): ReadonlySet<string> {
    return this.#tally.unexplainedCancels;
  }

  /** Marks one of the {@link unexplainedCancels} as stopped early. Returns whether it was one. */
  stoppedEarly(trialId: string, message: string): boolean {
    return this.#tally.stoppedEarly(trialId, message);
  }

  counts(): Partial<Record<TrialStatus, number>> {
    return this.#tally.counts();
  }

  get best(): BestResult | undefined {
    return this.#tally.best;
  }

  /** Texts of the imported data, one per import. */
  get imported(): readonly string[] {
    return this.#imported;
  }

  has(trialId: string): boolean {
    return this.#trials.has(trialId);
  }

  row(trialId: string): TrialRow | undefined {
    const row = this.#trials.get(trialId)?.row;
    return row && { ...row };
  }

  rows(): TrialRow[] {
    return [...this.#trials.values()].map(({ row }) => ({ ...row }));
  }

  /** The record a trial is bound to, as stored. */
  record(trialId: string): ParameterRecord | undefined {
    return this.#trials.get(trialId)?.record;
  }

  jobs(status?: string): TrialJobInfo[] {
    const jobs: TrialJobInfo[] = [];
    for (const trial of this.#trials.values()) {
      if (status === undefined || trial.row.status === status) jobs.push(toTrialJob(trial));
    }
    return jobs;
  }

  job(trialId: string): TrialJobInfo | undefined {
    const trial = this.#trials.get(trialId);
    return trial && toTrialJob(trial);
  }

  /** The folder NNI stored for a trial. */
  logPath(trialId: string): string | undefined {
    return this.#trials.get(trialId)?.logPath;
  }

  metrics(trialId?: string, type?: MetricType): MetricDataRecord[] {
    if (trialId === undefined)
      return type ? this.#metrics.filter((metric) => metric.type === type) : [...this.#metrics];
    const trial = this.#trials.get(trialId);
    if (!trial) return [];
    if (type === 'FINAL') return [...trial.finals];
    const intermediates = this.#arrived(trial.arrivals).filter((metric) => metric.type === 'PERIODICAL');
    return type ? intermediates : [...intermediates, ...trial.finals].sort((a, b) => a.timestamp - b.timestamp);
  }

  metricRange(min: number, max: number): MetricDataRecord[] {
    const arrivals: number[] = [];
    for (const trial of this.#trials.values()) {
      const { number } = trial.row;
      if (number < min || number > max) continue;
      for (const arrival of trial.arrivals) arrivals.push(arrival);
    }
    return this.#arrived(arrivals.sort((a, b) => a - b));
  }

  latestMetrics(): MetricDataRecord[] {
    const finals: MetricDataRecord[] = [];
    const latest: MetricDataRecord[] = [];
    for (const trial of this.#trials.values()) {
      finals.push(...trial.finals);
      if (trial.latest) latest.push(trial.latest);
    }
    return [...finals, ...latest];
  }

  get metricCount(): number {
    return this.#metrics.length;
  }

  columns(from = 0, to = this.#metrics.length): MetricColumns {
    const table = new MetricTable();
    for (const { trialJobId, type, sequence, timestamp, data } of this.#metrics.slice(from, to)) {
      table.add(trialJobId, type, sequence, timestamp, unwrapMetricData(data));
    }
    return table.columns;
  }

  statistics(): { trialJobStatus: TrialStatus; trialJobNumber: number }[] {
    const counts = this.#tally.counts();
    const states = Object.keys(counts).length;
    const statistics = new Map<TrialStatus, number>();
    for (const { row } of this.#trials.values()) {
      if (statistics.size === states) break;
      if (!statistics.has(row.status)) statistics.set(row.status, counts[row.status] ?? 0);
    }
    return [...statistics].map(([trialJobStatus, trialJobNumber]) => ({ trialJobStatus, trialJobNumber }));
  }

  exportData(): { parameter: Parameters; value: string; trialJobId: string }[] {
    const data: { parameter: Parameters; value: string; trialJobId: string }[] = [];
    for (const { row } of this.#trials.values()) {
      if (row.status === 'SUCCEEDED' && row.final !== undefined) {
        data.push({ parameter: row.parameters, value: row.final, trialJobId: row.id });
      }
    }
    return data;
  }

  #arrived(arrivals: readonly number[]): MetricDataRecord[] {
    return arrivals.flatMap((arrival) => this.#metrics[arrival] ?? []);
  }

  #addParameters(trial: TrialRecord, text: string): void {
    const record = parseWrittenRecord(text);
    const index = record?.parameter_index ?? 0;
    // Only the first parameters of each index count: the trial ran with those.
    if (trial.hyperParameters.has(index)) return;
    trial.hyperParameters.set(index, text);
    if (!record || trial.record) return;
    trial.record = record;
    trial.row.parameters = record.parameters;
    trial.row.parameterId = parameterIdText(record);
    trial.row.source = record.parameter_source;
  }

  #compareRecord({ byNni, record, row }: TrialRecord): void {
    if (!byNni || !record) return;
    const recorded = { id: row.id, parameterId: parameterIdText(record), parameters: record.parameters };
    this.#correct(this.#mixUps.record({ ...recorded, ...defined({ startTime: row.startTime }) }));
  }

  #correct(trialIds: readonly string[]): void {
    for (const id of trialIds) {
      const trial = this.#trials.get(id);
      if (!trial?.record) continue;
      const { row, record } = trial;
      const actual = this.#mixUps.actual(id);
      row.parameters = actual?.parameters ?? record.parameters;
      row.parameterId = actual ? actual.parameterId : parameterIdText(record);
      if (actual) row.recordedParameters = record.parameters;
      else delete row.recordedParameters;
      this.#corrected.add(id);
    }
  }
}

function toTrialJob(trial: TrialRecord): TrialJobInfo {
  const { row } = trial;
  const job: TrialJobInfo = {
    trialJobId: row.id,
    status: row.status,
    hyperParameters: hyperParameters(trial),
  };
  if (row.startTime !== undefined) job.startTime = row.startTime;
  if (trial.logPath !== undefined) job.logPath = trial.logPath;
  if (row.number >= 0) job.sequenceId = row.number;
  if (trial.environmentId !== undefined) job.envId = trial.environmentId;
  if (row.endTime !== undefined) job.endTime = row.endTime;
  if (row.message !== undefined) job.message = row.message;
  if (row.status === 'FAILED' && trial.logPath !== undefined) job.stderrPath = `${trial.logPath}/trial.stderr`;
  if (row.status === 'SUCCEEDED' && trial.finals.length > 0) job.finalMetricData = trial.finals.slice(0, 1);
  return job;
}

/** What NNI's REST should have sent: the parameters that the trial ran with. */
function hyperParameters({ hyperParameters, record, row }: TrialRecord): string[] {
  if (!row.recordedParameters || !record) return [...hyperParameters.values()].map(compact);
  const id =
    typeof record.parameter_id === 'number' && row.parameterId !== null ? Number(row.parameterId) : row.parameterId;
  return [JSON.stringify({ ...record, parameter_id: id, parameters: row.parameters })];
}

/** NNI sends the text as its own JSON writer puts it, without Python's spaces, and always with an index. */
function compact(text: string): string {
  const record = parseWrittenRecord(text);
  return record ? JSON.stringify(record) : text;
}
