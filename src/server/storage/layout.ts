/** NNI's folders and files (nni/experiment/launcher, ts/nni_manager/common/globals/paths.ts). */
import { join } from 'node:path';

/** Ids become folder names; NNI's own rule. */
export function isExperimentId(id: string): boolean {
  return /^[A-Za-z0-9_-]{1,32}$/.test(id);
}

export const experimentLayout = {
  directory: (root: string, id: string) => join(root, id),
  database: (directory: string) => join(directory, 'db', 'nni.sqlite'),
  logs: (directory: string) => join(directory, 'log'),
  checkpoint: (directory: string) => join(directory, 'checkpoint'),
  trial: (directory: string, trialId: string) => join(directory, 'environments', 'local-env', 'trials', trialId),
} as const;
