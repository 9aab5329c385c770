/** Which of the two engines runs an experiment: the embedded manager, or a real NNI by its `nnictl`. */
import type { ExperimentConfig } from '../config/config.ts';
import { embeddedSupport } from '../config/embeddedSupport.ts';
import type { Backend, BackendSetting } from './backendSetting.ts';

export { type Backend, type BackendSetting, backendSettings } from './backendSetting.ts';

export interface BackendChoice {
  backend: Backend;
  /** One sentence for a person. */
  reason: string;
}

/** Who is to run this config, and why. Whether NNI is installed here is not looked at. */
export function chooseBackend(setting: BackendSetting, config: ExperimentConfig): BackendChoice {
  if (setting === 'embedded') return { backend: 'embedded', reason: 'The embedded manager was asked for.' };
  if (setting === 'nnictl') return { backend: 'nnictl', reason: 'NNI was asked for.' };
  const support = embeddedSupport(config);
  if (support.supported) return { backend: 'embedded', reason: 'The embedded manager can run all of this config.' };
  return { backend: 'nnictl', reason: `The embedded manager can't run this config: ${support.reason}` };
}
