/**
 * Following a real NNI, which tells nothing by itself: its REST is polled, and the same snapshots and changes come out as from a runner of
 * ours. It is a guest there: one request at a time, and in the long run less than a tenth of the server's time.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { ExperimentChange, ExperimentStatus, ExperimentSummary } from '../../model/experiment/experiment.ts';
import { defined } from '../../model/json/defined.ts';
import { earlyStops, stopsEarly } from '../../model/nni/earlyStops.ts';
import { stallReason } from '../../model/nni/nniLogs.ts';
import { isEnded } from '../../model/trial/trial.ts';
import { listTimeoutMs, maxListBytes, maxTrials } from '../../wire/limits.ts';
import { readRecords } from '../../wire/recordReader.ts';
import { nniBase } from '../../wire/routes.ts';
import { metricDataSchema, trialJobSchema } from '../../wire/schemas/nni.ts';
import { parse } from '../../wire/schemas/schema.ts';
import type { ExperimentApi } from '../api.ts';
import { BadAnswerError, NotFoundError, RejectedError } from '../errors.ts';
import type { ExperimentFollower, FollowOptions } from './follow.ts';
import { persist } from './persist.ts';
import { PolledExperiment } from './polledExperiment.ts';

/** How closely somebody looks: at nothing, at the line about the experiment, or at its trials. */
export type Attention = 'none' | 'summary' | 'trials';

export interface PollFollower extends ExperimentFollower {
  /** The line about the experiment, first and whenever it has changed. Another id means that another experiment is there now. */
  onSummary?(summary: ExperimentSummary): void;
}

/** Milliseconds. */
export interface PollPauses extends Record<Attention, number> {
  /** Between two looks at an experiment that has ended. */
  ended: number;
  /**
   * How long there may be fewer trials than there should be before NNI's logs are asked for the reason; they are not asked again
   * for three times as long.
   */
  stalled: number;
}

export interface PollOptions extends FollowOptions {
  /** At least so long is waited between two rounds, depending on how closely somebody looks. */
  pauses?: Partial<PollPauses>;
  /** Where `address` has one: NNI's `--url_prefix`, for the summary. */
  urlPrefix?: string | undefined;
  /** What an earlier poll of the same server has read, so that it is not read again. */
  known?: PolledExperiment | undefined;
}

/** After a round of requests nothing is asked for so many times as long as they took. */
const rest = 10;
const degrees: Readonly<Record<Attention, number>> = { none: 0, summary: 1, trials: 2 };
const usualPauses: PollPauses = { trials: 1000, summary: 3000, none: 60_000, ended: 30_000, stalled: 20_000 };
/** Trials of which metrics are read in one round. */
const mostTrials = 25;
/** From so many trials on, all metrics are read at once: one request instead of hundreds. */
const manyTrials = 200;
/** What one change holds at most: the extension host applies it at a stretch. */
const rowsPerChange = 500;
const pointsPerChange = 2000;
/** How much of the end of a log is read, in bytes. */
const stallLog = 64 * 1024;
/** Of the one that tells who stopped trials; a sixteenth of it when that was read before. */
const stopsLog = 4 * 1024 * 1024;

type PolledChange = Pick<ExperimentChange, 'config' | 'trials' | 'metrics'>;

export class ExperimentPoll {
  readonly #experiment: ExperimentApi;
  readonly #follower: PollFollower;
  readonly #options: PollOptions;
  readonly #pauses: PollPauses;
  #attention: Attention;
  #known: PolledExperiment | undefined;
  /** The follower has a snapshot, which changes can go on from. */
  #session: { id: string; revision: number } | undefined;
  /** The summary that was told last, and the one that the follower of the trials has. */
  #summary = '';
  #told = '';
  /** Everything was read after the experiment had ended. */
  #complete: { status: ExperimentStatus; revision: number; attention: Attention } | undefined;
  #caughtUp = false;
  #stopsRead = false;
  #shortSince: number | undefined;
  #logsAsked = Number.NEGATIVE_INFINITY;
  /** Milliseconds that the server took for this round. */
  #serverTime = 0;
  #hurried = false;
  #wake: (() => void) | undefined;

  /** Asks for nothing yet; see {@link run}. */
  constructor(experiment: ExperimentApi, follower: PollFollower, attention: Attention, options: PollOptions = {}) {
    this.#experiment = experiment;
    this.#follower = follower;
    this.#attention = attention;
    this.#options = options;
    this.#pauses = { ...usualPauses, ...options.pauses };
    this.#known = options.known;
  }

  /** For the next poll of the same server. */
  get known(): PolledExperiment | undefined {
    return this.#known;
  }

  /** Somebody looks more or less closely from now on. After `trials` was given anew, a snapshot comes first. */
  setAttention(attention: Attention): void {
    const closer = degrees[attention] > degrees[this.#attention];
    this.#attention = attention;
    if (attention !== 'trials') this.#session = undefined;
    if (closer) this.#hurry();
  }

  /** Something was changed there: asks again as soon as the server has had its rest. */
  refresh(): void {
    this.#complete = undefined;
    this.#hurry();
  }

  /**
   * Polls until the signal aborts, and then resolves. A server that fails is asked again with growing pauses; what was read stays.
   *
   * @throws RejectedError when the token is wrong, the last ClientError when `retries` are used up
   */
  run(signal: AbortSignal): Promise<void> {
    const { retries } = this.#options;
    const { onState } = this.#follower;
    return persist(
      async ({ connected, progress }) => {
        for (;;) {
          this.#serverTime = 0;
          await this.#round(signal);
          connected();
          progress();
          // A follower that has seen enough may have ended it, too late for who listens to the signal from here on.
          signal.throwIfAborted();
          await this.#pause(signal);
          signal.throwIfAborted();
        }
      },
      {
        signal,
        ...defined({ retries }),
        ...(onState ? { onState: (state) => onState.call(this.#follower, state) } : {}),
      },
    );
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { status, errors } = await this.#timed(() => this.#experiment.getExperimentStatus({ signal }));
    const state = this.#known;
    const glance = state !== undefined && this.#attention === 'none' && state.status === status;
    if (state && (glance || (await this.#isComplete(status, signal)))) {
      state.setStatus(status, errors);
      this.#publishSummary(state);
      if (this.#attention !== 'trials' || this.#session) return;
      // Somebody wants the trials of what has been read already.
      return this.#publishTrials(state);
    }
    const profile = await this.#timed(() => this.#experiment.getExperimentProfile({ signal }));
    let current = this.#known;
    if (current?.id !== profile.id) current = this.#begin(profile);
    current.setStatus(status, errors);
    current.setProfile(profile);
    if (!(await this.#readJobs(current, signal))) {
      // Trials have gone: the database is another one, and nothing that was read before can be trusted.
      current = this.#begin(profile);
      current.setStatus(status, errors);
      await this.#readJobs(current, signal);
    }
    await this.#readStops(current, signal);
    await this.#readStall(current, signal);
    this.#publishSummary(current);
    if (this.#attention === 'trials') {
      await this.#readMetrics(current, signal);
      this.#publishSummary(current);
      await this.#publishTrials(current);
    }
    const ended = hasEnded(status) && current.rows().every((row) => isEnded(row.status));
    const whole = this.#attention !== 'trials' || !current.hasUnsettled();
    this.#complete = ended && whole ? { status, revision: profile.revision, attention: this.#attention } : undefined;
  }

  /** What has ended, and has been read since, is as it was. */
  async #isComplete(status: ExperimentStatus, signal: AbortSignal): Promise<boolean> {
    const before = this.#complete;
    if (before === undefined || before.status !== status) return false;
    if (degrees[before.attention] < degrees[this.#attention]) return false;
    const profile = await this.#timed(() => this.#experiment.getExperimentProfile({ signal }));
    return profile.id === this.#known?.id && profile.revision === before.revision;
  }

  #begin(profile: ConstructorParameters<typeof PolledExperiment>[0]): PolledExperiment {
    const { port = 0 } = this.#experiment;
    const { urlPrefix } = this.#options;
    this.#known = new PolledExperiment(profile, { ...(port > 0 ? { port } : {}), ...(urlPrefix ? { urlPrefix } : {}) });
    this.#session = undefined;
    this.#complete = undefined;
    this.#caughtUp = false;
    this.#stopsRead = false;
    this.#shortSince = undefined;
    return this.#known;
  }

  /** False when trials that were there are not any more. */
  async #readJobs(state: PolledExperiment, signal: AbortSignal): Promise<boolean> {
    let known = 0;
    const before = state.size;
    await this.#records('/trial-jobs', 'read the trials', signal, (value) => {
      const job = parse(trialJobSchema, value);
      if (!job) return;
      if (state.has(job.trialJobId)) known++;
      state.applyJob(job);
    });
    return known >= before;
  }

  async #readMetrics(state: PolledExperiment, signal: AbortSignal): Promise<void> {
    const task = 'read the metrics';
    await turn();
    const waiting = state.unsettled();
    // The first time there is no telling how many rounds it would take.
    if (waiting.length > (this.#caughtUp ? manyTrials : mostTrials)) {
      await this.#metrics('/metric-data', task, state, signal);
      state.markRead();
    } else {
      for (const id of waiting.slice(0, mostTrials)) {
        await this.#metrics(`/metric-data/${encodeURIComponent(id)}`, `${task} of trial ${id}`, state, signal);
        state.markRead(id);
      }
    }
    this.#caughtUp = true;
  }

  async #metrics(path: string, task: string, state: PolledExperiment, signal: AbortSignal): Promise<void> {
    const take = state.metricsReader();
    await this.#records(path, task, signal, (value) => {
      const record = parse(metricDataSchema, value);
      if (record) take(record);
    });
  }

  /** NNI records what its assessor or its time limit has ended as cancelled by the user; its log knows better. */
  async #readStops(state: PolledExperiment, signal: AbortSignal): Promise<void> {
    if (!stopsEarly(state.config)) return;
    const asked = state.unexplained();
    if (asked.length === 0) return;
    const log = await this.#log('nnimanager.log', this.#stopsRead ? stopsLog / 16 : stopsLog, signal);
    this.#stopsRead = true;
    state.explain(asked, earlyStops(log, state.config));
  }

  /** A tuner that has died leaves NNI's status at RUNNING, without a word; then its logs are asked. */
  async #readStall(state: PolledExperiment, signal: AbortSignal): Promise<void> {
    const { counts, maxTrialNumber, trialConcurrency, status, type } = state.summary();
    const going = (counts.RUNNING ?? 0) + (counts.WAITING ?? 0) + (counts.UNKNOWN ?? 0);
    const room = maxTrialNumber === undefined || state.size < maxTrialNumber;
    if (type === 'nas' || status !== 'RUNNING' || going >= trialConcurrency || !room) {
      this.#shortSince = undefined;
      state.setStall(undefined);
      return;
    }
    const now = performance.now();
    this.#shortSince ??= now;
    if (now - this.#shortSince < this.#pauses.stalled || now - this.#logsAsked < 3 * this.#pauses.stalled) return;
    this.#logsAsked = now;
    const dispatcher = await this.#log('dispatcher.log', stallLog, signal);
    const manager = await this.#log('nnimanager.log', stallLog, signal);
    state.setStall(stallReason({ dispatcher, manager }));
  }

  async #log(name: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    try {
      return (await this.#timed(() => this.#experiment.readExperimentLog({ name, maxBytes, signal }))).text;
    } catch (error) {
      // There may be none, as behind a proxy that lets only the API through.
      if (error instanceof BadAnswerError || error instanceof NotFoundError || error instanceof RejectedError)
        return '';
      throw error;
    }
  }

  #publishSummary(state: PolledExperiment): void {
    const summary = state.summary();
    // The clock runs on by itself.
    const key = JSON.stringify({ ...summary, execDuration: 0, durationAt: 0 });
    if (key === this.#summary) return;
    this.#summary = key;
    this.#follower.onSummary?.(summary);
  }

  async #publishTrials(state: PolledExperiment): Promise<void> {
    // Each step copies what there is of thousands of trials; others get a turn in between.
    await turn();
    const change = state.drainChanges();
    const session = this.#session;
    if (!session) {
      state.collectsPoints = true;
      this.#session = { id: randomUUID(), revision: 0 };
      this.#told = this.#summary;
      const { id } = this.#session;
      await turn();
      const trials = state.rows();
      await turn();
      const metrics = state.columns();
      // Nobody looks any more, or looks anew: then another snapshot is due.
      if (this.#session?.id !== id) return;
      await this.#follower.onSnapshot({
        session: id,
        revision: 0,
        summary: state.summary(),
        config: state.config,
        trials,
        metrics,
      });
      return;
    }
    const told = this.#told === this.#summary;
    if (!change && told) return;
    this.#told = this.#summary;
    const [first = {}, ...others] = change ? partsOf(change) : [];
    const summary = told ? {} : { summary: state.summary() };
    await this.#follower.onChange({ revision: ++session.revision, ...summary, ...first });
    for (const part of others) {
      await turn();
      if (this.#session !== session) return;
      await this.#follower.onChange({ revision: ++session.revision, ...part });
    }
  }

  #hurry(): void {
    this.#hurried = true;
    this.#wake?.();
  }

  /** Waits for the next round: the longer, the longer the server had to work for the last one. */
  async #pause(signal: AbortSignal): Promise<void> {
    const resting = rest * this.#serverTime;
    const usual = Math.max(
      resting,
      this.#pauses[this.#attention],
      this.#complete === undefined ? 0 : this.#pauses.ended,
    );
    const begun = performance.now();
    if (!this.#hurried) await this.#wait(usual, signal);
    const left = begun + resting - performance.now();
    if (left > 0) await delay(left, undefined, { signal }).catch(() => undefined);
    this.#hurried = false;
  }

  /** Until the time is over, somebody is in a hurry, or nobody wants it any more. */
  #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      signal.addEventListener('abort', finish);
      this.#wake = finish;
    });
  }

  async #records(path: string, task: string, signal: AbortSignal, take: (value: unknown) => void): Promise<void> {
    const limits = { maxBytes: maxListBytes, timeoutMs: listTimeoutMs };
    const maxRecords = path === '/trial-jobs' ? maxTrials : undefined;
    await this.#timed(() =>
      this.#experiment.http.read(
        nniBase + path,
        { task, signal },
        limits,
        ({ chunks }) => readRecords(chunks, take, { signal, maxRecords }),
        // Some records were taken already.
        { retry: false },
      ),
    );
  }

  async #timed<T>(request: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await request();
    } finally {
      this.#serverTime += performance.now() - started;
    }
  }
}

/** A change in parts that are quick to apply, in order: a metric never comes before its trial's row. */
function partsOf(change: PolledChange): PolledChange[] {
  const { trials = [], metrics = [], ...rest } = change;
  const parts: PolledChange[] = [];
  for (let from = 0; from < trials.length; from += rowsPerChange) {
    parts.push({ trials: trials.slice(from, from + rowsPerChange) });
  }
  for (let from = 0; from < metrics.length; from += pointsPerChange) {
    parts.push({ metrics: metrics.slice(from, from + pointsPerChange) });
  }
  const [first = {}] = parts;
  // One change, where it is small: a row counts the metrics that come with it.
  if (trials.length <= rowsPerChange && metrics.length <= pointsPerChange) return [change];
  return [{ ...rest, ...first }, ...parts.slice(1)];
}

/** Nothing changes any more unless somebody changes it. */
function hasEnded(status: ExperimentStatus): boolean {
  return status === 'DONE' || status === 'ERROR' || status === 'STOPPED' || status === 'VIEWED';
}

/**
 * Follows a real NNI as `followExperiment` follows a server of ours. Resolves when the signal aborts.
 *
 * @throws RejectedError when the token is wrong, the last ClientError when `retries` are used up
 */
export function pollExperiment(
  experiment: ExperimentApi,
  follower: PollFollower,
  signal: AbortSignal,
  options: PollOptions = {},
): Promise<void> {
  return new ExperimentPoll(experiment, follower, 'trials', options).run(signal);
}
