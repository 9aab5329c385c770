/**
 * One experiment as it runs: NNI's states (`ts/nni_manager/core/nnimanager.ts`), driven by events where NNI looks around
 * every half second. A trial's end, an answer of the tuner, a changed limit or a freed GPU starts what can start.
 *
 * One state differs: NNI stays TUNER_NO_MORE_TRIAL for ever when the tuner has used up the space (a finished grid) before
 * any limit. Here the experiment is DONE once every trial has ended and the tuner, asked again, still has nothing.
 */
import type { ExperimentProfile, ExperimentStatus } from '../model/experiment/experiment.ts';
import type { SearchSpace } from '../model/space/searchSpace.ts';
import { messageOf } from '../model/text/messageOf.ts';
import type { ParameterRecord, Parameters } from '../model/trial/trial.ts';
import type { FinishedTrial } from '../search/tuner.ts';
import type { Logger } from '../server/log.ts';
import { httpError } from '../server/security/httpError.ts';
import type { TrialEventRow } from '../server/storage/experimentState.ts';
import type { Journal } from '../server/storage/journal.ts';
import type { Past, TunerHost } from './drivers/tunerHost.ts';
import type { ConfigUpdate } from './rest/profileUpdate.ts';
import { RunClock } from './runClock.ts';
import type { Trial } from './trials/trial.ts';
import { newTrialId } from './trials/trialId.ts';
import { type AdoptedTrial, TrialRuns, type TrialRunsOptions } from './trials/trialRuns.ts';
import type { Cancellation, Verdict } from './trials/verdict.ts';

export interface ExperimentOptions {
  profile: ExperimentProfile;
  journal: Journal;
  log: Logger;
  tuner: (onFailure: (reason: string) => void) => TunerHost;
  platform: Pick<TrialRunsOptions, 'createService' | 'createChannel'>;
  /** Whether any trial, running or over, has this id. */
  isTrial(id: string): boolean;
  /** Limits in seconds, as the profile's config has them. */
  seconds(limit: number | string | undefined): number | undefined;
  statusChanged(status: ExperimentStatus, errors: readonly string[], profile: ExperimentProfile): void;
}

export interface Inheritance {
  past: Past;
  /** Accepted, but never started. */
  waiting: readonly Trial[];
  /** Those that were running when their runner died; some may have ended meanwhile. */
  adopt: readonly AdoptedTrial[];
  /** How many trials there are in all, and the next free numbers. */
  trials: number;
  nextTrialNumber: number;
  nextParameterId: number;
}

/** How often the time an experiment has run is stored while it runs; NNI's period. */
const durationInterval = 10_000;
const stopped: Cancellation = { status: 'USER_CANCELED', message: 'stopped with the experiment' };

const activeStatuses = ['RUNNING', 'NO_MORE_TRIAL', 'TUNER_NO_MORE_TRIAL', 'DONE'] as const;
type Active = (typeof activeStatuses)[number];

/** Under this name the tuner's own state is stored, in the transaction that stores the trial it led to. */
export const tunerStateKey = 'tunerState';

export class Experiment {
  readonly runs: TrialRuns;
  readonly errors: string[] = [];
  #options: ExperimentOptions;
  #profile: ExperimentProfile;
  #status: ExperimentStatus = 'INITIALIZED';
  #tuner: TunerHost;
  #clock: RunClock;
  #queue: Trial[] = [];
  /** Trials that ever were, the queue included. */
  #accepted = 0;
  #nextParameterId = 0;
  #asking = false;
  /** The tuner's last answer was that it has nothing; it may have something again after a trial's end. */
  #exhausted = false;
  #askAgain = false;
  /** Trials that are accepted, but not stored yet. */
  #storing = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ExperimentOptions) {
    this.#options = options;
    this.#profile = options.profile;
    options.journal.onFailure((reason) => this.fail(`The experiment's database can't be written: ${reason}`));
    const { params } = options.profile;
    this.#clock = new RunClock(options.profile.execDuration, () => this.#pump());
    this.#clock.setLimit(options.seconds(params.maxExperimentDuration));
    this.#tuner = options.tuner((reason) => this.fail(reason));
    this.runs = new TrialRuns({
      ...options.platform,
      journal: options.journal,
      log: options.log,
      maxTrialDuration: options.seconds(params.maxTrialDuration),
      ended: (trial, verdict) => this.#trialEnded(trial, verdict),
      broken: (reason) => this.fail(reason),
      roomChanged: () => this.#pump(),
    });
  }

  get status(): ExperimentStatus {
    return this.#status;
  }

  /** The profile as it is now; `execDuration` grows while the experiment runs. */
  get profile(): ExperimentProfile {
    return { ...this.#profile, execDuration: this.#clock.seconds };
  }

  /**
   * Begins, or goes on with what a resumed experiment takes over. Resolves when the tuner is ready and trials of a dead runner
   * are taken over; the first trials follow at once.
   */
  async start(inherited?: Inheritance): Promise<void> {
    const { log } = this.#options;
    if (inherited) {
      this.#queue = [...inherited.waiting];
      this.#accepted = inherited.trials;
      this.#nextParameterId = inherited.nextParameterId;
      this.#profile.nextSequenceId = inherited.nextTrialNumber;
      delete this.#profile.endTime;
    }
    this.#setStatus('RUNNING');
    this.#storeProfile();
    this.#timer = setInterval(() => this.#clock.running && this.#storeProfile(), durationInterval);
    await this.#tuner.begin(this.#profile.params.searchSpace, inherited?.past);
    for (const adopted of inherited?.adopt ?? []) await this.runs.adopt(adopted);
    log.info(`Experiment ${this.#profile.id} runs`);
    this.#pump();
  }

  /** Accepts a trial with parameters of a person's choice and gives its number. */
  addTrial(parameters: Parameters): number {
    this.#mustBeActive('take a trial');
    if (this.#accepted >= this.#maxTrials) throw httpError(400, 'reach maxTrialNumber');
    return this.#accept({ parameter_id: null, parameter_source: 'customized', parameters, parameter_index: 0 }).number;
  }

  /** Resolves when the trial has ended. An ended one stays as it is. */
  async cancelTrial(id: string): Promise<void> {
    const cancellation: Cancellation = { status: 'USER_CANCELED', message: 'cancelled' };
    if (this.runs.has(id)) return this.runs.cancel(id, cancellation);
    const waiting = this.#queue.findIndex((trial) => trial.id === id);
    const [trial] = waiting === -1 ? [] : this.#queue.splice(waiting, 1);
    if (trial) {
      const event = {
        timestamp: Date.now(),
        trialJobId: id,
        event: cancellation.status,
        message: cancellation.message,
      };
      this.#options.journal.write({ events: [event] }, () => this.#trialEnded(trial, cancellation));
    } else if (!this.#options.isTrial(id)) {
      throw httpError(404, `This experiment has no trial ${id}.`);
    }
  }

  /** Tells the tuner of results from elsewhere; `data` is what was sent, to be kept. */
  importData(trials: readonly FinishedTrial[], data: unknown): void {
    this.#mustBeActive('import data');
    const event = { timestamp: Date.now(), trialJobId: '', event: 'IMPORT_DATA', data: JSON.stringify(data) };
    this.#options.journal.write({ events: [event] }, () => {
      void this.#tuner.importData(trials);
      this.#askOnceMore();
    });
  }

  /** Changes a limit or the search space while the experiment runs. Rejects when the tuner can't search the space. */
  async update(update: ConfigUpdate): Promise<void> {
    this.#mustBeActive('be changed');
    if (update.set.searchSpace) await this.#updateSearchSpace(update.set.searchSpace);
    const params = { ...this.#profile.params, ...update.set };
    if (update.remove) delete params[update.remove];
    this.#profile = { ...this.#profile, params };
    this.#clock.setLimit(this.#options.seconds(params.maxExperimentDuration));
    this.#storeProfile();
    this.#pump();
  }

  /** Ends the experiment as ERROR. Trials that run are left to finish, no further one is started. */
  fail(reason: string): void {
    if (this.#stopping || this.#status === 'ERROR') return;
    this.#options.log.error(reason);
    this.errors.push(reason);
    this.#profile.endTime = Date.now();
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
    clearInterval(this.#timer);
    log.info(`Stopping, with ${this.runs.size} trials running`);
    await this.runs.cancelAll(stopped);
    await this.#tuner.dispose();
    this.#profile.endTime ??= Date.now();
    this.#storeProfile();
    if (!(await journal.flush(5000)))
      log.error('The database could not be written; resuming reads the rest from the trials.');
    this.#setStatus('STOPPED');
    this.#clock.dispose();
    await this.runs.dispose();
  }

  get #maxTrials(): number {
    return this.#profile.params.maxTrialNumber ?? Number.POSITIVE_INFINITY;
  }

  #isActive(): boolean {
    return (activeStatuses as readonly ExperimentStatus[]).includes(this.#status);
  }

  #mustBeActive(what: string): void {
    if (!this.#isActive()) throw httpError(409, `The experiment is ${this.#status} and can't ${what}.`);
  }

  /** Gives a trial its id and number, binds it to its parameters, and queues it once that is stored. */
  #accept(record: ParameterRecord, meta?: Record<string, unknown>): Trial {
    const trial: Trial = { id: newTrialId(this.#options.isTrial), number: this.#profile.nextSequenceId, record };
    this.#profile.nextSequenceId++;
    this.#accepted++;
    this.#storing++;
    const event: TrialEventRow = {
      timestamp: Date.now(),
      trialJobId: trial.id,
      event: 'WAITING',
      data: JSON.stringify(record),
      sequenceId: trial.number,
    };
    this.#options.journal.write({ events: [event], ...(meta ? { meta } : {}) }, () => {
      this.#storing--;
      this.#queue.push(trial);
      this.#pump();
    });
    return trial;
  }

  /** Starts what can start and asks the tuner when there is room for more; then sets the status that results. */
  #pump(): void {
    if (!this.#isActive()) return;
    const concurrency = this.#profile.params.trialConcurrency;
    const hasRoom = () => this.runs.size < concurrency && !this.#clock.timeIsUp && this.runs.hasRoom(this.#queue[0]);
    while (this.#queue.length > 0 && hasRoom()) {
      const next = this.#queue.shift();
      if (next) this.runs.start(next);
    }
    const underWay = this.runs.size + this.#queue.length + this.#storing;
    if (underWay < concurrency && this.#accepted < this.#maxTrials && hasRoom()) this.#ask();
    this.#settle();
  }

  #ask(): void {
    if (this.#asking || (this.#exhausted && !this.#askAgain)) return;
    this.#asking = true;
    this.#askAgain = false;
    const id = this.#nextParameterId;
    void this.#tuner.generate(id).then((answer) => {
      this.#asking = false;
      if (!this.#isActive()) return;
      this.#exhausted = answer === undefined;
      if (!answer) return this.#pump();
      this.#nextParameterId++;
      if (this.#accepted >= this.#maxTrials) {
        // A custom trial took the last place, or the limit was lowered, while the tuner was thinking.
        void this.#tuner.trialEnd(id, answer.parameters, 'SYS_CANCELED', undefined);
        return this.#pump();
      }
      const record: ParameterRecord = {
        parameter_id: id,
        parameter_source: 'algorithm',
        parameters: answer.parameters,
        parameter_index: 0,
      };
      this.#accept(record, { [tunerStateKey]: answer.state ?? null });
    });
  }

  #askOnceMore(): void {
    this.#askAgain = this.#exhausted;
    this.#pump();
  }

  #settle(): void {
    if (!this.#isActive()) return;
    const idle = this.runs.size === 0 && this.#storing === 0 && !this.#asking;
    const timeIsUp = this.#clock.timeIsUp;
    // What waits when the time is up stays WAITING: it runs when the limit is raised or the experiment is resumed.
    const over = idle && (this.#queue.length === 0 || timeIsUp);
    let status: Active = 'RUNNING';
    if (timeIsUp || this.#accepted >= this.#maxTrials) status = over ? 'DONE' : 'NO_MORE_TRIAL';
    else if (this.#exhausted) status = over && !this.#askAgain ? 'DONE' : 'TUNER_NO_MORE_TRIAL';
    if (status === this.#status) return;
    const wasDone = this.#status === 'DONE';
    if (status === 'DONE') this.#profile.endTime = Date.now();
    else if (wasDone) delete this.#profile.endTime;
    this.#setStatus(status);
    if (status === 'DONE' || wasDone) this.#storeProfile();
  }

  #trialEnded(trial: Trial, verdict: Verdict): void {
    if (!this.#isActive()) return;
    const { parameter_id: id, parameters } = trial.record;
    if (typeof id === 'number') void this.#tuner.trialEnd(id, parameters, verdict.status, verdict.value);
    else if (verdict.value !== undefined) void this.#tuner.importData([{ parameters, value: verdict.value }]);
    this.#askOnceMore();
  }

  async #updateSearchSpace(space: SearchSpace): Promise<void> {
    try {
      await this.#tuner.updateSearchSpace(space, this.#profile.params.searchSpace);
    } catch (error) {
      throw httpError(400, `The tuner can't search this space: ${messageOf(error)}`);
    }
    this.#askAgain = this.#exhausted;
  }

  #setStatus(status: ExperimentStatus): void {
    if (status === this.#status) return;
    this.#options.log.info(`Status ${this.#status} → ${status}`);
    this.#status = status;
    this.#clock.run(status === 'RUNNING' || status === 'NO_MORE_TRIAL' || status === 'TUNER_NO_MORE_TRIAL');
    this.#options.statusChanged(status, this.errors, this.profile);
  }

  #storeProfile(): void {
    this.#profile.revision++;
    this.#options.journal.write({ profile: this.profile });
  }
}
