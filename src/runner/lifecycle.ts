/**
 * The life of one experiment: NNI's states (`ts/nni_manager/core/nnimanager.ts`), clock, limits, errors and end. A driver decides
 * which trials run. NNI polls twice a second; here events start trials: a trial's end, a driver's answer, a changed limit or a
 * freed GPU.
 *
 * One state differs. NNI stays TUNER_NO_MORE_TRIAL for ever when the tuner has used up the space (a finished grid) before
 * any limit. Here the experiment is DONE once every trial has ended and the driver, asked again, still has nothing.
 */
import { parseDuration } from '../model/config/duration.ts';
import type { ExperimentProfile, ExperimentStatus } from '../model/experiment/experiment.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { shorten } from '../model/text/shorten.ts';
import type { ParameterRecord, Parameters } from '../model/trial/trial.ts';
import type { KnownResult, ProposedSet } from '../search/algorithm.ts';
import type { Logger } from '../server/log.ts';
import { httpError } from '../server/security/httpError.ts';
import type { TrialEventRow } from '../server/storage/experimentState.ts';
import type { Journal } from '../server/storage/journal.ts';
import type { LogPosition } from '../server/storage/logPosition.ts';
import { type Clock, systemClock, type Timer } from '../system/clock.ts';
import type { Driver } from './drivers/driver.ts';
import type { RunnerEvents } from './events.ts';
import type { ConfigUpdate } from './rest/profileUpdate.ts';
import { RunClock } from './runClock.ts';
import type { Trial } from './trials/trial.ts';
import { newTrialId } from './trials/trialId.ts';
import { type AdoptedTrial, TrialRuns, type TrialRunsOptions } from './trials/trialRuns.ts';
import type { Cancellation } from './trials/verdict.ts';

/** Of a reason why the experiment failed, which may be all that a tuner printed. Its log has the whole. */
const maxReasonChars = 4000;

export interface LifecycleOptions {
  profile: ExperimentProfile;
  journal: Journal;
  log: Logger;
  events: RunnerEvents;
  driver: Driver;
  platform: Pick<TrialRunsOptions, 'createService' | 'createChannel'>;
  /** All trials that are stored, running or over. */
  trials: { has(id: string): boolean };
  clock?: Clock;
}

/** Trials and numbers that a resumed experiment takes over. */
export interface Inheritance {
  /** Accepted, but never started. */
  waiting: readonly Trial[];
  /** Trials that ran when their runner died; some may have ended meanwhile. */
  adopt: readonly AdoptedTrial[];
  /** How many trials there are in all, and the next free number. */
  trials: number;
  nextTrialNumber: number;
}

/** The experiment's duration is stored this often while it runs, as in NNI. */
const durationIntervalMs = 10_000;
/** Storing the last batches may take this long when the experiment stops. */
const flushTimeoutMs = 5000;
const stopped: Cancellation = { status: 'USER_CANCELED', message: 'stopped with the experiment' };

const activeStatuses = ['RUNNING', 'NO_MORE_TRIAL', 'TUNER_NO_MORE_TRIAL', 'DONE'] as const;
type Active = (typeof activeStatuses)[number];

export class ExperimentLifecycle {
  readonly runs: TrialRuns;
  readonly errors: string[] = [];
  readonly #options: LifecycleOptions;
  readonly #driver: Driver;
  readonly #clock: Clock;
  readonly #runClock: RunClock;
  #profile: ExperimentProfile;
  #status: ExperimentStatus = 'INITIALIZED';
  #hasStarted = false;
  #queue: Trial[] = [];
  /** Number of all trials, those in the queue included. */
  #accepted = 0;
  /** Number of accepted trials that are not stored yet. */
  #storing = 0;
  #timer: Timer | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    const { profile, journal, log, events, driver, platform, clock = systemClock } = options;
    this.#options = options;
    this.#driver = driver;
    this.#clock = clock;
    this.#profile = profile;
    this.#runClock = new RunClock(profile.execDuration, () => this.#pump(), clock);
    this.#runClock.setLimit(seconds(profile.params.maxExperimentDuration));
    const maxTrialDuration = seconds(profile.params.maxTrialDuration);
    this.runs = new TrialRuns({ ...platform, journal, log, events, maxTrialDuration, clock });
    journal.onFailure((reason) => this.fail(`The experiment's database can't be written: ${reason}`));
    events.on('trialReported', (trial, reports) => {
      if (this.#isActive()) driver.reported(trial, reports);
    });
    events.on('trialEnded', (trial, verdict, at) => {
      if (!this.#isActive()) return;
      driver.ended(trial, verdict, at);
      this.#pump();
    });
    events.on('roomChanged', () => this.#pump());
    events.on('trialsBroken', (reason) => this.fail(reason));
  }

  get status(): ExperimentStatus {
    return this.#status;
  }

  /** The profile as it is now; `execDuration` grows while the experiment runs. */
  get profile(): ExperimentProfile {
    return { ...this.#profile, execDuration: this.#runClock.seconds };
  }

  /**
   * Starts the experiment. Resolves when the driver is ready and the trials of a dead runner are taken over; the first trials
   * follow at once.
   */
  async start(inherited?: Inheritance): Promise<void> {
    if (inherited) {
      this.#queue = [...inherited.waiting];
      this.#accepted = inherited.trials;
      this.#profile.nextSequenceId = inherited.nextTrialNumber;
      delete this.#profile.endTime;
    }
    this.#setStatus('RUNNING');
    this.#storeProfile();
    this.#timer = this.#clock.setInterval(() => this.#runClock.running && this.#storeProfile(), durationIntervalMs);
    const stops = await this.#startDriver();
    for (const adopted of inherited?.adopt ?? []) await this.runs.adopt(adopted);
    for (const { trialId, reason } of stops) this.#stopTrial(trialId, reason);
    this.#options.log.info(`Experiment ${this.#profile.id} runs`);
    this.#hasStarted = true;
    this.#pump();
  }

  /** Accepts a trial with parameters of a person's choice and gives its number. */
  addTrial(parameters: Parameters): number {
    this.#mustBeActive('take a trial');
    if (this.#placesLeft <= 0)
      throw httpError(
        400,
        'The experiment has all its trials (reach maxTrialNumber). Raise maxTrialNumber to add more.',
      );
    const [trial] = this.#accept([
      { parameter_id: null, parameter_source: 'customized', parameters, parameter_index: 0 },
    ]);
    return trial.number;
  }

  /** Resolves when the trial has ended. An ended one stays as it is. */
  async cancelTrial(id: string): Promise<void> {
    const found = await this.#cancel(id, { status: 'USER_CANCELED', message: 'cancelled' });
    if (!found && !this.#options.trials.has(id)) throw httpError(404, `This experiment has no trial ${id}.`);
  }

  /** Stores `data`, the body of an import, and tells the driver of its results. */
  importData(results: readonly KnownResult[], data: unknown): void {
    this.#mustBeActive('import data');
    const event = { timestamp: this.#clock.now(), trialJobId: '', event: 'IMPORT_DATA', data: JSON.stringify(data) };
    this.#options.journal.write({ events: [event] }, (at) => {
      if (!this.#isActive()) return;
      this.#driver.imported(results, at);
      this.#pump();
    });
  }

  /** Changes a limit or the search space while the experiment runs. Rejects when the driver can't take it. */
  async update(update: ConfigUpdate): Promise<void> {
    this.#mustBeActive('be changed');
    try {
      await this.#driver.update(update);
    } catch (error) {
      throw httpError(400, messageOf(error));
    }
    const params = { ...this.#profile.params, ...update.set };
    if (update.remove) delete params[update.remove];
    this.#profile = { ...this.#profile, params };
    this.#runClock.setLimit(seconds(params.maxExperimentDuration));
    this.#storeProfile();
    this.#pump();
  }

  /** Ends the experiment as ERROR. Trials that run are left to finish, no further one is started. */
  fail(reason: string): void {
    if (this.#stopping || this.#status === 'ERROR') return;
    this.#options.log.error(reason);
    this.errors.push(shorten(reason, maxReasonChars));
    this.#profile.endTime = this.#clock.now();
    this.#setStatus('ERROR');
    this.#storeProfile();
  }

  /** Ends all trials and the experiment. Resolves when everything is stored, as far as the database allows. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { journal, log } = this.#options;
    this.#setStatus('STOPPING');
    this.#timer?.cancel();
    log.info(`Stopping, with ${this.runs.size} trials running`);
    await this.runs.cancelAll(stopped);
    await this.#driver.dispose();
    this.#profile.endTime ??= this.#clock.now();
    this.#storeProfile();
    if (!(await journal.flush(flushTimeoutMs)))
      log.error('The database could not be written; resuming reads the rest from the trials.');
    this.#setStatus('STOPPED');
    this.#runClock.dispose();
    await this.runs.dispose();
  }

  #startDriver() {
    const context = {
      placesLeft: () => (this.#isActive() ? Math.max(0, this.#placesLeft) : 0),
      submit: (sets: readonly ProposedSet[], meta: Readonly<Record<string, unknown>>) => {
        if (this.#isActive()) this.#accept(sets.map(toRecord), meta);
      },
      stopTrial: ({ trialId, reason }: { trialId: string; reason: string }) => this.#stopTrial(trialId, reason),
      store: (event: string, data: string) =>
        new Promise<LogPosition>((resolve) => {
          const row = { timestamp: this.#clock.now(), trialJobId: '', event, data };
          this.#options.journal.write({ events: [row] }, resolve);
        }),
      supplyChanged: () => this.#pump(),
      fail: (reason: string) => this.fail(reason),
    };
    return this.#driver.start(context, this.#profile.params.searchSpace);
  }

  get #placesLeft(): number {
    return (this.#profile.params.maxTrialNumber ?? Number.POSITIVE_INFINITY) - this.#accepted;
  }

  #isActive(): boolean {
    return (activeStatuses as readonly ExperimentStatus[]).includes(this.#status);
  }

  #mustBeActive(what: string): void {
    if (!this.#isActive()) throw httpError(409, `The experiment is ${this.#status} and can't ${what}.`);
  }

  /** Gives each record a trial with an id and a number, stores the trials, then queues them. */
  #accept(records: readonly [ParameterRecord]): [Trial];
  #accept(records: readonly ParameterRecord[], meta?: Readonly<Record<string, unknown>>): Trial[];
  #accept(records: readonly ParameterRecord[], meta: Readonly<Record<string, unknown>> = {}): Trial[] {
    const trials = records.map((record) => {
      const id = newTrialId((each) => this.#options.trials.has(each));
      return { id, number: this.#profile.nextSequenceId++, record };
    });
    this.#accepted += trials.length;
    this.#storing += trials.length;
    const events = trials.map(
      (trial): TrialEventRow => ({
        timestamp: this.#clock.now(),
        trialJobId: trial.id,
        event: 'WAITING',
        data: JSON.stringify(trial.record),
        sequenceId: trial.number,
      }),
    );
    this.#options.journal.write({ events, meta }, () => {
      this.#storing -= trials.length;
      this.#queue.push(...trials);
      this.#pump();
    });
    return trials;
  }

  /** Starts waiting trials, asks the driver for more, then sets the status that results. */
  #pump(): void {
    if (!this.#hasStarted || !this.#isActive()) return;
    const { trialConcurrency } = this.#profile.params;
    // How many further trials can start now.
    const places = () => {
      const free = trialConcurrency - this.runs.size;
      return free > 0 && !this.#runClock.timeIsUp ? Math.min(free, this.runs.places(this.#queue[0])) : 0;
    };
    while (this.#queue.length > 0 && places() > 0) {
      const next = this.#queue.shift();
      if (next) this.runs.start(next);
    }
    const underWay = this.runs.size + this.#queue.length + this.#storing;
    const wanted = Math.min(trialConcurrency - underWay, this.#placesLeft);
    if (wanted > 0) {
      const free = Math.min(wanted, places() - this.#queue.length - this.#storing);
      if (free > 0) this.#driver.room(free);
    }
    this.#settle();
  }

  #settle(): void {
    if (!this.#isActive()) return;
    const { supply, thinking } = this.#driver;
    const idle = this.runs.size === 0 && this.#storing === 0 && !thinking;
    const timeIsUp = this.#runClock.timeIsUp;
    // A trial that waits when the time is up stays WAITING: it runs when the limit is raised or the experiment is resumed.
    const over = idle && (this.#queue.length === 0 || timeIsUp);
    let status: Active = 'RUNNING';
    if (timeIsUp || this.#placesLeft <= 0) status = over ? 'DONE' : 'NO_MORE_TRIAL';
    else if (supply !== 'more') status = over && supply === 'none' ? 'DONE' : 'TUNER_NO_MORE_TRIAL';
    if (status === this.#status) return;
    const wasDone = this.#status === 'DONE';
    if (status === 'DONE') this.#profile.endTime = this.#clock.now();
    else if (wasDone) delete this.#profile.endTime;
    this.#setStatus(status);
    if (status === 'DONE' || wasDone) this.#storeProfile();
  }

  #stopTrial(id: string, reason: string): void {
    if (!this.#isActive()) return;
    this.#cancel(id, { status: 'EARLY_STOPPED', message: reason }).catch((error: unknown) => {
      this.#options.log.error(`Trial ${id} could not be stopped: ${messageOf(error)}`);
    });
  }

  /** Resolves when the trial has ended; false when no such trial runs or waits. */
  async #cancel(id: string, cancellation: Cancellation): Promise<boolean> {
    if (this.runs.has(id)) {
      await this.runs.cancel(id, cancellation);
      return true;
    }
    const waiting = this.#queue.findIndex((trial) => trial.id === id);
    const [trial] = waiting === -1 ? [] : this.#queue.splice(waiting, 1);
    if (!trial) return false;
    const event = {
      timestamp: this.#clock.now(),
      trialJobId: id,
      event: cancellation.status,
      message: cancellation.message,
    };
    this.#options.journal.write({ events: [event] }, (at) =>
      this.#options.events.emit('trialEnded', trial, cancellation, at),
    );
    return true;
  }

  #setStatus(status: ExperimentStatus): void {
    if (status === this.#status) return;
    this.#options.log.info(`Status ${this.#status} → ${status}`);
    this.#status = status;
    this.#runClock.run(status === 'RUNNING' || status === 'NO_MORE_TRIAL' || status === 'TUNER_NO_MORE_TRIAL');
    this.#options.events.emit('statusChanged', status);
  }

  #storeProfile(): void {
    this.#profile.revision++;
    this.#options.journal.write({ profile: this.profile });
  }
}

function toRecord({ id, parameters, index = 0 }: ProposedSet): ParameterRecord {
  return { parameter_id: id, parameter_source: 'algorithm', parameters, parameter_index: index };
}

function seconds(limit: number | string | undefined): number | undefined {
  return limit === undefined ? undefined : parseDuration(limit);
}
