/** An experiment that a runner of ours runs or shows. */
import type {
  ExperimentProfile,
  ExperimentStatus,
  ExperimentSummary,
  ManifestEntry,
  TrialSdk,
} from '../../model/experiment/experiment.ts';
import { summarise } from '../../model/experiment/summary.ts';
import type { ExperimentState } from '../storage/experimentState.ts';
import type { Batch } from '../storage/journal.ts';
import { storedTrialDirectory } from '../storage/layout.ts';
import { readManifest } from '../storage/manifest.ts';
import { applyBatch } from '../storage/storeBatch.ts';
import { ChangeStream } from './changes.ts';
import { type ExperimentSource, type TrialView, totalsOf } from './source.ts';
import { filesInFolder, type TrialFiles } from './trialFiles.ts';

/** The parts of an experiment that its database does not hold. */
export interface LiveView {
  readonly profile: ExperimentProfile;
  readonly status: ExperimentStatus;
  readonly errors: readonly string[];
}

export class LiveSource implements ExperimentSource {
  readonly changes = new ChangeStream();
  readonly trials: TrialView;
  readonly directory: string;
  configFile: string | undefined;
  sdk: TrialSdk | undefined;
  port: number | undefined;
  #root: string;
  #state: ExperimentState;
  #view: LiveView;
  #files: ((trialId: string) => TrialFiles) | undefined;

  /** @param root the folder of the manifest */
  constructor(root: string, directory: string, state: ExperimentState, view: LiveView) {
    this.#root = root;
    this.directory = directory;
    this.#state = state;
    this.trials = state;
    this.#view = view;
  }

  /**
   * Shows an experiment that runs from now on.
   *
   * @param files gives the files of a trial, wherever it runs
   */
  show(view: LiveView, files: (trialId: string) => TrialFiles): void {
    this.#view = view;
    this.#files = files;
  }

  profile(): ExperimentProfile {
    return this.#view.profile;
  }

  summary(): ExperimentSummary {
    return summarise(this.profile(), totalsOf(this.#state), {
      status: this.#view.status,
      errors: this.#view.errors,
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
    return this.#files?.(trialId) ?? filesInFolder({ folder: this.trialDirectory(trialId), within: this.directory });
  }

  async manifest(): Promise<ManifestEntry[]> {
    return Object.values(await readManifest(this.#root));
  }

  /** Applies a stored batch to the state in memory and announces the change. */
  apply(batch: Batch): void {
    const { trialIds, metrics } = applyBatch(this.#state, batch);
    // Clients hold metrics that don't count any more. They must read everything again.
    if (batch.putAside) this.changes.restart();
    const rows = trialIds.flatMap((id) => this.#state.row(id) ?? []);
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
