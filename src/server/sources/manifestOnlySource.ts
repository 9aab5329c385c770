/**
 * An experiment that stores no database, as NNI's architecture searches with the sequential engine: known from the manifest and
 * its config. Its trials are in a checkpoint that only NNI can read.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentProfile, ExperimentSummary, ManifestEntry } from '../../model/experiment/experiment.ts';
import { optimizeModeOf } from '../../model/experiment/optimizeMode.ts';
import { type Circumstances, summarise } from '../../model/experiment/summary.ts';
import { ExperimentState } from '../storage/experimentState.ts';
import { experimentLayout, storedTrialDirectory } from '../storage/layout.ts';
import { ChangeStream } from './changes.ts';
import { type ExperimentSource, type TrialView, totalsOf } from './source.ts';
import { filesInFolder, type TrialFiles } from './trialFiles.ts';

export interface ManifestOnlyOptions {
  entry: ManifestEntry;
  directory: string;
  status: Circumstances['status'];
  manifest(): Promise<ManifestEntry[]>;
}

export class ManifestOnlySource implements ExperimentSource {
  /** Empty: its trials are in the checkpoint. */
  readonly trials: TrialView;
  readonly changes = new ChangeStream();
  readonly directory: string;
  #options: ManifestOnlyOptions;
  #profile: ExperimentProfile;

  constructor(options: ManifestOnlyOptions) {
    const { entry, directory } = options;
    this.#options = options;
    this.directory = directory;
    const params = { experimentName: entry.experimentName, ...readParams(directory), experimentType: 'nas' };
    this.#profile = {
      params: params as unknown as ExperimentProfile['params'],
      id: entry.id,
      execDuration: 0,
      logDir: directory,
      nextSequenceId: 0,
      revision: 0,
    };
    const { startTime, endTime } = entry;
    if (startTime !== undefined) this.#profile.startTime = startTime;
    if (typeof endTime === 'number') this.#profile.endTime = endTime;
    // The experiment had one session, from beginning to end.
    if (startTime !== undefined && typeof endTime === 'number')
      this.#profile.execDuration = (endTime - startTime) / 1000;
    this.trials = new ExperimentState(optimizeModeOf(this.#profile.params));
  }

  profile(): ExperimentProfile {
    return this.#profile;
  }

  summary(): ExperimentSummary {
    const { status } = this.#options;
    const circumstances = { status, errors: [], live: false, engine: 'nni', durationAt: Date.now() } as const;
    const summary = summarise(this.#profile, totalsOf(this.trials), { ...circumstances, directory: this.directory });
    // Its trials are unknown, so "0 of 5" would be an invention.
    delete summary.maxTrialNumber;
    return summary;
  }

  imported(): readonly string[] {
    return [];
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

  dispose(): void {
    this.changes.dispose();
  }
}

/** The config that NNI stores beside the checkpoint; nothing where it can't be read. */
function readParams(directory: string): object {
  try {
    const value: unknown = JSON.parse(
      readFileSync(join(experimentLayout.checkpoint(directory), 'config.json'), 'utf8'),
    );
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
