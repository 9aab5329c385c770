/** NNI's folders and files (nni/experiment/launcher, ts/nni_manager/common/globals/paths.ts). */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ExperimentConfig } from '../../model/config/config.ts';
import type { ManifestEntry } from '../../model/experiment/experiment.ts';

export const experimentLayout = {
  directory: (root: string, id: string) => join(root, id),
  database: (directory: string) => join(directory, 'db', 'nni.sqlite'),
  logs: (directory: string) => join(directory, 'log'),
  /** The log of the process that runs the experiment, under NNI's name for it. */
  runnerLog: (directory: string) => join(directory, 'log', 'nnimanager.log'),
  checkpoint: (directory: string) => join(directory, 'checkpoint'),
  trial: (directory: string, trialId: string) => join(directory, 'environments', 'local-env', 'trials', trialId),
} as const;

/**
 * The folder of a trial that any version of NNI may have run. The stored path may be of another machine or another home, so it is
 * looked up beside the database.
 */
export function storedTrialDirectory(directory: string, trialId: string): string {
  const present = experimentLayout.trial(directory, trialId);
  // NNI 2, and the remote services of NNI 3.
  const older = join(directory, 'trials', trialId);
  return !existsSync(present) && existsSync(older) ? older : present;
}

/**
 * The folder that will hold a new experiment's own folder: the config's `experimentWorkingDirectory` if it names another place than NNI's
 * default, else `root`. The manifest stores it as `logDir`.
 */
export function newExperimentBase(root: string, config: Pick<ExperimentConfig, 'experimentWorkingDirectory'>): string {
  const asked = config.experimentWorkingDirectory;
  return asked === undefined || asked === join(homedir(), 'nni-experiments') ? root : asked;
}

/**
 * The folder that holds a stored experiment's own folder: the one in the manifest, or `root` when the experiment is not there any more
 * (moved or copied).
 */
export function storedExperimentBase(
  root: string,
  id: string,
  entry: Pick<ManifestEntry, 'logDir'> | undefined,
): string {
  if (!entry || entry.logDir === root) return root;
  const bases = [entry.logDir, root];
  const directory = (base: string) => experimentLayout.directory(base, id);
  return (
    bases.find((base) => existsSync(experimentLayout.database(directory(base)))) ??
    bases.find((base) => existsSync(directory(base))) ??
    entry.logDir
  );
}
