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

/** Chooses the engine for a config, and says why. Does not check whether NNI is installed here. */
export function chooseBackend(setting: BackendSetting, config: ExperimentConfig): BackendChoice {
  if (setting !== 'auto') return askedBackend(setting);
  const support = embeddedSupport(config);
  if (support.supported) return { backend: 'embedded', reason: 'The embedded manager can run all of this config.' };
  return { backend: 'nnictl', reason: `The embedded manager can't run this config: ${support.reason}` };
}

/** The choice that a person made. */
export function askedBackend(backend: Backend): BackendChoice {
  return { backend, reason: backend === 'nnictl' ? 'NNI was asked for.' : 'The embedded manager was asked for.' };
}

/** Chooses the engine that runs an experiment again. @param recorded its stored config; absent where it could not be read */
export function chooseRecordedBackend(setting: BackendSetting, recorded: object | undefined): BackendChoice {
  if (setting !== 'auto') return askedBackend(setting);
  if (recorded !== undefined && isWhole(recorded)) return chooseBackend(setting, recorded);
  return { backend: 'embedded', reason: 'Its config was written for NNI 1.' };
}

/** Whether the config has the present keys. An experiment of NNI 1 stores other keys, which need conversion. */
function isWhole(recorded: object): recorded is ExperimentConfig {
  if (!('trainingService' in recorded) || !('experimentType' in recorded)) return false;
  const { trainingService } = recorded;
  return typeof trainingService === 'object' && trainingService !== null && 'platform' in trainingService;
}
