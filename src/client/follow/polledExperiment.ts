/** What polling has told of one experiment so far: NNI's answers in, the rows, points and totals of our own event stream out. */
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
  /** How many of its metrics are known; NNI lists them in the order in which they came. */
  metrics: number;
  values: ReportedValues;
  /** Epoch milliseconds of the final result. */
  finalAt: number | undefined;
  /** The parameters its metrics were last said to be of; undefined before the first one. */
  reported: string | null | undefined;
  /** Its metrics were read after it had ended, so there are no more. */
  settled: boolean;
  /** When its metrics were read last, in rounds. */
  read: number;
}

export class PolledExperiment {
  readonly id: string;
  readonly optimizeMode: ExperimentSummary['optimizeMode'];
  /** Whether new points are kept for {@link drainChanges}; {@link columns} has them all. */
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
  /** Cancelled trials of which the log has been asked. */
  readonly #lookedUp = new Set<string>();
  readonly #counts = new Map<TrialStatus, number>();
  #best: BestResult | undefined;
  readonly #metrics = new MetricTable();
  readonly #changed = new Set<string>();
  #points: MetricPoint[] = [];
  #round = 0;

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

  /** Why its tuner is dead, or undefined where it lives or nothing is known. */
  setStall(reason: string | undefined): void {
    this.#stalled = reason;
  }

  applyJob(listed: TrialJobInfo): void {
    const { trialJobId: id } = listed;
    let trial = this.#trials.get(id);
    const job = trial ? asEnded(trial.job, listed) : listed;
    const text = job.hyperParameters[0];
    const sameRecord = trial !== undefined && trial.job.hyperParameters[0] === text;
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
        reported: undefined,
        settled: false,
        read: 0,
      };
      this.#trials.set(id, trial);
      this.#count(job.status, 1);
      this.#changed.add(id);
    }
    const was = trial.job;
    trial.job = job;
    // What was resumed goes on.
    if (!isEnded(job.status)) trial.settled = false;
    if (!sameRecord) trial.record = text === undefined ? undefined : parseParameterRecord(text);
    if (!sameRecord || was.startTime !== job.startTime) {
      if (trial.record) {
        const { parameters } = trial.record;
        const parameterId = parameterIdText(trial.record);
        const { startTime } = job;
        this.#redraw(this.#mixUps.record({ id, parameterId, parameters, ...defined({ startTime }) }));
      }
    }
    const [final] = job.finalMetricData ?? [];
    if (final && trial.values.final === undefined) {
      this.#applyMetric(trial, { ...final, type: 'FINAL', data: unwrapMetricData(final.data) });
      this.#setReportedId(trial, final.parameterId);
    }
    const same =
      sameRecord &&
      was.status === job.status &&
      was.startTime === job.startTime &&
      was.endTime === job.endTime &&
      was.message === job.message &&
      was.sequenceId === job.sequenceId;
    if (!same) this.#redraw([id]);
  }

  /** Takes the metrics of one trial, or of all: records that are known already are passed over by their number. */
  metricsReader(): (record: MetricDataRecord) => void {
    const passed = new Map<string, number>();
    return (record) => {
      const trial = this.#trials.get(record.trialJobId);
      // A trial that came after the list of trials; its turn comes with the next one.
      if (!trial) return;
      const place = passed.get(record.trialJobId) ?? 0;
      passed.set(record.trialJobId, place + 1);
      if (place < trial.metrics) return;
      trial.metrics++;
      this.#addMetric(trial, record);
    };
  }

  /** Trials whose metrics may not all be known, those first that waited longest. */
  unsettled(): string[] {
    return [...this.#trials.values()]
      .filter(({ settled, row }) => !settled && row.status !== 'WAITING')
      .sort((a, b) => a.read - b.read)
      .map(({ row }) => row.id);
  }

  /** Whether there may be metrics that are not known. */
  hasUnsettled(): boolean {
    for (const { settled, row } of this.#trials.values()) if (!settled && row.status !== 'WAITING') return true;
    return false;
  }

  /** The metrics of a trial, or those of all, have been read since its state was. */
  markRead(trialId?: string): void {
    this.#round++;
    const ids = trialId === undefined ? this.#trials.keys() : [trialId];
    for (const id of ids) {
      const trial = this.#trials.get(id);
      if (!trial) continue;
      trial.read = this.#round;
      if (isEnded(trial.job.status)) trial.settled = true;
    }
  }

  /** Cancelled trials of which it is not known yet who ended them. */
  unexplained(): string[] {
    const ids: string[] = [];
    for (const { job } of this.#trials.values()) {
      if (job.status === 'USER_CANCELED' && !this.#lookedUp.has(job.trialJobId)) ids.push(job.trialJobId);
    }
    return ids;
  }

  /** @param reasons why NNI ended trials itself, by their ids */
  explain(asked: readonly string[], reasons: ReadonlyMap<string, string>): void {
    for (const id of asked) {
      this.#lookedUp.add(id);
      const reason = reasons.get(id);
      if (reason === undefined) continue;
      this.#stops.set(id, reason);
      this.#redraw([id]);
    }
  }

  /** What has changed since this was asked before; undefined when nothing has. */
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

  /** A copy. */
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
    // The list of trials has no final result where somebody cancelled the trial when it had ended.
    if (type === 'FINAL') this.#redraw([id]);
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
    if (trial.reported === parameterId) return;
    trial.reported = parameterId;
    this.#redraw(this.#mixUps.reported(trial.row.id, parameterId));
  }

  /** Makes the rows anew. A row that was given out is never changed. */
  #redraw(ids: readonly string[]): void {
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

/** NNI lets a late cancel rewrite a finished trial and hide its result; what ended stays as it ended. */
function asEnded(before: TrialJobInfo, now: TrialJobInfo): TrialJobInfo {
  const rewritten = now.status === 'USER_CANCELED' && (before.status === 'SUCCEEDED' || before.status === 'FAILED');
  return rewritten ? before : now;
}
