/** Finds the trials that NNI stopped early although it recorded them as cancelled by the user. Its manager's log names them. */
import type { ExperimentConfig } from '../../model/config/config.ts';
import { earlyStops, stopsEarly } from '../../model/nni/earlyStops.ts';
import type { TalliedTrial, TrialTally } from '../storage/trialTally.ts';
import { ManagerLogReader } from './nniLogFiles.ts';

export class EarlyStops {
  #log: ManagerLogReader;
  /** The reasons found in the log so far, by trial id. */
  #messages = new Map<string, string>();

  /** @param directory the experiment's own folder */
  constructor(directory: string) {
    this.#log = new ManagerLogReader(directory);
  }

  /** Corrects such trials. Reads the log only where there may be any, and no part of it twice. Returns their ids. */
  explain(
    state: Pick<TrialTally<TalliedTrial>, 'unexplainedCancels' | 'stoppedEarly'>,
    params: Pick<ExperimentConfig, 'assessor' | 'maxTrialDuration'>,
  ): string[] {
    if (state.unexplainedCancels.size === 0 || !stopsEarly(params)) return [];
    for (const text of this.#log.pieces()) {
      for (const [id, message] of earlyStops(text, params)) this.#messages.set(id, message);
    }
    return [...state.unexplainedCancels].filter((id) => {
      const message = this.#messages.get(id);
      return message !== undefined && state.stoppedEarly(id, message);
    });
  }
}
