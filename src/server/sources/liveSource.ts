/** The experiment that a runner of ours runs or shows: stores a change first, then applies and announces it. */
import type {
  ExperimentProfile,
  ExperimentStatus,
  ExperimentSummary,
  ManifestEntry,
  TrialSdk,
} from '../../model/experiment/experiment.ts';
import { summarise } from '../../model/experiment/summary.ts';
import type { MetricPoint } from '../../model/trial/metric.ts';
import type { ExperimentDatabase } from '../storage/experimentDatabase.ts';
import type { ExperimentState } from '../storage/experimentState.ts';
import type { Batch } from '../storage/journal.ts';
import { storedTrialDirectory } from '../storage/layout.ts';
import type { LogPosition } from '../storage/logPosition.ts';
import { readManifest } from '../storage/manifest.ts';
import { ChangeStream } from './changes.ts';
import type { ExperimentSource, TrialView } from './source.ts';
import { filesInFolder, type TrialFiles } from './trialFiles.ts';

export interface LiveView {
  profile(): ExperimentProfile;
  status(): ExperimentStatus;
  errors(): readonly string[];
}

export class LiveSource implements ExperimentSource {
  readonly changes = new ChangeStream();
  readonly trials: TrialView;
  readonly directory: string;
  configFile: string | undefined;
  sdk: TrialSdk | undefined;
  port: number | undefined;
  #root: string;
  #database: ExperimentDatabase;
  #state: ExperimentState;
  #view: LiveView;

  /** @param root the folder of the manifest */
  constructor(root: string, directory: string, database: ExperimentDatabase, state: ExperimentState, view: LiveView) {
    this.#root = root;
    this.directory = directory;
    this.#database = database;
    this.#state = state;
    this.trials = state;
    this.#view = view;
  }

  profile(): ExperimentProfile {
    return this.#view.profile();
  }

  summary(): ExperimentSummary {
    return summarise(this.profile(), this.#state, {
      status: this.#view.status(),
      errors: this.#view.errors(),
      live: true,
      engine: 'trialdeck',
      directory: this.directory,
      durationAt: Date.now(),
      pid: process.pid,
      ...(this.port === undefined ? {} : { port: this.port }),
      ...(this.configFile === undefined ? {} : { configFile: this.configFile }),
      ...(this.sdk === undefined ? {} : { sdk: this.sdk }),
    });
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

  async manifest(): Promise<ManifestEntry[]> {
    return Object.values(await readManifest(this.#root));
  }

  /**
   * Stores a batch in one transaction.
   *
   * @returns the end of the log after it
   * @throws StorageError; nothing is stored then
   */
  store(batch: Batch): LogPosition {
    const database = this.#database;
    database.transaction(() => {
      for (const event of batch.events ?? []) database.storeEvent(event);
      for (const metric of batch.metrics ?? []) database.storeMetric(metric);
      if (batch.profile) database.storeProfile(batch.profile);
      for (const handle of batch.handles ?? []) database.setHandle(handle);
      for (const trialId of batch.released ?? []) database.removeHandle(trialId);
      for (const [key, value] of Object.entries(batch.meta ?? {})) database.setMeta(key, value);
    });
    return database.logEnd();
  }

  /** Applies a stored batch to the state in memory and announces the change. */
  apply(batch: Batch): void {
    const trials = new Set<string>();
    const metrics: MetricPoint[] = [];
    for (const event of batch.events ?? []) {
      const trialId = this.#state.applyEvent(event);
      if (trialId !== undefined) trials.add(trialId);
    }
    for (const metric of batch.metrics ?? []) {
      const point = this.#state.applyMetric(metric);
      if (!point) continue;
      metrics.push(point);
      trials.add(point.trialId);
    }
    const rows = [...trials].flatMap((id) => this.#state.row(id) ?? []);
    this.changes.publish({
      ...(metrics.length === 0 || rows.some((row) => row.final !== undefined) ? { summary: this.summary() } : {}),
      ...(rows.length > 0 ? { trials: rows } : {}),
      ...(metrics.length > 0 ? { metrics } : {}),
      ...(batch.profile ? { config: batch.profile.params } : {}),
    });
  }

  /** Announces a summary that changed without a batch. */
  summaryChanged(): void {
    this.changes.publish({ summary: this.summary() });
  }
}
