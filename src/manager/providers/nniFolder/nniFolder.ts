/**
 * The experiments of one folder: those in NNI's manifest and those that only lie on disk. A runner of ours, NNI or no process runs them. An
 * unreadable one is listed with the reason. The folder watches the manifest and NNI's databases, and follows runners over their event
 * streams. It polls only a locked database and the end of a killed NNI.
 */
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { ExperimentSummary, ManifestEntry } from '../../../model/experiment/experiment.ts';
import { messageOf } from '../../../model/text/messageOf.ts';
import type { Logger } from '../../../server/log.ts';
import { ManifestOnlySource } from '../../../server/sources/manifestOnlySource.ts';
import type { ExperimentSource } from '../../../server/sources/source.ts';
import { readOwner, readStoredFacts, type StoredFacts, summariseFacts } from '../../../server/sources/storedFacts.ts';
import { StoredSource } from '../../../server/sources/storedSource.ts';
import { type Manifest, readManifest, runsExperiment, watchManifest } from '../../../server/storage/manifest.ts';
import { readRunnerToken } from '../../../server/storage/runnerToken.ts';
import { StorageError } from '../../../server/storage/storageError.ts';
import { makeFolder } from '../../../system/makeFolder.ts';
import type { LaunchRequest } from '../../../wire/routes.ts';
import type { Launched, ManagerChange } from '../../../wire/schemas/manager.ts';
import { Launcher } from '../../launcher.ts';
import type { ExperimentProcess, ExperimentProvider } from '../provider.ts';
import { deleteExperiment } from './deletion.ts';
import { type Entry, isEnding, stampOf } from './entry.ts';
import { FactsCache } from './factsCache.ts';
import {
  asDoneIfComplete,
  isAliveByManifest,
  isManifestOnly,
  livingRunner,
  processFactsOf,
  statusOf,
  unreadableSummary,
  urlPrefixOf,
} from './judge.ts';
import { OpenSources } from './openSources.ts';
import { RunnerFeed } from './runnerFeed.ts';
import { exists, fileStamp, findExperiments } from './scan.ts';

/** Pause before a locked database is read again. */
const lockedRetryMs = 1000;
/** Interval between checks whether a living NNI still lives. */
const livenessIntervalMs = 1000;
/** A runner sends its summary at once. After this time the folder reads the database instead. */
const answerTimeoutMs = 1000;
/** Pause between attempts to reach a runner that lives. */
const followPauseMs = 100;
/** A runner that takes no connections any more ends within NNI's limit of 60 s. */
const endTimeoutMs = 65_000;
const endIntervalMs = 50;

export interface NniFolderOptions {
  /** The experiments folder. */
  root: string;
  /** The runner's bundle. */
  runnerScript: string;
  /** Of the manager. */
  version: string;
  log: Pick<Logger, 'warning'>;
}

export class NniFolder implements ExperimentProvider {
  readonly root: string;
  readonly #log: Pick<Logger, 'warning'>;
  readonly #launcher: Launcher;
  readonly #cache: FactsCache;
  readonly #entries = new Map<string, Entry>();
  readonly #open = new OpenSources();
  readonly #listeners = new Set<(change: ManagerChange) => void>();
  /** Experiments that are being started or deleted. */
  readonly #held = new Set<string>();
  #manifest: Manifest = {};
  #manifestProblem: string | undefined;
  #watcher: { dispose(): void } | undefined;
  #refreshing: Promise<void> | undefined;
  #again = false;
  #lockedTimer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor({ root, runnerScript, version, log }: NniFolderOptions) {
    this.root = root;
    this.#log = log;
    this.#launcher = new Launcher({ root, script: runnerScript, folder: this });
    this.#cache = new FactsCache(root, version);
  }

  async open(): Promise<void> {
    makeFolder(this.root);
    this.#watcher = watchManifest(this.root, () => this.#refreshSoon());
    await this.#cache.load();
    await this.refresh();
  }

  list(): ExperimentSummary[] {
    return [...this.#entries.values()].flatMap(({ summary }) => (summary ? [summary] : []));
  }

  summary(id: string): ExperimentSummary | undefined {
    return this.#entries.get(id)?.summary;
  }

  warnings(): string[] {
    return this.#manifestProblem === undefined ? [] : [this.#manifestProblem];
  }

  manifestEntry(id: string): ManifestEntry | undefined {
    return this.#entries.get(id)?.manifest;
  }

  /** The experiment's own folder. */
  directory(id: string): string | undefined {
    return this.#entries.get(id)?.directory;
  }

  /** Whether a process holds it, also one that has stored nothing yet. */
  isLive(id: string): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && (entry.summary?.live === true || isEnding(entry) || isAliveByManifest(entry));
  }

  /** Keeps an experiment from being started or deleted until the returned function is called; undefined when another call holds it. */
  hold(id: string): (() => void) | undefined {
    if (this.#held.has(id)) return undefined;
    this.#held.add(id);
    return () => this.#held.delete(id);
  }

  /** Closes its files, which are about to be removed. */
  close(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) this.#release(entry);
  }

  process(id: string): ExperimentProcess | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const { manifest, state, summary } = entry;
    if (state.kind === 'runner') return { kind: 'runner', port: state.feed.port, token: state.feed.token };
    if (!manifest?.port || !summary?.live || summary.engine !== 'nni') return undefined;
    const prefix = urlPrefixOf(manifest);
    return { kind: 'nni', port: manifest.port, prefix: prefix === undefined ? '' : `/${prefix}` };
  }

  source(id: string): ExperimentSource | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    if (entry.state.kind === 'nni') {
      // A client sees everything that NNI has done up to now.
      entry.state.source.refresh();
      return entry.state.source;
    }
    const known = this.#open.get(id);
    if (known instanceof StoredSource && entry.summary?.live) known.refresh();
    const source = known ?? (isManifestOnly(entry) ? this.#manifestOnlySource(entry) : this.#storedSource(entry));
    this.#open.add(id, source);
    return source;
  }

  launch(request: LaunchRequest): Promise<Launched> {
    return this.#launcher.launch(request);
  }

  delete(id: string): Promise<void> {
    return deleteExperiment(this, id);
  }

  listen(listener: (change: ManagerChange) => void): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Reads the manifest and the folder again, and waits for new runners. Calls during a refresh share the next one. */
  async refresh(): Promise<void> {
    if (this.#refreshing) {
      this.#again = true;
      return this.#refreshing;
    }
    this.#refreshing = (async () => {
      try {
        do {
          this.#again = false;
          await this.#readAll();
        } while (this.#again && !this.#disposed);
      } finally {
        this.#refreshing = undefined;
      }
    })();
    return this.#refreshing;
  }

  dispose(): void {
    this.#disposed = true;
    this.#watcher?.dispose();
    clearTimeout(this.#lockedTimer);
    for (const entry of this.#entries.values()) this.#release(entry);
    this.#open.dispose();
    this.#cache.save();
    this.#listeners.clear();
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#log.warning(messageOf(error)));
  }

  async #readAll(): Promise<void> {
    await this.#readManifest();
    const directories = await findExperiments(this.root, this.#manifest);
    for (const [id, entry] of [...this.#entries]) {
      if (directories.has(id)) continue;
      this.#release(entry);
      this.#entries.delete(id);
      this.#emit({ event: 'removed', data: { id } });
    }
    const answers: Promise<void>[] = [];
    for (const [id, directory] of directories) {
      if (this.#disposed) return;
      const entry = this.#entryOf(id, directory);
      entry.manifest = this.#manifest[id];
      await this.#read(entry, answers);
      // A folder of hundreds must not hold up requests.
      await turn();
    }
    this.#cache.retain(directories.values());
    await Promise.all(answers);
  }

  /** When the manifest can't be read, the known entries stay: the experiments themselves are not in it. */
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
    if (problem !== undefined) this.#log.warning(problem);
    this.#emit({ event: 'warnings', data: this.warnings() });
  }

  #entryOf(id: string, directory: string): Entry {
    const known = this.#entries.get(id);
    if (known?.directory === directory) return known;
    if (known) this.#release(known);
    const entry: Entry = { id, directory, manifest: undefined, summary: undefined, state: { kind: 'unread' } };
    this.#entries.set(id, entry);
    return entry;
  }

  /** @param answers collects the promises of runners' first answers */
  async #read(entry: Entry, answers: Promise<void>[]): Promise<void> {
    if (entry.state.kind === 'runner') {
      if (runsExperiment(entry.state.feed.pid, entry.id)) return;
      entry.state.feed.dispose();
      entry.state = { kind: 'unread' };
    }
    if (isEnding(entry)) return;
    const files = await fileStamp(entry.directory);
    if (files === undefined && !(isManifestOnly(entry) && (await exists(entry.directory)))) return;
    const stamp = `${files} ${isAliveByManifest(entry)} ${JSON.stringify(entry.manifest)}`;
    if (stamp === stampOf(entry)) return;
    try {
      if (files === undefined) this.#showManifestOnly(entry, stamp);
      else {
        const known = this.#cache.get(entry.directory, files);
        const runner = livingRunner(entry, known ?? readOwner(entry.directory));
        if (runner) answers.push(this.#followRunner(entry, runner));
        else if (isAliveByManifest(entry)) this.#followNni(entry, stamp);
        else this.#showStored(entry, stamp, files);
      }
    } catch (error) {
      const kind = error instanceof StorageError ? error.kind : undefined;
      // Not written yet.
      if (kind === 'missing') return;
      if (kind === 'locked') this.#retryLocked();
      if (kind === 'locked' && entry.summary) return;
      this.#showUnreadable(entry, error, kind === 'locked' ? undefined : stamp);
    }
  }

  #showManifestOnly(entry: Entry, stamp: string): void {
    // A client that follows it starts again from a new snapshot.
    this.#open.close(entry.id);
    const source = this.#manifestOnlySource(entry);
    this.#set(entry, { kind: 'manifestOnly', stamp }, source.summary());
    source.dispose();
  }

  /** Lists an experiment that no process runs. Reads its trials only when a client has them open. */
  #showStored(entry: Entry, stamp: string, files: string): void {
    const { id, directory } = entry;
    if (entry.state.kind === 'nni') this.#open.add(id, entry.state.source);
    const open = this.#open.get(id);
    if (open instanceof ManifestOnlySource) this.#open.close(id);
    const source = this.#open.get(id);
    if (source instanceof StoredSource) {
      source.refresh();
      // Only the manifest says whether it is done, and which process holds it.
      source.circumstancesChanged();
    }
    const summary =
      source?.summary() ?? summariseFacts(this.#facts(directory, id, files), directory, processFactsOf(entry));
    this.#set(entry, { kind: 'stored', stamp }, summary);
  }

  #facts(directory: string, id: string, files: string): StoredFacts {
    const known = this.#cache.get(directory, files);
    if (known) return known;
    const facts = readStoredFacts(directory, id);
    this.#cache.set(directory, files, facts);
    return facts;
  }

  /** Follows the database that a living NNI writes. */
  #followNni(entry: Entry, stamp: string): void {
    const { id, manifest, state } = entry;
    const open = state.kind === 'nni' ? state.source : this.#open.take(id);
    if (open instanceof ManifestOnlySource) open.dispose();
    const source = open instanceof StoredSource ? open : this.#storedSource(entry);
    if (source === open) source.refresh();
    const pid = manifest?.pid;
    const isWaitedFor = state.kind === 'nni' && state.pid === pid;
    this.#set(entry, { kind: 'nni', pid, source, stamp }, source.summary());
    source.follow(
      () => this.#setSummary(entry, source.summary()),
      (error) => this.#showUnreadable(entry, error, stamp),
    );
    if (source === open) source.circumstancesChanged();
    if (pid !== undefined && !isWaitedFor) void this.#waitForNni(entry, pid);
  }

  #showUnreadable(entry: Entry, error: unknown, stamp: string | undefined): void {
    // The source may hold half of the database, so the next reader reads it anew.
    this.#release(entry);
    const reason = messageOf(error);
    this.#log.warning(reason);
    this.#set(entry, { kind: 'unreadable', stamp }, unreadableSummary(entry, reason));
  }

  #retryLocked(): void {
    this.#lockedTimer ??= setTimeout(() => {
      this.#lockedTimer = undefined;
      this.#refreshSoon();
    }, lockedRetryMs);
  }

  /** Resolves when the runner has sent its summary, or will not. */
  #followRunner(entry: Entry, runner: { pid: number; port: number }): Promise<void> {
    this.#release(entry);
    return new Promise((resolve) => {
      let heard = false;
      const timer = setTimeout(() => {
        if (!this.#disposed && !entry.summary) this.#showSilentRunner(entry);
        resolve();
      }, answerTimeoutMs);
      const answered = () => {
        clearTimeout(timer);
        resolve();
      };
      const token = readRunnerToken(this.root, entry.id, runner.pid);
      const feed = new RunnerFeed(
        { ...runner, token },
        {
          summary: (summary) => {
            // The runner of another experiment may answer at this port.
            if (summary.id === entry.id) {
              heard = true;
              this.#setSummary(entry, summary);
            }
            answered();
          },
          closed: (refused) => {
            if (entry.state.kind === 'runner' && entry.state.feed === feed) entry.state = { kind: 'unread' };
            answered();
            if (this.#disposed) return;
            // A stream may break by itself: only a runner that takes no connections any more is about to end.
            if (refused || !runsExperiment(runner.pid, entry.id)) void this.#waitForEnd(entry, runner.pid);
            else if (heard) void this.#followRunner(entry, runner);
            else void this.#followLater(entry, runner);
          },
        },
      );
      entry.state = { kind: 'runner', feed };
    });
  }

  /** Tries again after a pause: a connection may break many times before a summary comes. */
  async #followLater(entry: Entry, runner: { pid: number; port: number }): Promise<void> {
    await delay(followPauseMs);
    // A refresh may already follow it again.
    if (this.#disposed || entry.state.kind === 'runner' || this.#entries.get(entry.id) !== entry) return;
    await this.#followRunner(entry, runner);
  }

  #showSilentRunner(entry: Entry): void {
    const { directory, id } = entry;
    try {
      this.#setSummary(entry, summariseFacts(readStoredFacts(directory, id), directory, processFactsOf(entry)));
    } catch (error) {
      this.#log.warning(messageOf(error));
    }
  }

  /** Waits for the end of a runner that takes no connections. No event reports the end of a process that is not our child. */
  async #waitForEnd(entry: Entry, pid: number): Promise<void> {
    const deadline = Date.now() + endTimeoutMs;
    const state = { kind: 'ending', pid } as const;
    entry.state = state;
    if (isEnding(entry) && entry.summary) this.#setSummary(entry, { ...entry.summary, status: 'STOPPING' });
    while (!this.#disposed && entry.state === state && isEnding(entry) && Date.now() < deadline)
      await delay(endIntervalMs);
    if (entry.state === state) entry.state = { kind: 'unread' };
    if (!this.#disposed) this.#refreshSoon();
  }

  /** A killed NNI leaves its manifest as it was. */
  async #waitForNni(entry: Entry, pid: number): Promise<void> {
    const isSame = () => entry.state.kind === 'nni' && entry.state.pid === pid;
    while (!this.#disposed && isSame() && runsExperiment(pid, entry.id)) await delay(livenessIntervalMs);
    if (!this.#disposed) this.#refreshSoon();
  }

  #manifestOnlySource({ id, directory, manifest }: Entry): ManifestOnlySource {
    const entry = manifest ?? this.#manifest[id];
    if (!entry) throw new StorageError('missing', `${directory} holds no experiment.`);
    return new ManifestOnlySource({
      entry,
      directory,
      status: statusOf(entry),
      manifest: () => this.#manifestEntries(),
    });
  }

  #storedSource(entry: Entry): StoredSource {
    const { id, directory } = entry;
    const circumstances = () => processFactsOf(entry);
    return new StoredSource({ id, directory, circumstances, manifest: () => this.#manifestEntries() });
  }

  async #manifestEntries(): Promise<ManifestEntry[]> {
    return Object.values(this.#manifest);
  }

  /** Closes everything that is open for an entry. */
  #release(entry: Entry): void {
    if (entry.state.kind === 'runner') entry.state.feed.dispose();
    if (entry.state.kind === 'nni') entry.state.source.dispose();
    entry.state = { kind: 'unread' };
    this.#open.close(entry.id);
  }

  #set(entry: Entry, state: Entry['state'], summary: ExperimentSummary): void {
    entry.state = state;
    this.#setSummary(entry, summary);
  }

  #setSummary(entry: Entry, summary: ExperimentSummary): void {
    entry.summary = asDoneIfComplete(summary);
    this.#emit({ event: 'experiment', data: entry.summary });
  }

  #emit(change: ManagerChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
