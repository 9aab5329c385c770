/**
 * Every experiment of a folder: those in NNI's manifest and those that only lie on disk; running under a runner of ours, under
 * NNI, or under nobody. What can't be read is listed, too, with the reason. Polled is only what gives no event, a locked database
 * and the end of a killed NNI: the manifest is watched, runners are followed over their event streams, NNI's databases are watched.
 */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { withActions } from '../model/experiment/computeActions.ts';
import {
  type ExperimentStatus,
  type ExperimentSummary,
  experimentStatuses,
  type ManifestEntry,
} from '../model/experiment/experiment.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { isEnded, type TrialStatus } from '../model/trial/trial.ts';
import { ManifestOnlySource } from '../server/sources/manifestOnlySource.ts';
import { StoredSource } from '../server/sources/storedSource.ts';
import { ExperimentDatabase } from '../server/storage/experimentDatabase.ts';
import { type Holder, readHolder } from '../server/storage/holder.ts';
import { experimentLayout, isExperimentId, storedExperimentBase } from '../server/storage/layout.ts';
import { isAlive, type Manifest, readManifest, runsExperiment, watchManifest } from '../server/storage/manifest.ts';
import { readRunnerToken } from '../server/storage/runnerToken.ts';
import { StorageError } from '../server/storage/storageError.ts';
import { makeFolder } from '../system/makeFolder.ts';
import type { ManagerChange } from '../wire/schemas/manager.ts';
import { RunnerFeed } from './runnerFeed.ts';

/** How many stored experiments stay open for reading. */
const mostOpen = 8;
/** When a locked database is tried again, in milliseconds. */
const lockedDelay = 1000;
/** How often is looked whether a living NNI still lives, in milliseconds. */
const livenessInterval = 1000;
/** A runner tells of itself at once; of one that does not in this time, in milliseconds, its database has to tell. */
const answerPatience = 1000;
/** Between tries to reach a runner that lives, in milliseconds. */
const followPause = 100;
/** A runner that takes no connections any more ends within NNI's limit of 60 s. */
const endPatience = 65_000;

const resumeToGoOn = 'Nothing stored is lost; resume it to go on.';

/** Read by us, as nobody of ours runs it. */
export type ReadExperiment = StoredSource | ManifestOnlySource;

interface Entry {
  id: string;
  manifest: ManifestEntry | undefined;
  directory: string;
  summary: ExperimentSummary | undefined;
  feed: RunnerFeed | undefined;
  /** Open for reading: asked for by a client, or a living NNI's that is followed. */
  stored: ReadExperiment | undefined;
  /** Process of a runner that takes no connections any more, but still lives. */
  endingPid: number | undefined;
  /** Process of a living NNI whose end is waited for. */
  nniPid: number | undefined;
  usedAt: number;
  /** What the stored summary was made of. */
  stamp: string;
}

export class Registry {
  readonly root: string;
  #entries = new Map<string, Entry>();
  #manifest: Manifest = {};
  #manifestProblem: string | undefined;
  #listeners = new Set<(change: ManagerChange) => void>();
  #watcher: { dispose(): void } | undefined;
  #refreshing: Promise<void> | undefined;
  #again = false;
  #lockedTimer: NodeJS.Timeout | undefined;
  /** Experiments that are being started or deleted. */
  #held = new Set<string>();
  #over = false;
  #warn: (message: string) => void;

  constructor(root: string, warn: (message: string) => void) {
    this.root = root;
    this.#warn = warn;
  }

  /** Reads what there is and follows it from now on. Throws StorageError when the folder can't be used. */
  async open(): Promise<void> {
    makeFolder(this.root);
    this.#watcher = watchManifest(this.root, () => this.#refreshSoon());
    await this.refresh();
  }

  list(): ExperimentSummary[] {
    return [...this.#entries.values()].flatMap(({ summary }) => (summary ? [summary] : []));
  }

  get anyLive(): boolean {
    return this.list().some(({ live }) => live);
  }

  summary(id: string): ExperimentSummary | undefined {
    return this.#entries.get(id)?.summary;
  }

  /** What keeps the list from being complete, for a person. */
  warnings(): string[] {
    return this.#manifestProblem === undefined ? [] : [this.#manifestProblem];
  }

  manifestEntry(id: string): ManifestEntry | undefined {
    return this.#entries.get(id)?.manifest;
  }

  manifestEntries(): ManifestEntry[] {
    return Object.values(this.#manifest);
  }

  /** The experiment's own folder, as far as anything is known of it. */
  directory(id: string): string | undefined {
    return this.#entries.get(id)?.directory;
  }

  /** Whether any process holds it, also one that has stored nothing yet. */
  isLive(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    return entry.summary?.live === true || isEnding(entry) || (entry.manifest !== undefined && isAlive(entry.manifest));
  }

  /**
   * Keeps others from starting or deleting an experiment until the returned function is called; undefined while somebody else does one
   * of these.
   */
  hold(id: string): (() => void) | undefined {
    if (this.#held.has(id)) return undefined;
    this.#held.add(id);
    return () => this.#held.delete(id);
  }

  /** Lets go of its files; they are about to go away. */
  close(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) this.#release(entry);
  }

  /** Where the experiment's own runner (ours, not NNI's) listens, and the token that it takes, while it lives. */
  runner(id: string): { port: number; token: string | undefined } | undefined {
    const feed = this.#entries.get(id)?.feed;
    return feed && { port: feed.port, token: feed.token };
  }

  /** Where a living NNI answers. */
  nniTarget(id: string): { port: number; prefix: string } | undefined {
    const entry = this.#entries.get(id);
    if (!entry?.manifest?.port || entry.feed || !entry.summary?.live || entry.summary.engine !== 'nni')
      return undefined;
    const prefix = urlPrefixOf(entry.manifest);
    return { port: entry.manifest.port, prefix: prefix === undefined ? '' : `/${prefix}` };
  }

  /** The experiment as its database has it, or the manifest where it has none. Throws StorageError. */
  stored(id: string): ReadExperiment | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    entry.usedAt = Date.now();
    entry.stored ??= this.#openStored(entry);
    this.#closeOldest();
    return entry.stored;
  }

  listen(listener: (change: ManagerChange) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Reads the manifest and the folder again, and hears the runners that are new. Calls while one is under way share the next. */
  async refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = (async () => {
      try {
        do {
          this.#again = false;
          await this.#read();
        } while (this.#again && !this.#over);
      } finally {
        this.#refreshing = undefined;
      }
    })();
    return this.#refreshing;
  }

  dispose(): void {
    this.#over = true;
    this.#watcher?.dispose();
    clearTimeout(this.#lockedTimer);
    for (const entry of this.#entries.values()) this.#release(entry);
    this.#listeners.clear();
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#warn(messageOf(error)));
  }

  async #read(): Promise<void> {
    await this.#readManifest();
    const directories = new Map<string, string>();
    for (const [id, entry] of Object.entries(this.#manifest)) {
      directories.set(id, experimentLayout.directory(storedExperimentBase(this.root, id, entry), id));
    }
    for (const name of await readdir(this.root)) {
      if (directories.has(name) || !isExperimentId(name) || name === '_latest') continue;
      const directory = join(this.root, name);
      if (await exists(experimentLayout.database(directory))) directories.set(name, directory);
    }
    for (const [id, entry] of [...this.#entries]) {
      if (directories.has(id)) continue;
      this.#release(entry);
      this.#entries.delete(id);
      this.#emit({ event: 'removed', data: { id } });
    }
    const answers: Promise<void>[] = [];
    for (const [id, directory] of directories) {
      if (this.#over) return;
      await this.#readOne(id, directory, answers);
      // A folder of hundreds must not hold up requests.
      await turn();
    }
    await Promise.all(answers);
  }

  /** A manifest that can't be read leaves what was known: the experiments themselves are not in it. */
  async #readManifest(): Promise<void> {
    let problem: string | undefined;
    try {
      this.#manifest = await readManifest(this.root);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      problem = error.message;
    }
    if (problem === this.#manifestProblem) return;
    this.#manifestProblem = problem;
    if (problem !== undefined) this.#warn(problem);
    this.#emit({ event: 'warnings', data: this.warnings() });
  }

  /** @param answers takes what is still to be waited for */
  async #readOne(id: string, directory: string, answers: Promise<void>[]): Promise<void> {
    let entry = this.#entries.get(id);
    if (!entry || entry.directory !== directory) {
      if (entry) this.#release(entry);
      entry = {
        id,
        manifest: undefined,
        directory,
        summary: undefined,
        feed: undefined,
        stored: undefined,
        endingPid: undefined,
        nniPid: undefined,
        usedAt: 0,
        stamp: '',
      };
      this.#entries.set(id, entry);
    }
    entry.manifest = this.#manifest[id];
    if (entry.feed && !runsExperiment(entry.feed.pid, id)) {
      entry.feed.dispose();
      entry.feed = undefined;
    }
    if (entry.feed || isEnding(entry)) return;
    const alive = entry.manifest !== undefined && isAlive(entry.manifest);
    const database = experimentLayout.database(directory);
    const changedAt = (await modified(database)) + (await modified(`${database}-wal`));
    if (changedAt === 0 && !(onlyListed(entry) && (await exists(directory)))) return;
    const stamp = `${changedAt} ${alive} ${JSON.stringify(entry.manifest)}`;
    if (stamp === entry.stamp) return;
    if (entry.stored instanceof ManifestOnlySource) {
      // Who follows it begins anew.
      entry.stored.dispose();
      entry.stored = undefined;
    }
    const runner = this.#runnerOf(entry, alive);
    if (runner) {
      answers.push(this.#followRunner(entry, runner));
      return;
    }
    try {
      entry.stored?.refresh();
      const known = entry.stored;
      const opened = known ?? this.#openStored(entry);
      const summary = opened.summary();
      if (alive && opened instanceof StoredSource) {
        // NNI itself writes this one: its database is followed.
        entry.stored = opened;
        const current = entry;
        opened.follow(
          () => this.#set(current, opened.summary()),
          (error) => this.#showUnreadable(current, error),
        );
        void this.#waitForNni(entry);
      } else if (!known) opened.dispose();
      // Its database does not say everything: that it is done, or by whom it is held, is in the manifest.
      known?.circumstancesChanged();
      entry.stamp = stamp;
      this.#set(entry, summary);
    } catch (error) {
      // Not written yet.
      if (error instanceof StorageError && error.kind === 'missing') return;
      if (error instanceof StorageError && error.kind === 'locked') {
        this.#tryAgain();
        if (entry.summary) return;
      } else entry.stamp = stamp;
      this.#showUnreadable(entry, error);
    }
  }

  #showUnreadable(entry: Entry, error: unknown): void {
    // What was read may be half of it: whoever asks next reads it anew.
    entry.stored?.dispose();
    entry.stored = undefined;
    const reason = messageOf(error);
    this.#warn(reason);
    this.#set(entry, unreadable(entry, reason));
  }

  #tryAgain(): void {
    this.#lockedTimer ??= setTimeout(() => {
      this.#lockedTimer = undefined;
      this.#refreshSoon();
    }, lockedDelay);
  }

  /** The runner of ours that lives, by the word of the manifest or, where that is lost, of the database. */
  #runnerOf(entry: Entry, alive: boolean): { pid: number; port: number } | undefined {
    let holder: Holder | undefined;
    try {
      const opened = ExperimentDatabase.openReadOnly(experimentLayout.database(entry.directory));
      try {
        if (opened.getMeta('engine') !== 'trialdeck') return undefined;
        holder = readHolder(opened);
      } finally {
        opened.close();
      }
    } catch {
      // Why is said when the rest of it is read.
      return undefined;
    }
    const { pid, port } = (alive ? entry.manifest : holder) ?? {};
    return pid !== undefined && port !== undefined && runsExperiment(pid, entry.id) ? { pid, port } : undefined;
  }

  /** Resolves when the runner has told of itself, or won't. */
  #followRunner(entry: Entry, runner: { pid: number; port: number }): Promise<void> {
    entry.stored?.dispose();
    entry.stored = undefined;
    entry.stamp = '';
    return new Promise((resolve) => {
      let heard = false;
      const timer = setTimeout(() => {
        if (!this.#over && !entry.summary) this.#showStored(entry);
        resolve();
      }, answerPatience);
      const answered = () => {
        clearTimeout(timer);
        resolve();
      };
      const token = readRunnerToken(this.root, entry.id, runner.pid);
      entry.feed = new RunnerFeed(
        { ...runner, token },
        {
          summary: (summary) => {
            // Whoever answers at this port must be this experiment's runner.
            if (summary.id === entry.id) {
              heard = true;
              this.#set(entry, summary);
            }
            answered();
          },
          closed: (refused) => {
            entry.feed = undefined;
            answered();
            if (this.#over) return;
            // A stream may break by itself: only a runner that takes no connections any more is about to end.
            if (refused || !runsExperiment(runner.pid, entry.id)) void this.#waitForEnd(entry, runner.pid);
            else if (heard) void this.#followRunner(entry, runner);
            else void this.#followLater(entry, runner);
          },
        },
      );
    });
  }

  /** Again after a pause: a connection that breaks before anything was heard may break many times. */
  async #followLater(entry: Entry, runner: { pid: number; port: number }): Promise<void> {
    await delay(followPause);
    // Whoever has looked meanwhile follows it already.
    if (this.#over || entry.feed || this.#entries.get(entry.id) !== entry) return;
    await this.#followRunner(entry, runner);
  }

  #showStored(entry: Entry): void {
    try {
      const opened = this.#openStored(entry);
      this.#set(entry, opened.summary());
      opened.dispose();
    } catch (error) {
      this.#warn(messageOf(error));
    }
  }

  /** Nothing listens any more, the process may take a moment. There is no event for the end of a process that is not our child. */
  async #waitForEnd(entry: Entry, pid: number): Promise<void> {
    const deadline = Date.now() + endPatience;
    entry.endingPid = pid;
    if (isEnding(entry) && entry.summary) this.#set(entry, { ...entry.summary, status: 'STOPPING' });
    while (!this.#over && isEnding(entry) && Date.now() < deadline) await delay(50);
    if (entry.endingPid === pid) entry.endingPid = undefined;
    if (!this.#over) this.#refreshSoon();
  }

  /** A killed NNI leaves its manifest as it was. */
  async #waitForNni(entry: Entry): Promise<void> {
    const pid = entry.manifest?.pid;
    if (pid === undefined || entry.nniPid === pid) return;
    entry.nniPid = pid;
    while (!this.#over && entry.nniPid === pid && runsExperiment(pid, entry.id)) await delay(livenessInterval);
    if (entry.nniPid === pid) entry.nniPid = undefined;
    if (!this.#over) this.#refreshSoon();
  }

  #openStored(entry: Entry): ReadExperiment {
    const { id, directory, manifest } = entry;
    const both = { directory, manifest: async () => this.manifestEntries() };
    if (manifest && onlyListed(entry)) {
      return new ManifestOnlySource({ ...both, entry: manifest, status: statusOf(manifest) });
    }
    return new StoredSource({ ...both, id, circumstances: () => circumstancesOf(entry) });
  }

  #closeOldest(): void {
    const open = [...this.#entries.values()]
      .filter(({ stored, summary }) => stored && !stored.changes.listening && !summary?.live)
      .sort((a, b) => a.usedAt - b.usedAt);
    for (const entry of open.slice(0, Math.max(0, open.length - mostOpen))) {
      entry.stored?.dispose();
      entry.stored = undefined;
    }
  }

  #release(entry: Entry): void {
    entry.feed?.dispose();
    entry.stored?.dispose();
    entry.feed = undefined;
    entry.stored = undefined;
    entry.nniPid = undefined;
  }

  #set(entry: Entry, summary: ExperimentSummary): void {
    entry.summary = finished(summary);
    this.#emit({ event: 'experiment', data: entry.summary });
  }

  #emit(change: ManagerChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

/** Whether its runner is about to end: until then nobody else can hold the experiment. */
function isEnding({ id, endingPid }: Entry): boolean {
  return endingPid !== undefined && runsExperiment(endingPid, id);
}

/** NNI stores no database of an architecture search that one process does alone; one that has a process may be about to. */
function onlyListed({ manifest, directory }: Entry): boolean {
  if (!manifest?.tag.includes('retiarii') || isAlive(manifest)) return false;
  return !existsSync(experimentLayout.database(directory));
}

/** NNI writes it as it was given, with or without slashes around it. */
function urlPrefixOf({ prefixUrl }: ManifestEntry): string | undefined {
  return prefixUrl?.replace(/^\/+|\/+$/g, '') || undefined;
}

function statusOf(manifest: ManifestEntry): ExperimentStatus {
  return experimentStatuses.find((known) => known === manifest.status) ?? 'STOPPED';
}

/** What the manifest and the process table say about an experiment nobody of ours runs. */
function circumstancesOf(entry: Entry): ReturnType<ConstructorParameters<typeof StoredSource>[0]['circumstances']> {
  const { manifest } = entry;
  if (isEnding(entry)) return { status: 'STOPPING', errors: [], live: true };
  if (!manifest) return { status: 'STOPPED', errors: [], live: false };
  const status = statusOf(manifest);
  const live = isAlive(manifest);
  const urlPrefix = urlPrefixOf(manifest);
  const process = {
    ...(urlPrefix === undefined ? {} : { urlPrefix }),
    ...(manifest.port === undefined ? {} : { port: manifest.port }),
    ...(manifest.pid === undefined ? {} : { pid: manifest.pid }),
  };
  if (live) return { status, errors: [], live, ...process };
  const active: ExperimentStatus[] = ['INITIALIZED', 'RUNNING', 'NO_MORE_TRIAL', 'TUNER_NO_MORE_TRIAL', 'STOPPING'];
  if (!active.includes(status)) return { status: status === 'VIEWED' ? 'STOPPED' : status, errors: [], live };
  const goOn = manifest.tag.includes('retiarii') ? 'What it stored is still there.' : resumeToGoOn;
  return { status: 'STOPPED', errors: [`It crashed: its process ended unexpectedly. ${goOn}`], live };
}

/** What can be said of an experiment whose database can't be read. */
function unreadable(entry: Entry, reason: string): ExperimentSummary {
  const { id, manifest, directory } = entry;
  const { live, pid, port } = circumstancesOf(entry);
  return withActions({
    id,
    name: manifest?.experimentName || id,
    type: manifest?.tag.includes('retiarii') ? 'nas' : 'hpo',
    status: 'ERROR',
    live,
    engine: 'nni',
    errors: [reason],
    platform: manifest?.platform ?? 'local',
    tuner: '',
    optimizeMode: 'maximize',
    execDuration: 0,
    durationAt: Date.now(),
    trialConcurrency: 0,
    counts: {},
    directory,
    ...(pid === undefined ? {} : { pid }),
    ...(port === undefined ? {} : { port }),
  });
}

/** A stopped experiment whose trials had all been run is a finished one. */
function finished(summary: ExperimentSummary): ExperimentSummary {
  if (summary.live || summary.status !== 'STOPPED' || summary.maxTrialNumber === undefined) return summary;
  let ended = 0;
  for (const [status, count] of Object.entries(summary.counts)) {
    if (!isEnded(status as TrialStatus)) return summary;
    ended += count;
  }
  return ended >= summary.maxTrialNumber ? withActions({ ...summary, status: 'DONE', errors: [] }) : summary;
}

async function exists(path: string): Promise<boolean> {
  return (await modified(path)) > 0;
}

/** Modification time in milliseconds; 0 when there is no such file. */
async function modified(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}
