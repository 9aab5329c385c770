/** The trials that have, or are about to have, a process: what they report and how they end goes through here. */

import { messageOf } from '../../model/text/messageOf.ts';
import { wrapMetricData } from '../../model/trial/metric.ts';
import type { MetricDataRecord, ParameterRecord } from '../../model/trial/trial.ts';
import type { Logger } from '../../server/log.ts';
import type { Journal } from '../../server/storage/journal.ts';
import { type Clock, systemClock, type Timer } from '../../system/clock.ts';
import { type Deferred, deferred } from '../deferred.ts';
import { localEnvironmentId } from '../trainingServices/local/trialFolder.ts';
import type {
  TrainingService,
  TrainingServiceEvents,
  TrialEnd,
  TrialHandle,
  TrialMetric,
} from '../trainingServices/trainingService.ts';
import { type Cancellation, judge, type Verdict } from './verdict.ts';

/** Characters of a reported value that a debug log shows. */
const longestLogged = 200;

/** A trial and the parameters it is bound to. */
export interface Trial {
  id: string;
  number: number;
  record: ParameterRecord;
}

export interface TrialRunsOptions {
  service: (events: TrainingServiceEvents) => TrainingService;
  journal: Journal;
  log: Logger;
  /** Seconds; undefined for no limit. */
  maxTrialDuration: number | undefined;
  clock?: Clock;
  /** A trial is over, and that is stored. */
  ended(trial: Trial, verdict: Verdict): void;
  /** Trials can't be started here. */
  broken(reason: string): void;
  /** Another trial may start now. */
  roomChanged(): void;
}

interface Run extends Trial {
  handle?: TrialHandle;
  cancellation?: Cancellation;
  /** Text of the first final result. */
  final?: string;
  /** Something odd that the trial did while it ran. */
  remark?: string;
  timer?: Timer;
  /** Settles when the process is there, or will not be. */
  starting?: Promise<void>;
  /** Resolves at the end. */
  over: Deferred<void>;
}

export class TrialRuns {
  readonly service: TrainingService;
  #options: TrialRunsOptions;
  #runs = new Map<string, Run>();
  #clock: Clock;

  constructor(options: TrialRunsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.service = options.service({
      started: (id, handle, time) => this.#started(id, handle, time),
      metrics: (id, metrics, offset) => this.#metrics(id, metrics, offset),
      garbage: (id, reason, offset) => this.#garbage(id, reason, offset),
      ended: (id, end) => this.#ended(id, end),
      roomChanged: () => options.roomChanged(),
    });
  }

  get size(): number {
    return this.#runs.size;
  }

  has(id: string): boolean {
    return this.#runs.has(id);
  }

  start(trial: Trial): void {
    const run: Run = { ...trial, over: deferred() };
    this.#runs.set(run.id, run);
    run.starting = this.#start(run);
  }

  /** Takes over a trial that a dead runner started. */
  async adopt(trial: Trial, handle: TrialHandle, startTime: number, final: string | undefined): Promise<void> {
    const run: Run = { ...trial, handle, over: deferred() };
    if (final !== undefined) run.final = final;
    this.#runs.set(run.id, run);
    this.#limitDuration(run, startTime);
    try {
      await this.service.adopt(handle);
    } catch (error) {
      this.#finish(
        run,
        { status: 'FAILED', message: `could not be taken over: ${messageOf(error)}` },
        this.#clock.now(),
      );
    }
  }

  /** Resolves when the trial has ended, with its end in the journal. Does nothing to one that has ended already. */
  async cancel(id: string, cancellation: Cancellation): Promise<void> {
    const run = this.#runs.get(id);
    if (!run) return;
    run.cancellation ??= cancellation;
    await this.service.stop(id);
    await run.starting;
    await this.service.stop(id);
    await run.over.promise;
  }

  async cancelAll(cancellation: Cancellation): Promise<void> {
    await Promise.all([...this.#runs.keys()].map((id) => this.cancel(id, cancellation)));
  }

  async dispose(): Promise<void> {
    for (const run of this.#runs.values()) run.timer?.cancel();
    await this.service.dispose();
  }

  async #start(run: Run): Promise<void> {
    this.#options.log.debug(`Trial ${run.number} (${run.id}) gets ${JSON.stringify(run.record.parameters)}`);
    try {
      await this.service.start({ id: run.id, number: run.number, record: run.record });
    } catch (error) {
      const reason = messageOf(error);
      const verdict = run.cancellation ?? { status: 'FAILED' as const, message: `could not be started: ${reason}` };
      if (!run.cancellation) this.#options.broken(reason);
      this.#finish(run, verdict, this.#clock.now());
    }
  }

  #started(id: string, handle: TrialHandle, time: number): void {
    const run = this.#runs.get(id);
    if (!run) return;
    run.handle = handle;
    const event = {
      timestamp: time,
      trialJobId: id,
      event: 'RUNNING',
      logPath: this.service.trialDirectory(id),
      sequenceId: run.number,
      environmentId: localEnvironmentId,
    };
    this.#options.log.info(`Trial ${run.number} (${id}) started as process ${handle.pid}`);
    this.#options.journal.write({ events: [event], handles: [{ ...handle }] });
    this.#limitDuration(run, time);
  }

  #metrics(id: string, metrics: readonly TrialMetric[], offset: number): void {
    const run = this.#runs.get(id);
    if (!run) return;
    const timestamp = this.#clock.now();
    const own = run.record.parameter_id === null ? null : String(run.record.parameter_id);
    const rows: MetricDataRecord[] = [];
    for (const { parameterId, type, sequence, value } of metrics) {
      if (type === 'FINAL') run.final ??= value;
      this.#options.log.debug(
        `Trial ${run.number} (${id}) reported ${type} ${sequence}: ${value.slice(0, longestLogged)}`,
      );
      if (parameterId !== own) this.#remark(run, `reported a result of parameters ${parameterId}, but ran ${own}`);
      rows.push({ timestamp, trialJobId: id, parameterId, type, sequence, data: wrapMetricData(value) });
    }
    this.#options.journal.write({ metrics: rows, ...this.#advance(run, offset) });
  }

  #garbage(id: string, reason: string, offset: number): void {
    const run = this.#runs.get(id);
    if (!run) return;
    this.#remark(run, `wrote ${reason} among its results`);
    this.#options.journal.write(this.#advance(run, offset));
  }

  #advance(run: Run, offset: number): { handles: TrialHandle[] } | object {
    if (!run.handle) return {};
    run.handle.metricsOffset = offset;
    return { handles: [{ ...run.handle }] };
  }

  /** The first remark is kept: what follows is mostly the same again. */
  #remark(run: Run, remark: string): void {
    if (run.remark !== undefined) return;
    run.remark = remark;
    this.#options.log.warning(`Trial ${run.number} (${run.id}) ${remark}`);
    // Of NNI's events, this is the one that leaves the status as it is.
    const event = { timestamp: this.#clock.now(), trialJobId: run.id, event: 'ADD_HYPERPARAMETER', message: remark };
    this.#options.journal.write({ events: [event] });
  }

  #ended(id: string, end: TrialEnd): void {
    const run = this.#runs.get(id);
    if (!run) return;
    const errors = end.exitCode === 0 ? '' : this.service.trialErrors(id);
    this.#finish(run, judge(end, run.final, run.cancellation, errors), end.endTime);
  }

  #finish(run: Run, verdict: Verdict, time: number): void {
    run.timer?.cancel();
    const message = verdict.message ?? run.remark;
    const event = {
      timestamp: time,
      trialJobId: run.id,
      event: verdict.status,
      sequenceId: run.number,
      ...(run.handle ? { logPath: this.service.trialDirectory(run.id), environmentId: localEnvironmentId } : {}),
      ...(message === undefined ? {} : { message }),
    };
    this.#options.log.info(`Trial ${run.number} (${run.id}) ended: ${verdict.status} ${message ?? ''}`);
    this.#options.journal.write({ events: [event], released: [run.id] }, () => {
      this.#runs.delete(run.id);
      this.#options.ended({ id: run.id, number: run.number, record: run.record }, verdict);
    });
    run.over.resolve();
  }

  #limitDuration(run: Run, startTime: number): void {
    const { maxTrialDuration, log } = this.#options;
    if (maxTrialDuration === undefined) return;
    const leftMs = startTime + maxTrialDuration * 1000 - this.#clock.now();
    run.timer = this.#clock.setTimeout(
      () => {
        const message = `ran longer than maxTrialDuration (${maxTrialDuration} s)`;
        this.cancel(run.id, { status: 'EARLY_STOPPED', message }).catch((error: unknown) => {
          log.error(`Trial ${run.id} could not be stopped: ${messageOf(error)}`);
        });
      },
      Math.max(leftMs, 0),
    );
  }
}
