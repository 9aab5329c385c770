/** What a runner serves: the living experiment as the reading routes see it, and the order in which a change becomes visible. */
import type {
  ExperimentProfile,
  ExperimentStatus,
  ExperimentSummary,
  ManifestEntry,
  TrialSdk,
} from '../model/experiment/experiment.ts';
import { summarise } from '../model/experiment/summary.ts';
import type { MetricPoint } from '../model/trial/metric.ts';
import { ChangeStream } from '../server/sources/changes.ts';
import type { ExperimentSource } from '../server/sources/experimentSource.ts';
import { filesInFolder, type TrialFiles } from '../server/sources/trialFiles.ts';
import type { ExperimentDatabase } from '../server/storage/experimentDatabase.ts';
import type { ExperimentState } from '../server/storage/experimentState.ts';
import type { Batch } from '../server/storage/journal.ts';
import { storedTrialDirectory } from '../server/storage/layout.ts';
import type { LogPosition } from '../server/storage/logPosition.ts';
import { readManifest } from '../server/storage/manifest.ts';

export interface LiveView {
  profile(): ExperimentProfile;
  status(): ExperimentStatus;
  errors(): readonly string[];
}

export class RunningExperiment implements ExperimentSource {
  readonly changes = new ChangeStream();
  readonly state: ExperimentState;
  readonly directory: string;
  configFile: string | undefined;
  sdk: TrialSdk | undefined;
  port: number | undefined;
  #root: string;
  #database: ExperimentDatabase;
  #view: LiveView;

  /** @param root the folder of the manifest */
  constructor(root: string, directory: string, database: ExperimentDatabase, state: ExperimentState, view: LiveView) {
    this.#root = root;
    this.directory = directory;
    this.#database = database;
    this.state = state;
    this.#view = view;
  }

  profile(): ExperimentProfile {
    return this.#view.profile();
  }

  summary(): ExperimentSummary {
    return summarise(this.profile(), this.state, {
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

  trialDirectory(trialId: string): string {
    return storedTrialDirectory(this.directory, trialId);
  }

  files(trialId: string): TrialFiles {
    return filesInFolder({ folder: this.trialDirectory(trialId), within: this.directory });
  }

  async manifest(): Promise<ManifestEntry[]> {
    return Object.values(await readManifest(this.#root));
  }

  /** Stores a batch in one transaction; returns the end of the log after it. Throws StorageError, and nothing is stored then. */
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

  /** Makes what is stored true, and announces it. */
  apply(batch: Batch): void {
    const trials = new Set<string>();
    const metrics: MetricPoint[] = [];
    for (const event of batch.events ?? []) {
      const trialId = this.state.applyEvent(event);
      if (trialId !== undefined) trials.add(trialId);
    }
    for (const metric of batch.metrics ?? []) {
      const point = this.state.applyMetric(metric);
      if (!point) continue;
      metrics.push(point);
      trials.add(point.trialId);
    }
    const rows = [...trials].flatMap((id) => this.state.row(id) ?? []);
    this.changes.publish({
      ...(metrics.length === 0 || rows.some((row) => row.final !== undefined) ? { summary: this.summary() } : {}),
      ...(rows.length > 0 ? { trials: rows } : {}),
      ...(metrics.length > 0 ? { metrics } : {}),
      ...(batch.profile ? { config: batch.profile.params } : {}),
    });
  }

  /** The summary has changed by itself. */
  summaryChanged(): void {
    this.changes.publish({ summary: this.summary() });
  }
}
