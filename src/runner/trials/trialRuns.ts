/**
 * The trials that a training service has, or is about to have. Their states, reports and ends go through here into the
 * journal.
 */
import { defined } from '../../model/json/defined.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { wrapMetricData } from '../../model/trial/metric.ts';
import type { MetricDataRecord } from '../../model/trial/trial.ts';
import type { Logger } from '../../server/log.ts';
import { readTail } from '../../server/sources/trialFiles.ts';
import type { Batch, Journal } from '../../server/storage/journal.ts';
import type { StoredRun } from '../../server/storage/storedRun.ts';
import { type Clock, systemClock, type Timer } from '../../system/clock.ts';
import type { ChannelEvents, TrialChannel, TrialLaunch, TrialReport } from '../channels/channel.ts';
import { type Deferred, deferred } from '../deferred.ts';
import type { RunnerEvents, StoredReport } from '../events.ts';
import type {
  TrainingService,
  TrainingServiceEvents,
  TrialEnd,
  TrialState,
} from '../trainingServices/trainingService.ts';
import type { Trial } from './trial.ts';
import { type Cancellation, judge, readCancellation, usableReport, type Verdict } from './verdict.ts';

/** Characters of a reported value that a debug log shows. */
const maxLoggedChars = 200;
/** End of a failed trial's error output that its reason is looked for in. */
const maxErrorBytes = 16 * 1024;

export interface TrialRunsOptions {
  createService(events: TrainingServiceEvents): TrainingService;
  createChannel(events: ChannelEvents): TrialChannel;
  journal: Journal;
  log: Logger;
  /** Seconds; undefined for no limit. */
  maxTrialDuration: number | undefined;
  events: RunnerEvents;
  clock?: Clock;
}

/** A trial that an earlier runner submitted, as the database has it. */
export interface AdoptedTrial {
  trial: Trial;
  stored: StoredRun;
  /** Whether its start is on record. */
  isRunning: boolean;
  /** Epoch milliseconds. */
  startTime: number;
  /** Text of its final result, if it reported one. */
  final: string | undefined;
  /** Text of its last usable intermediate result, if it reported one. */
  latest: string | undefined;
}

/** What a person should know about a trial that runs or waits; the first that applies is shown. */
interface Notices {
  keptStop?: string;
  /** Queued, silent or lost. */
  condition?: string;
  /** The first odd thing the trial did. */
  remark?: string;
  attempt?: string;
}

interface Run {
  trial: Trial;
  stored: StoredRun;
  cancellation?: Cancellation;
  /** Decides in place of the trial's end. */
  verdict?: Verdict;
  /** Text of the first final result. */
  final?: string;
  /** Text of the last usable intermediate result. */
  latest?: string;
  notices: Notices;
  /** The message that the trial's row shows now. */
  shown: string;
  /** The attempt whose start is on record; 0 before the first. */
  startedAttempt: number;
  timer?: Timer;
  /** Settles when the trial is submitted, or will not be. */
  starting?: Promise<void>;
  /** Events that wait until the trial's handle is known. */
  early?: (() => void)[];
  /** A state that takes time; later ones wait for it. */
  busy?: Promise<void> | undefined;
  /** Resolves at the end. */
  over: Deferred<void>;
}

export class TrialRuns {
  readonly service: TrainingService;
  readonly channel: TrialChannel;
  #options: TrialRunsOptions;
  #clock: Clock;
  #runs = new Map<string, Run>();
  /** The trial that was told last why it can't start yet. */
  #waiting: { id: string; reason: string } | undefined;

  constructor(options: TrialRunsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.service = options.createService({
      changed: (id, state) => this.#changed(id, state),
      roomChanged: () => options.events.emit('roomChanged'),
    });
    this.channel = options.createChannel({
      reported: (id, report) => this.#reported(id, report),
      silent: (id, sinceMs) => this.#changed(id, { state: 'silent', since: sinceMs }),
      alive: (id) => this.#heard(id),
    });
  }

  get size(): number {
    return this.#runs.size;
  }

  has(id: string): boolean {
    return this.#runs.has(id);
  }

  /**
   * How many further trials the service can start now; infinite where it sets no limit.
   *
   * @param next the trial that would start; its row tells why it waits
   */
  places(next: Trial | undefined): number {
    const room = this.service.room();
    if (room.free) return room.trials ?? Number.POSITIVE_INFINITY;
    if (next && (this.#waiting?.id !== next.id || this.#waiting.reason !== room.reason)) {
      this.#waiting = { id: next.id, reason: room.reason };
      this.#options.journal.write({ events: [this.#event(next, 'WAITING', room.reason)] });
    }
    return 0;
  }

  start(trial: Trial): void {
    const shown = this.#waiting?.id === trial.id ? this.#waiting.reason : '';
    const run = this.#add(trial, { trialId: trial.id, attempt: 1 }, shown);
    run.early = [];
    run.starting = this.#submit(run);
  }

  /** Takes over a trial that an earlier runner submitted. */
  async adopt({ trial, stored, isRunning, startTime, final, latest }: AdoptedTrial): Promise<void> {
    const run = this.#add(trial, { ...stored });
    if (isRunning) run.startedAttempt = stored.attempt;
    if (final !== undefined) run.final = final;
    if (latest !== undefined) run.latest = latest;
    if (isRunning) this.#limitDuration(run, startTime);
    try {
      await this.channel.follow(trial, stored.attempt, stored.position);
    } catch (error) {
      // A trial that can't be heard must not run on unseen.
      run.verdict = { status: 'FAILED', message: `could not be taken over: ${messageOf(error)}` };
    }
    try {
      await this.service.adopt(trial, stored.handle);
    } catch (error) {
      const message = `could not be taken over: ${messageOf(error)}`;
      return this.#finish(run, { status: 'FAILED', message }, this.#clock.now());
    }
    if (run.verdict) await this.#stop(run);
    const cancellation = readCancellation(stored.stop);
    if (cancellation) this.#cancelLogged(trial.id, cancellation);
  }

  /**
   * Resolves when the trial has ended, with its end in the journal, or when the service keeps the stop for later. Does
   * nothing to one that has ended already.
   */
  async cancel(id: string, cancellation: Cancellation): Promise<void> {
    const run = this.#runs.get(id);
    if (!run) return;
    run.cancellation ??= cancellation;
    await this.#stop(run);
  }

  async cancelAll(cancellation: Cancellation): Promise<void> {
    await Promise.all([...this.#runs.keys()].map((id) => this.cancel(id, cancellation)));
  }

  async dispose(): Promise<void> {
    for (const run of this.#runs.values()) run.timer?.cancel();
    await this.service.dispose();
    await this.channel.dispose();
  }

  #add(trial: Trial, stored: StoredRun, shown = ''): Run {
    const run: Run = { trial, stored, notices: {}, shown, startedAttempt: 0, over: deferred() };
    this.#runs.set(trial.id, run);
    return run;
  }

  async #submit(run: Run): Promise<void> {
    const { trial } = run;
    const { log } = this.#options;
    log.debug(`Trial ${trial.number} (${trial.id}) gets ${JSON.stringify(trial.record.parameters)}`);
    let failure: { reason: string } | undefined;
    try {
      run.stored.handle = await this.service.submit(trial, (attempt) => this.#launch(run, attempt));
    } catch (error) {
      failure = { reason: messageOf(error) };
      await this.#closeChannel(run);
    }
    const early = run.early ?? [];
    delete run.early;
    // A crash before the start is stored must find the trial by its handle.
    if (early.length === 0 && !failure) this.#options.journal.write(this.#storedRun(run));
    for (const event of early) event();
    if (!failure) return;
    const message = `could not be started: ${failure.reason}`;
    if (!run.cancellation) this.#options.events.emit('trialsBroken', failure.reason);
    this.#finish(run, run.cancellation ?? { status: 'FAILED', message }, this.#clock.now());
  }

  async #launch(run: Run, attempt: number): Promise<TrialLaunch> {
    if (attempt !== run.stored.attempt) await this.#beginAttempt(run, attempt);
    const launch = await this.channel.open(run.trial, attempt);
    if (!this.#runs.has(run.trial.id)) await this.#closeChannel(run); // stopped meanwhile
    return launch;
  }

  /** Puts aside what earlier attempts reported: it never counts for this one. */
  async #beginAttempt(run: Run, attempt: number): Promise<void> {
    await this.#closeChannel(run);
    const earlier = run.stored.attempt;
    const lost = run.notices.condition;
    run.stored.attempt = attempt;
    delete run.stored.position;
    delete run.final;
    delete run.latest;
    run.notices = { attempt: `attempt ${attempt}${lost === undefined ? '' : `, after it was ${lost}`}` };
    this.#options.log.info(`Trial ${run.trial.number} (${run.trial.id}) begins attempt ${attempt}`);
    this.#options.journal.write({
      putAside: [{ trialId: run.trial.id, attempt: earlier }],
      ...this.#storedRun(run),
      ...this.#notice(run),
    });
  }

  #changed(id: string, state: TrialState): void {
    const run = this.#runs.get(id);
    if (!run) return;
    if (run.early) {
      run.early.push(() => this.#changed(id, state));
      return;
    }
    const step = run.busy ? run.busy.then(() => this.#apply(run, state)) : this.#apply(run, state);
    if (!step) return;
    const busy = step.finally(() => {
      if (run.busy === busy) run.busy = undefined;
    });
    run.busy = busy;
  }

  #apply(run: Run, state: TrialState): Promise<void> | undefined {
    switch (state.state) {
      case 'queued':
        run.startedAttempt = 0;
        return this.#setCondition(run, state.reason, 'WAITING');
      case 'silent':
        return this.#setCondition(run, `silent since ${new Date(state.since).toISOString()}`);
      case 'lost':
        return this.#setCondition(run, `lost: ${state.reason}`);
      case 'running':
        if (state.attempt < run.stored.attempt) return undefined;
        if (state.attempt === run.stored.attempt) return this.#running(run, state);
        // The engine ran the trial again by itself.
        return this.#beginAttempt(run, state.attempt)
          .then(() => this.channel.follow(run.trial, state.attempt, undefined))
          .catch((error: unknown) => this.#options.log.error(`Trial ${run.trial.id}: ${messageOf(error)}`))
          .then(() => this.#running(run, state));
      case 'ended':
        return this.#ended(run, state.end);
    }
  }

  #running(run: Run, { startTime, handle, engineName }: TrialState & { state: 'running' }): undefined {
    const { trial, stored } = run;
    if (handle !== undefined) stored.handle = handle;
    delete run.notices.condition;
    if (run.startedAttempt === stored.attempt) {
      this.#show(run);
      return;
    }
    run.startedAttempt = stored.attempt;
    const as = engineName === undefined ? '' : ` as ${engineName}`;
    this.#options.log.info(`Trial ${trial.number} (${trial.id}) started${as}`);
    const message = this.#changedMessage(run);
    const event = { ...this.#event(trial, 'RUNNING', message, startTime), ...this.#place(run) };
    this.#options.journal.write({ events: [event], ...this.#storedRun(run) });
    this.#limitDuration(run, startTime);
  }

  #setCondition(run: Run, condition: string, event?: 'WAITING'): undefined {
    run.notices.condition = condition;
    this.#show(run, event);
  }

  #heard(id: string): void {
    const run = this.#runs.get(id);
    if (!run?.notices.condition?.startsWith('silent')) return;
    delete run.notices.condition;
    this.#show(run);
  }

  #reported(id: string, report: TrialReport): void {
    const run = this.#runs.get(id);
    if (!run) return;
    if (run.early) {
      run.early.push(() => this.#reported(id, report));
      return;
    }
    const { log, journal } = this.#options;
    const { trial, stored } = run;
    if (report.attempt !== stored.attempt) {
      log.debug(`Trial ${trial.number} (${id}) reported in attempt ${report.attempt}, which does not count any more`);
      return;
    }
    const timestamp = this.#clock.now();
    const own = trial.record.parameter_id === null ? null : String(trial.record.parameter_id);
    const rows: MetricDataRecord[] = [];
    for (const { parameterId, type, sequence, value } of report.metrics) {
      if (type === 'FINAL') run.final ??= value;
      else if (usableReport(value)) run.latest = value;
      log.debug(`Trial ${trial.number} (${id}) reported ${type} ${sequence}: ${value.slice(0, maxLoggedChars)}`);
      if (parameterId !== own) this.#remark(run, `reported a result of parameters ${parameterId}, but ran ${own}`);
      rows.push({ timestamp, trialJobId: id, parameterId, type, sequence, data: wrapMetricData(value) });
    }
    if (report.garbage !== undefined) this.#remark(run, `wrote ${report.garbage} among its results`);
    stored.position = report.position;
    if (rows.length === 0) {
      journal.write(this.#storedRun(run));
      return;
    }
    journal.write({ metrics: rows, ...this.#storedRun(run) }, ({ event, metric }) => {
      const first = metric - rows.length + 1;
      const stored = report.metrics.map(
        ({ type, sequence, value }, index): StoredReport => ({
          type,
          step: sequence,
          text: value,
          at: { event, metric: first + index },
        }),
      );
      this.#options.events.emit('trialReported', trial, stored);
    });
  }

  /** Shows the first remark only: later ones mostly repeat it. */
  #remark(run: Run, remark: string): void {
    if (run.notices.remark !== undefined) return;
    run.notices.remark = remark;
    this.#options.log.warning(`Trial ${run.trial.number} (${run.trial.id}) ${remark}`);
    this.#show(run);
  }

  async #ended(run: Run, end: TrialEnd): Promise<void> {
    await this.#closeChannel(run);
    const errors = end.exitCode === 0 ? '' : await this.#errorsOf(run);
    this.#finish(run, run.verdict ?? judge(end, run, run.cancellation, errors), end.endTime);
  }

  async #errorsOf({ trial }: Run): Promise<string> {
    try {
      return await readTail(this.service.files(trial.id), 'stderr', maxErrorBytes);
    } catch (error) {
      this.#options.log.warning(`The error output of trial ${trial.id} can't be read: ${messageOf(error)}`);
      return '';
    }
  }

  async #closeChannel({ trial }: Run): Promise<void> {
    try {
      await this.channel.close(trial.id);
    } catch (error) {
      this.#options.log.error(`The last metrics of trial ${trial.id} can't be read: ${messageOf(error)}`);
    }
  }

  async #stop(run: Run): Promise<void> {
    const { id } = run.trial;
    let stop = await this.service.stop(id);
    await run.starting;
    if (!this.#runs.has(id)) return;
    stop = await this.service.stop(id);
    if (stop.outcome === 'ended') return run.over.promise;
    const { cancellation } = run;
    run.notices.keptStop = `will be stopped: ${stop.reason}`;
    if (cancellation) run.stored.stop = { ...cancellation };
    this.#options.log.warning(`Trial ${run.trial.number} (${id}) can't be stopped yet: ${stop.reason}`);
    this.#options.journal.write({ ...this.#notice(run), ...this.#storedRun(run) });
  }

  #cancelLogged(id: string, cancellation: Cancellation): void {
    this.cancel(id, cancellation).catch((error: unknown) => {
      this.#options.log.error(`Trial ${id} could not be stopped: ${messageOf(error)}`);
    });
  }

  #finish(run: Run, verdict: Verdict, timeMs: number): void {
    const { trial, notices } = run;
    run.timer?.cancel();
    const message = verdict.message ?? notices.remark ?? notices.attempt;
    // An empty message takes away one that was true only while the trial ran.
    const shown = message ?? (run.shown === '' ? undefined : '');
    const event = {
      ...this.#event(trial, verdict.status, shown, timeMs),
      ...(run.stored.handle === undefined ? {} : this.#place(run)),
    };
    this.#options.log.info(`Trial ${trial.number} (${trial.id}) ended: ${verdict.status} ${message ?? ''}`);
    this.#options.journal.write({ events: [event], released: [trial.id] }, (at) => {
      this.#runs.delete(trial.id);
      this.#options.events.emit('trialEnded', trial, verdict, at);
    });
    run.over.resolve();
  }

  #show(run: Run, event?: 'WAITING'): void {
    const batch = this.#notice(run, event);
    if (batch.events) this.#options.journal.write(batch);
  }

  /** The event that makes the trial's row show its present notice; none when it shows that already. */
  #notice(run: Run, event: 'WAITING' | 'ADD_HYPERPARAMETER' = 'ADD_HYPERPARAMETER'): Pick<Batch, 'events'> {
    const message = this.#changedMessage(run);
    // Of NNI's events, ADD_HYPERPARAMETER is the one that leaves the status as it is.
    return message === undefined ? {} : { events: [this.#event(run.trial, event, message)] };
  }

  #changedMessage(run: Run): string | undefined {
    const { keptStop, condition, remark, attempt } = run.notices;
    const message = keptStop ?? condition ?? remark ?? attempt ?? '';
    if (message === run.shown) return undefined;
    run.shown = message;
    return message;
  }

  #event(trial: Trial, event: string, message: string | undefined, timestamp = this.#clock.now()) {
    return {
      timestamp,
      trialJobId: trial.id,
      event,
      sequenceId: trial.number,
      ...defined({ message }),
    };
  }

  #place({ trial }: Run): { logPath: string; environmentId: string } {
    return { logPath: this.service.location(trial.id), environmentId: this.service.environmentId };
  }

  #storedRun(run: Run): Pick<Batch, 'runs'> {
    return { runs: [{ ...run.stored }] };
  }

  #limitDuration(run: Run, startTime: number): void {
    const { maxTrialDuration } = this.#options;
    if (maxTrialDuration === undefined) return;
    run.timer?.cancel();
    const leftMs = startTime + maxTrialDuration * 1000 - this.#clock.now();
    run.timer = this.#clock.setTimeout(
      () => {
        const message = `ran longer than maxTrialDuration (${maxTrialDuration} s)`;
        this.#cancelLogged(run.trial.id, { status: 'EARLY_STOPPED', message });
      },
      Math.max(leftMs, 0),
    );
  }
}
