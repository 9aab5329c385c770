/** What the reading routes need of an experiment; a runner's living one and a stored one both offer it. */
import { basename } from 'node:path';
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

/** Whether an id names a trial and can be a folder's name. A foreign database may hold ids that are paths. */
export function hasTrialFolder({ state }: Pick<ExperimentSource, 'state'>, id: string): boolean {
  return basename(id) === id && !id.startsWith('.') && state.has(id);
}
