/**
 * Polls a real NNI, which announces nothing, and publishes the same snapshots and changes as a runner's event stream. Sparing: one request
 * at a time, and in the long run less than a tenth of the server's time.
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

/** What is on screen: nothing, the experiment's summary, or its trials. */
export type Attention = 'none' | 'summary' | 'trials';

export interface PollFollower extends ExperimentFollower {
  /** The first summary, and each changed one. A new id means that another experiment runs there. */
  onSummary?(summary: ExperimentSummary): void;
}

/** Least pauses between two rounds, by attention, in milliseconds. */
export interface PollPauses extends Record<Attention, number> {
  /** For an experiment that has ended. */
  ended: number;
  /**
   * How long too few trials may run before NNI's logs are read for the reason. The logs are not read again for three times as long.
   */
  stalled: number;
}

export interface PollOptions extends FollowOptions {
  /** Overrides of the least pauses. */
  pauses?: Partial<PollPauses>;
  /** After a round of requests, the server rests for this many times as long as they took; 10 by default. */
  restFactor?: number;
  /** NNI's `--url_prefix`, if `address` has one; for the summary. */
  urlPrefix?: string | undefined;
  /** {@link ExperimentPoll.known} of an earlier poll of the same server, which is then not read again. */
  known?: PolledExperiment | undefined;
}

const defaultRestFactor = 10;
const attentionLevels: Readonly<Record<Attention, number>> = { none: 0, summary: 1, trials: 2 };
const defaultPauses: PollPauses = { trials: 1000, summary: 3000, none: 60_000, ended: 30_000, stalled: 20_000 };
/** Trials whose metrics are read one by one in a round. */
const maxTrialsPerRound = 25;
/** For more trials, all metrics are read at once: one request instead of hundreds. */
const maxSingleTrials = 200;
/** Limits of one change, because the extension host applies it without a pause. */
const maxRowsPerChange = 500;
const maxPointsPerChange = 2000;
/** Only the end of a log is read. */
const maxStallLogBytes = 64 * 1024;
/** For the log that names early stops; a sixteenth of it after the first time. */
const maxStopsLogBytes = 4 * 1024 * 1024;

type PolledChange = Pick<ExperimentChange, 'config' | 'trials' | 'metrics'>;

export class ExperimentPoll {
  readonly #experiment: ExperimentApi;
  readonly #follower: PollFollower;
  readonly #options: PollOptions;
  readonly #pauses: PollPauses;
  #attention: Attention;
  #known: PolledExperiment | undefined;
  /** Of the snapshot that the follower has; undefined when it has none. */
  #session: { id: string; revision: number } | undefined;
  /** The summary that was published last, and the one that went out with the trials, as JSON. */
  #summary = '';
  #trialsSummary = '';
  /** Set when everything was read after the experiment had ended. */
  #complete: { status: ExperimentStatus; revision: number; attention: Attention } | undefined;
  #isCaughtUp = false;
  #hasReadStops = false;
  #shortSince: number | undefined;
  #logsReadAt = Number.NEGATIVE_INFINITY;
  /** Time that the server took for this round. */
  #serverTimeMs = 0;
  #isHurried = false;
  #wake: (() => void) | undefined;

  /** Sends nothing yet; see {@link run}. */
  constructor(experiment: ExperimentApi, follower: PollFollower, attention: Attention, options: PollOptions = {}) {
    this.#experiment = experiment;
    this.#follower = follower;
    this.#attention = attention;
    this.#options = options;
    this.#pauses = { ...defaultPauses, ...options.pauses };
    this.#known = options.known;
  }

  /** Everything that was read, for the next poll of the same server. */
  get known(): PolledExperiment | undefined {
    return this.#known;
  }

  /** Sets what is on screen from now on. A change to `trials` publishes a snapshot first. */
  setAttention(attention: Attention): void {
    const isCloser = attentionLevels[attention] > attentionLevels[this.#attention];
    this.#attention = attention;
    if (attention !== 'trials') this.#session = undefined;
    if (isCloser) this.#hurry();
  }

  /** Polls again as soon as the server has rested, e.g. because the experiment was changed. */
  refresh(): void {
    this.#complete = undefined;
    this.#hurry();
  }

  /**
   * Polls until the signal aborts, and then resolves. After a failure it tries again with growing pauses and keeps what was read.
   *
   * @throws RejectedError when the token is wrong, the last ClientError when `retries` are used up
   */
  run(signal: AbortSignal): Promise<void> {
    const { retries } = this.#options;
    const { onState } = this.#follower;
    return persist(
      async ({ connected, progress }) => {
        for (;;) {
          this.#serverTimeMs = 0;
          await this.#round(signal);
          connected();
          progress();
          // A follower may have aborted during the round, before the pause listens to the signal.
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
    const isUnseen = state !== undefined && this.#attention === 'none' && state.status === status;
    if (state && (isUnseen || (await this.#isComplete(status, signal)))) {
      state.setStatus(status, errors);
      this.#publishSummary(state);
      if (this.#attention !== 'trials' || this.#session) return;
      // A view wants the trials, which were all read before.
      return this.#publishTrials(state);
    }
    const profile = await this.#timed(() => this.#experiment.getExperimentProfile({ signal }));
    let current = this.#known;
    if (current?.id !== profile.id) current = this.#begin(profile);
    current.setStatus(status, errors);
    current.setProfile(profile);
    if (!(await this.#readJobs(current, signal))) {
      // Trials are missing: NNI has another database, so begin again.
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
    const isOver = hasEnded(status) && current.rows().every((row) => isEnded(row.status));
    const isWhole = this.#attention !== 'trials' || !current.hasUnsettled();
    this.#complete = isOver && isWhole ? { status, revision: profile.revision, attention: this.#attention } : undefined;
  }

  /** Whether the experiment had ended when it was read last, and has not changed since. */
  async #isComplete(status: ExperimentStatus, signal: AbortSignal): Promise<boolean> {
    const before = this.#complete;
    if (before === undefined || before.status !== status) return false;
    if (attentionLevels[before.attention] < attentionLevels[this.#attention]) return false;
    const profile = await this.#timed(() => this.#experiment.getExperimentProfile({ signal }));
    return profile.id === this.#known?.id && profile.revision === before.revision;
  }

  #begin(profile: ConstructorParameters<typeof PolledExperiment>[0]): PolledExperiment {
    const { port = 0 } = this.#experiment;
    const { urlPrefix } = this.#options;
    this.#known = new PolledExperiment(profile, { ...(port > 0 ? { port } : {}), ...(urlPrefix ? { urlPrefix } : {}) });
    this.#session = undefined;
    this.#complete = undefined;
    this.#isCaughtUp = false;
    this.#hasReadStops = false;
    this.#shortSince = undefined;
    return this.#known;
  }

  /** @returns false when trials that were known are missing */
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
    // The first read could take any number of rounds, so it reads all at once sooner.
    if (waiting.length > (this.#isCaughtUp ? maxSingleTrials : maxTrialsPerRound)) {
      await this.#metrics('/metric-data', task, state, signal);
      state.markRead();
    } else {
      for (const id of waiting.slice(0, maxTrialsPerRound)) {
        await this.#metrics(`/metric-data/${encodeURIComponent(id)}`, `${task} of trial ${id}`, state, signal);
        state.markRead(id);
      }
    }
    this.#isCaughtUp = true;
  }

  async #metrics(path: string, task: string, state: PolledExperiment, signal: AbortSignal): Promise<void> {
    const addMetric = state.metricsReader();
    await this.#records(path, task, signal, (value) => {
      const record = parse(metricDataSchema, value);
      if (record) addMetric(record);
    });
  }

  /** Names the trials that the assessor or a time limit ended. NNI records them as USER_CANCELED; only its log has the reason. */
  async #readStops(state: PolledExperiment, signal: AbortSignal): Promise<void> {
    if (!stopsEarly(state.config)) return;
    const asked = state.unexplained();
    if (asked.length === 0) return;
    const log = await this.#log(
      'nnimanager.log',
      this.#hasReadStops ? maxStopsLogBytes / 16 : maxStopsLogBytes,
      signal,
    );
    this.#hasReadStops = true;
    state.explain(asked, earlyStops(log, state.config));
  }

  /** Detects a dead tuner. NNI keeps RUNNING when its tuner dies; the only evidence is in its logs. */
  async #readStall(state: PolledExperiment, signal: AbortSignal): Promise<void> {
    const { counts, maxTrialNumber, trialConcurrency, status, type } = state.summary();
    const running = (counts.RUNNING ?? 0) + (counts.WAITING ?? 0) + (counts.UNKNOWN ?? 0);
    const hasRoom = maxTrialNumber === undefined || state.size < maxTrialNumber;
    if (type === 'nas' || status !== 'RUNNING' || running >= trialConcurrency || !hasRoom) {
      this.#shortSince = undefined;
      state.setStall(undefined);
      return;
    }
    const now = performance.now();
    this.#shortSince ??= now;
    if (now - this.#shortSince < this.#pauses.stalled || now - this.#logsReadAt < 3 * this.#pauses.stalled) return;
    this.#logsReadAt = now;
    const dispatcher = await this.#log('dispatcher.log', maxStallLogBytes, signal);
    const manager = await this.#log('nnimanager.log', maxStallLogBytes, signal);
    state.setStall(stallReason({ dispatcher, manager }));
  }

  async #log(name: string, maxBytes: number, signal: AbortSignal): Promise<string> {
    try {
      return (await this.#timed(() => this.#experiment.readExperimentLog({ name, maxBytes, signal }))).text;
    } catch (error) {
      // A proxy may let only the API through, without logs.
      if (error instanceof BadAnswerError || error instanceof NotFoundError || error instanceof RejectedError)
        return '';
      throw error;
    }
  }

  #publishSummary(state: PolledExperiment): void {
    const summary = state.summary();
    // The duration grows with the clock and is not a change.
    const key = JSON.stringify({ ...summary, execDuration: 0, durationAt: 0 });
    if (key === this.#summary) return;
    this.#summary = key;
    this.#follower.onSummary?.(summary);
  }

  async #publishTrials(state: PolledExperiment): Promise<void> {
    // Each step copies thousands of rows, so the event loop turns between steps.
    await turn();
    const change = state.drainChanges();
    const session = this.#session;
    if (!session) {
      state.collectsPoints = true;
      this.#session = { id: randomUUID(), revision: 0 };
      this.#trialsSummary = this.#summary;
      const { id } = this.#session;
      await turn();
      const trials = state.rows();
      await turn();
      const metrics = state.columns();
      // The attention changed meanwhile, so this snapshot is not wanted; the next round makes another.
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
    const isPublished = this.#trialsSummary === this.#summary;
    if (!change && isPublished) return;
    this.#trialsSummary = this.#summary;
    const [first = {}, ...others] = change ? splitChange(change) : [];
    const summary = isPublished ? {} : { summary: state.summary() };
    await this.#follower.onChange({ revision: ++session.revision, ...summary, ...first });
    for (const part of others) {
      await turn();
      if (this.#session !== session) return;
      await this.#follower.onChange({ revision: ++session.revision, ...part });
    }
  }

  #hurry(): void {
    this.#isHurried = true;
    this.#wake?.();
  }

  /** Waits for the next round. The longer the server worked for the last one, the longer the pause. */
  async #pause(signal: AbortSignal): Promise<void> {
    const restMs = (this.#options.restFactor ?? defaultRestFactor) * this.#serverTimeMs;
    const pauseMs = Math.max(
      restMs,
      this.#pauses[this.#attention],
      this.#complete === undefined ? 0 : this.#pauses.ended,
    );
    const startedAt = performance.now();
    if (!this.#isHurried) await this.#wait(pauseMs, signal);
    const leftMs = startedAt + restMs - performance.now();
    if (leftMs > 0) await delay(leftMs, undefined, { signal }).catch(() => undefined);
    this.#isHurried = false;
  }

  /** Resolves when the time is over, {@link refresh} or {@link setAttention} wakes it, or the signal aborts. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal.addEventListener('abort', finish);
      this.#wake = finish;
    });
  }

  async #records(path: string, task: string, signal: AbortSignal, addRecord: (value: unknown) => void): Promise<void> {
    const limits = { maxBytes: maxListBytes, timeoutMs: listTimeoutMs };
    const maxRecords = path === '/trial-jobs' ? maxTrials : undefined;
    await this.#timed(() =>
      this.#experiment.http.read(
        nniBase + path,
        { task, signal },
        limits,
        ({ chunks }) => readRecords(chunks, addRecord, { signal, maxRecords }),
        // A retry would add the first records twice.
        { retry: false },
      ),
    );
  }

  async #timed<T>(request: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await request();
    } finally {
      this.#serverTimeMs += performance.now() - started;
    }
  }
}

/** Splits a change into parts that are quick to apply. A metric never comes before its trial's row. */
function splitChange(change: PolledChange): PolledChange[] {
  const { trials = [], metrics = [], ...rest } = change;
  const parts: PolledChange[] = [];
  for (let from = 0; from < trials.length; from += maxRowsPerChange) {
    parts.push({ trials: trials.slice(from, from + maxRowsPerChange) });
  }
  for (let from = 0; from < metrics.length; from += maxPointsPerChange) {
    parts.push({ metrics: metrics.slice(from, from + maxPointsPerChange) });
  }
  const [first = {}] = parts;
  // A small change stays whole, because a row counts the metrics that come with it.
  if (trials.length <= maxRowsPerChange && metrics.length <= maxPointsPerChange) return [change];
  return [{ ...rest, ...first }, ...parts.slice(1)];
}

/** Whether the experiment changes only when a person changes it. */
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
