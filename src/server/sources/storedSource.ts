/** An experiment read from its database: a finished one, or one that a living NNI writes while this process follows it. */
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ExperimentProfile, ExperimentSummary, ManifestEntry } from '../../model/experiment/experiment.ts';
import { optimizeModeOf } from '../../model/experiment/optimizeMode.ts';
import { unwrapMetricData } from '../../model/trial/metric.ts';
import type { MetricDataRecord } from '../../model/trial/trial.ts';
import { watchFolder } from '../../system/watchFolder.ts';
import { ExperimentDatabase, type ReadPosition } from '../storage/experimentDatabase.ts';
import { ExperimentState } from '../storage/experimentState.ts';
import { experimentLayout, storedTrialDirectory } from '../storage/layout.ts';
import { StorageError } from '../storage/storageError.ts';
import { ChangeStream } from './changes.ts';
import { EarlyStops } from './earlyStops.ts';
import { dispatcherLogName, managerLogName } from './nniLogFiles.ts';
import { findTrouble } from './nniTrouble.ts';
import { type ExperimentSource, type TrialView, totalsOf } from './source.ts';
import { type OwnFacts, type ProcessFacts, readOwnFacts, type StoredFacts, summariseStored } from './storedFacts.ts';
import { filesInFolder, type TrialFiles } from './trialFiles.ts';

/** NNI writes several lines about each trial within this time. They cost one read of the log. */
const logIntervalMs = 200;

export interface StoredOptions {
  /** The folder's name: a copied folder's database still has the id of the original. */
  id: string;
  directory: string;
  /** The state of the process that runs it, as the manager knows it. */
  circumstances(): ProcessFacts;
  manifest(): Promise<ManifestEntry[]>;
}

export class StoredSource implements ExperimentSource {
  readonly trials: TrialView;
  readonly changes = new ChangeStream();
  readonly directory: string;
  #options: StoredOptions;
  #state: ExperimentState;
  #database: ExperimentDatabase;
  #profile: ExperimentProfile;
  #position: ReadPosition;
  #readAt = Date.now();
  #own: OwnFacts;
  #watchers: { dispose(): void }[] = [];
  #earlyStops: EarlyStops;
  #changed: (() => void) | undefined;
  /** Why NNI makes no progress or has failed, from its logs. */
  #trouble: string | undefined;

  /** Reads the whole database. Throws StorageError, `missing` also when no profile is stored yet. */
  constructor(options: StoredOptions) {
    this.#options = options;
    this.directory = options.directory;
    this.#earlyStops = new EarlyStops(options.directory);
    this.#database = ExperimentDatabase.openReadOnly(experimentLayout.database(options.directory));
    try {
      const profile = this.#database.readProfile();
      if (!profile) throw new StorageError('missing', `${this.#database.path} holds no experiment yet.`);
      this.#profile = { ...profile, id: options.id };
      this.#state = new ExperimentState(optimizeModeOf(profile.params), this.#database.nniUntil());
      this.trials = this.#state;
      this.#position = this.#database.replayInto(this.#state);
      this.#own = readOwnFacts(this.#database);
      this.#state.drainCorrected();
      this.#earlyStops.explain(this.#state, profile.params);
      this.#trouble = this.#findTrouble();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  profile(): ExperimentProfile {
    return this.#profile;
  }

  summary(): ExperimentSummary {
    return summariseStored(this.#facts(), this.directory, this.#options.circumstances(), this.#trouble);
  }

  imported(): readonly string[] {
    return this.#state.imported;
  }

  trialDirectory(trialId: string): string {
    return storedTrialDirectory(this.directory, trialId);
  }

  files(trialId: string): TrialFiles {
    return filesInFolder({ folder: this.trialDirectory(trialId), within: this.directory });
  }

  manifest(): Promise<ManifestEntry[]> {
    return this.#options.manifest();
  }

  /**
   * Follows a database that another process writes, and the logs beside it, until disposed. Calls `changed` after each read that found
   * something, and `failed` after a read that failed.
   */
  follow(changed: () => void, failed: (error: unknown) => void): void {
    if (this.#watchers.length > 0) return;
    this.#changed = changed;
    const { path } = this.#database;
    const look = () => {
      try {
        this.refresh();
      } catch (error) {
        failed(error);
      }
    };
    const isOfDatabase = (name: string) => name.startsWith(basename(path));
    this.#watchers.push(watchFolder(dirname(path), look, { concerns: isOfDatabase, gatherMs: 30 }));
    const logs = experimentLayout.logs(this.directory);
    const concerns = (name: string) => name === managerLogName || name === dispatcherLogName;
    if (existsSync(logs)) this.#watchers.push(watchFolder(logs, look, { concerns, gatherMs: logIntervalMs }));
  }

  /**
   * Reads what was appended since the last read, also to the logs, and announces it. Returns whether anything was new. After a
   * StorageError, dispose it.
   */
  refresh(): boolean {
    const trials = new Set<string>();
    const metrics: MetricDataRecord[] = [];
    const before = this.#position;
    try {
      this.#position = this.#database.replayInto(this.#state, before, {
        trial: (id) => trials.add(id),
        metric: (row) => {
          trials.add(row.trialJobId);
          metrics.push(row);
        },
      });
    } catch (error) {
      // The writer is in the middle of a change. Its next change of the file causes the next read.
      if (isLocked(error)) return false;
      throw error;
    }
    if (this.#position.profile !== before.profile) this.#readProfile(before.profile);
    for (const id of [...this.#state.drainCorrected(), ...this.#earlyStops.explain(this.#state, this.#profile.params)])
      trials.add(id);
    const troubled = this.#lookForTrouble();
    const changed = trials.size > 0 || troubled || this.#position.profile !== before.profile;
    if (changed) {
      this.changes.publish({
        summary: this.summary(),
        trials: [...trials].map((id) => this.#state.row(id)).filter((row) => row !== undefined),
        metrics: metrics.map((row) => ({
          trialId: row.trialJobId,
          type: row.type,
          sequence: row.sequence,
          timestamp: row.timestamp,
          data: unwrapMetricData(row.data),
        })),
      });
      this.#changed?.();
    }
    return changed;
  }

  /** Returns whether the reason has changed. */
  #lookForTrouble(): boolean {
    const before = this.#trouble;
    this.#trouble = this.#findTrouble();
    return this.#trouble !== before;
  }

  #findTrouble(): string | undefined {
    return findTrouble(this.directory, this.#facts(), this.#options.circumstances());
  }

  #facts(): Omit<StoredFacts, 'holder'> {
    return { ...this.#own, profile: this.#profile, totals: totalsOf(this.#state), readAt: this.#readAt };
  }

  /** @param known revision of the profile read last. Other news is announced even when the profile has to wait. */
  #readProfile(known: number): void {
    try {
      this.#profile = { ...(this.#database.readProfile() ?? this.#profile), id: this.#options.id };
      this.#readAt = Date.now();
    } catch (error) {
      if (!isLocked(error)) throw error;
      this.#position.profile = known;
    }
  }

  /** Announces a change of the process that runs it. */
  circumstancesChanged(): void {
    this.#lookForTrouble();
    this.changes.publish({ summary: this.summary() });
  }

  dispose(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.changes.dispose();
    this.#database.close();
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'locked';
}
