/** The state of a polled experiment: takes NNI's answers, and gives the rows, points and totals of our own event stream. */
import { type BestResult, betterResult } from '../../model/experiment/bestResult.ts';
import type {
  ExperimentChange,
  ExperimentProfile,
  ExperimentStatus,
  ExperimentSummary,
} from '../../model/experiment/experiment.ts';
import { optimizeModeOf } from '../../model/experiment/optimizeMode.ts';
import { presentConfig } from '../../model/experiment/profileConfig.ts';
import { summarise } from '../../model/experiment/summary.ts';
import { defined } from '../../model/json/defined.ts';
import { ParameterMixUps } from '../../model/nni/parameterMixUp.ts';
import { applyMetric, type ReportedValues } from '../../model/trial/applyMetric.ts';
import { type MetricColumns, type MetricPoint, unwrapMetricData } from '../../model/trial/metric.ts';
import { MetricTable } from '../../model/trial/metricColumns.ts';
import { parameterIdText, parseParameterRecord } from '../../model/trial/parameterRecord.ts';
import {
  isEnded,
  type MetricDataRecord,
  type ParameterRecord,
  type TrialJobInfo,
  type TrialRow,
  type TrialStatus,
} from '../../model/trial/trial.ts';

interface PolledTrial {
  job: TrialJobInfo;
  record: ParameterRecord | undefined;
  row: TrialRow;
  /** Number of its metrics that are known. NNI lists them in the order of arrival. */
  metrics: number;
  values: ReportedValues;
  /** Epoch milliseconds of the final result. */
  finalAt: number | undefined;
  /** Parameter id that NNI recorded with its last metric; undefined before the first one. */
  reportedId: string | null | undefined;
  /** True when its metrics were read after its end, so no more can come. */
  settled: boolean;
  /** The read, counted from 1, in which its metrics were read last; 0 before. */
  lastRead: number;
}

export class PolledExperiment {
  readonly id: string;
  readonly optimizeMode: ExperimentSummary['optimizeMode'];
  /** Whether {@link drainChanges} gives new points; {@link columns} always has all points. */
  collectsPoints = false;
  readonly #where: Pick<ExperimentSummary, 'port' | 'urlPrefix'>;
  #profile: ExperimentProfile;
  #config = '';
  #configChanged = false;
  #status: ExperimentStatus = 'RUNNING';
  #errors: readonly string[] = [];
  #stalled: string | undefined;
  #durationAt = Date.now();
  readonly #trials = new Map<string, PolledTrial>();
  readonly #mixUps = new ParameterMixUps();
  readonly #stops = new Map<string, string>();
  /** Cancelled trials that the log was searched for. */
  readonly #lookedUp = new Set<string>();
  readonly #counts = new Map<TrialStatus, number>();
  #best: BestResult | undefined;
  readonly #metrics = new MetricTable();
  readonly #changed = new Set<string>();
  #points: MetricPoint[] = [];
  #reads = 0;

  constructor(profile: ExperimentProfile, where: Pick<ExperimentSummary, 'port' | 'urlPrefix'> = {}) {
    this.id = profile.id;
    this.optimizeMode = optimizeModeOf(presentConfig(profile.params));
    this.#where = where;
    this.#profile = profile;
    this.setProfile(profile);
    this.#configChanged = false;
  }

  get status(): ExperimentStatus {
    return this.#status;
  }
  get profile(): ExperimentProfile {
    return this.#profile;
  }
  get config(): ExperimentProfile['params'] {
    return presentConfig(this.#profile.params);
  }
  get best(): BestResult | undefined {
    return this.#best;
  }
  get size(): number {
    return this.#trials.size;
  }

  has(trialId: string): boolean {
    return this.#trials.has(trialId);
  }

  counts(): Partial<Record<TrialStatus, number>> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }

  setStatus(status: ExperimentStatus, errors: readonly string[]): void {
    this.#status = status;
    this.#errors = errors;
  }

  setProfile(profile: ExperimentProfile): void {
    this.#profile = profile;
    this.#durationAt = Date.now();
    const config = JSON.stringify(profile.params);
    if (config !== this.#config) this.#configChanged = true;
    this.#config = config;
  }

  /** @param reason why the tuner is dead; undefined when it lives or nothing is known */
  setStall(reason: string | undefined): void {
    this.#stalled = reason;
  }

  /** Applies a record of NNI's list of trials. */
  applyJob(listed: TrialJobInfo): void {
    const { trialJobId: id } = listed;
    let trial = this.#trials.get(id);
    const job = trial ? keepEnd(trial.job, listed) : listed;
    const text = job.hyperParameters[0];
    const isSameRecord = trial !== undefined && trial.job.hyperParameters[0] === text;
    if (!trial) {
      trial = {
        job,
        record: undefined,
        row: {
          id,
          number: -1,
          status: job.status,
          parameters: {},
          parameterId: null,
          source: 'algorithm',
          intermediates: 0,
        },
        metrics: 0,
        values: { intermediates: 0 },
        finalAt: undefined,
        reportedId: undefined,
        settled: false,
        lastRead: 0,
      };
      this.#trials.set(id, trial);
      this.#count(job.status, 1);
      this.#changed.add(id);
    }
    const before = trial.job;
    trial.job = job;
    // A resumed trial reports again.
    if (!isEnded(job.status)) trial.settled = false;
    if (!isSameRecord) trial.record = text === undefined ? undefined : parseParameterRecord(text);
    if (!isSameRecord || before.startTime !== job.startTime) {
      if (trial.record) {
        const { parameters } = trial.record;
        const parameterId = parameterIdText(trial.record);
        const { startTime } = job;
        this.#replaceRows(this.#mixUps.record({ id, parameterId, parameters, ...defined({ startTime }) }));
      }
    }
    const [final] = job.finalMetricData ?? [];
    if (final && trial.values.final === undefined) {
      this.#applyMetric(trial, { ...final, type: 'FINAL', data: unwrapMetricData(final.data) });
      this.#setReportedId(trial, final.parameterId);
    }
    const isSame =
      isSameRecord &&
      before.status === job.status &&
      before.startTime === job.startTime &&
      before.endTime === job.endTime &&
      before.message === job.message &&
      before.sequenceId === job.sequenceId;
    if (!isSame) this.#replaceRows([id]);
  }

  /** @returns a function that takes the metrics of one trial, or of all, in NNI's order. It skips as many as are known already. */
  metricsReader(): (record: MetricDataRecord) => void {
    const skipped = new Map<string, number>();
    return (record) => {
      const trial = this.#trials.get(record.trialJobId);
      // A trial newer than the list of trials; the next list has it.
      if (!trial) return;
      const place = skipped.get(record.trialJobId) ?? 0;
      skipped.set(record.trialJobId, place + 1);
      if (place < trial.metrics) return;
      trial.metrics++;
      this.#addMetric(trial, record);
    };
  }

  /** Ids of trials whose metrics may be incomplete; the longest unread first. */
  unsettled(): string[] {
    return [...this.#trials.values()]
      .filter(({ settled, row }) => !settled && row.status !== 'WAITING')
      .sort((a, b) => a.lastRead - b.lastRead)
      .map(({ row }) => row.id);
  }

  /** Whether the metrics of any trial may be incomplete. */
  hasUnsettled(): boolean {
    for (const { settled, row } of this.#trials.values()) if (!settled && row.status !== 'WAITING') return true;
    return false;
  }

  /** Records that the metrics of a trial, or of all trials, were read after the list of trials. */
  markRead(trialId?: string): void {
    this.#reads++;
    const ids = trialId === undefined ? this.#trials.keys() : [trialId];
    for (const id of ids) {
      const trial = this.#trials.get(id);
      if (!trial) continue;
      trial.lastRead = this.#reads;
      if (isEnded(trial.job.status)) trial.settled = true;
    }
  }

  /** Ids of cancelled trials that the log was not searched for yet. */
  unexplained(): string[] {
    const ids: string[] = [];
    for (const { job } of this.#trials.values()) {
      if (job.status === 'USER_CANCELED' && !this.#lookedUp.has(job.trialJobId)) ids.push(job.trialJobId);
    }
    return ids;
  }

  /** @param ids trials that the log was searched for; @param reasons why NNI ended trials itself, by trial id */
  explain(ids: readonly string[], reasons: ReadonlyMap<string, string>): void {
    for (const id of ids) {
      this.#lookedUp.add(id);
      const reason = reasons.get(id);
      if (reason === undefined) continue;
      this.#stops.set(id, reason);
      this.#replaceRows([id]);
    }
  }

  /** Returns the changes since the last call and forgets them; undefined when there are none. */
  drainChanges(): Pick<ExperimentChange, 'config' | 'trials' | 'metrics'> | undefined {
    const change: Pick<ExperimentChange, 'config' | 'trials' | 'metrics'> = {};
    if (this.#configChanged) change.config = this.config;
    if (this.#changed.size > 0) change.trials = [...this.#changed].flatMap((id) => this.#trials.get(id)?.row ?? []);
    if (this.#points.length > 0) change.metrics = this.#points;
    this.#configChanged = false;
    this.#changed.clear();
    this.#points = [];
    return Object.keys(change).length > 0 ? change : undefined;
  }

  rows(): TrialRow[] {
    return [...this.#trials.values()].map(({ row }) => row);
  }

  /** All points, as a copy. */
  columns(): MetricColumns {
    const { trialIds, trial, type, sequence, timestamp, data } = this.#metrics.columns;
    return {
      trialIds: [...trialIds],
      trial: trial.slice(),
      type: type.slice(),
      sequence: sequence.slice(),
      timestamp: timestamp.slice(),
      data: data.slice(),
    };
  }

  summary(): ExperimentSummary {
    const errors = this.#stalled !== undefined && this.#errors.length === 0 ? [this.#stalled] : this.#errors;
    return summarise(
      this.#profile,
      { counts: this.counts(), best: this.best },
      {
        ...this.#where,
        status: this.#status,
        errors,
        live: this.#status !== 'STOPPED',
        engine: 'nni',
        directory: this.#profile.logDir,
        durationAt: this.#durationAt,
        standalone: true,
      },
    );
  }

  #addMetric(trial: PolledTrial, record: MetricDataRecord): void {
    const { id } = trial.row;
    const { type, sequence, timestamp } = record;
    const data = unwrapMetricData(record.data);
    this.#metrics.add(id, type, sequence, timestamp, data);
    this.#applyMetric(trial, { type, sequence, timestamp, data });
    // NNI's list of trials lacks the final result of a trial that was cancelled after its end.
    if (type === 'FINAL') this.#replaceRows([id]);
    else {
      trial.row = { ...trial.row, ...trial.values };
      this.#changed.add(id);
    }
    if (this.collectsPoints) this.#points.push({ trialId: id, type, sequence, timestamp, data });
    this.#setReportedId(trial, record.parameterId);
  }

  #applyMetric(trial: PolledTrial, metric: Omit<MetricPoint, 'trialId'>): void {
    const before = trial.values;
    trial.values = applyMetric(before, metric);
    if (trial.values.final !== before.final) trial.finalAt = metric.timestamp;
  }

  #setReportedId(trial: PolledTrial, parameterId: string | null): void {
    if (trial.reportedId === parameterId) return;
    trial.reportedId = parameterId;
    this.#replaceRows(this.#mixUps.reported(trial.row.id, parameterId));
  }

  /** Replaces the rows of these trials. A row that was given out is never changed. */
  #replaceRows(ids: readonly string[]): void {
    for (const id of ids) {
      const trial = this.#trials.get(id);
      if (!trial) continue;
      const before = trial.row.status;
      trial.row = this.#row(trial);
      if (trial.row.status !== before) {
        this.#count(before, -1);
        this.#count(trial.row.status, 1);
      }
      if (trial.finalAt !== undefined) {
        this.#best = betterResult(this.#best, trial.row, trial.finalAt, this.optimizeMode);
      }
      this.#changed.add(id);
    }
  }

  #row({ job, record, values }: PolledTrial): TrialRow {
    const { trialJobId: id } = job;
    const actual = this.#mixUps.actual(id);
    const parameters = record?.parameters ?? {};
    const recordedId = record ? parameterIdText(record) : null;
    const stop = job.status === 'USER_CANCELED' ? this.#stops.get(id) : undefined;
    const message = stop ?? job.message;
    return {
      id,
      number: job.sequenceId ?? -1,
      status: stop === undefined ? job.status : 'EARLY_STOPPED',
      parameters: actual?.parameters ?? parameters,
      ...(actual ? { recordedParameters: parameters } : {}),
      parameterId: actual ? actual.parameterId : recordedId,
      source: record?.parameter_source ?? 'algorithm',
      ...defined({ startTime: job.startTime, endTime: job.endTime, message }),
      ...values,
    };
  }

  #count(status: TrialStatus, change: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + change);
  }
}

/** Keeps the end of a finished trial. NNI lets a late cancel rewrite it and hide its result. */
function keepEnd(before: TrialJobInfo, now: TrialJobInfo): TrialJobInfo {
  const rewritten = now.status === 'USER_CANCELED' && (before.status === 'SUCCEEDED' || before.status === 'FAILED');
  return rewritten ? before : now;
}
