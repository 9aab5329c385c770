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
  if (setting !== 'auto') return askedBackend(setting);
  const support = embeddedSupport(config);
  if (support.supported) return { backend: 'embedded', reason: 'The embedded manager can run all of this config.' };
  return { backend: 'nnictl', reason: `The embedded manager can't run this config: ${support.reason}` };
}

/** The choice where a person has made it. */
export function askedBackend(backend: Backend): BackendChoice {
  return { backend, reason: backend === 'nnictl' ? 'NNI was asked for.' : 'The embedded manager was asked for.' };
}

/** Who is to run an experiment again. @param recorded its config as it is stored; absent where it could not be read */
export function chooseRecordedBackend(setting: BackendSetting, recorded: object | undefined): BackendChoice {
  if (setting !== 'auto') return askedBackend(setting);
  if (recorded !== undefined && isWhole(recorded)) return chooseBackend(setting, recorded);
  return { backend: 'embedded', reason: 'Its config is of NNI 1.' };
}

/** The config of an experiment of NNI 1 has other keys; it was converted, or has to be. */
function isWhole(recorded: object): recorded is ExperimentConfig {
  if (!('trainingService' in recorded) || !('experimentType' in recorded)) return false;
  const { trainingService } = recorded;
  return typeof trainingService === 'object' && trainingService !== null && 'platform' in trainingService;
}
