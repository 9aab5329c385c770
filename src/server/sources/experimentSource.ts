/** What the reading routes need of an experiment; a runner's living one and a stored one both offer it. */
import type { ExperimentProfile, ExperimentSummary, ManifestEntry } from '../../model/experiment/experiment.ts';
import type { ExperimentState } from '../storage/experimentState.ts';
import type { ChangeStream } from './changes.ts';
import type { TrialFiles } from './trialFiles.ts';

export interface ExperimentSource {
  readonly state: ExperimentState;
  readonly changes: ChangeStream;
  profile(): ExperimentProfile;
  summary(): ExperimentSummary;
  /** The experiment's own folder. */
  readonly directory: string;
  /** Where the trial's files are on this machine, for programs that read folders themselves. */
  trialDirectory(trialId: string): string;
  files(trialId: string): TrialFiles;
  /** All entries of NNI's manifest. */
  manifest(): Promise<ManifestEntry[]>;
}
