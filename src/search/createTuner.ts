/** Which tuners run here, by the name in the config. */
import type { AlgorithmConfig, ExperimentConfig } from '../model/config/config.ts';
import { optimizeModeOf } from '../model/experiment/optimizeMode.ts';
import type { Tuner } from './tuner.ts';
import { GridSearchTuner } from './tuners/gridSearch.ts';
import { RandomTuner } from './tuners/random.ts';
import { type TpeArguments, TpeTuner } from './tuners/tpe.ts';

/** @throws Error with words for a person when no tuner of this name runs here */
export function createTuner(config: ExperimentConfig): Tuner {
  const tuner: AlgorithmConfig = config.tuner ?? {};
  const { seed } = tuner.classArgs ?? {};
  const seeded = typeof seed === 'number' ? { seed } : {};
  switch (tuner.name?.toLowerCase()) {
    case 'random':
      return new RandomTuner(seeded);
    case 'gridsearch':
      return new GridSearchTuner();
    case 'tpe': {
      const given = tuner.classArgs?.tpe_args;
      return new TpeTuner({
        optimizeMode: optimizeModeOf(config),
        ...seeded,
        // The config has been validated against NNI's arguments.
        ...(typeof given === 'object' && given !== null ? { arguments: given as Partial<TpeArguments> } : {}),
      });
    }
    default:
      throw new Error(
        `The tuner ${tuner.name ?? tuner.className ?? ''} does not run here; TPE, Random and GridSearch do.`,
      );
  }
}
