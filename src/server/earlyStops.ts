/** Which trials NNI stopped early, though it has them on record as cancelled by the user: its manager's log tells. */
import type { ExperimentConfig } from '../model/config.ts';
import { assessorStops, durationStops } from '../model/nniLogs.ts';
import { ManagerLogReader } from './nniLogFiles.ts';
import type { ExperimentState } from './storage/experimentState.ts';

export class EarlyStops {
  #log: ManagerLogReader;
  /** What the log has told so far: why, by trial id. */
  #messages = new Map<string, string>();

  /** @param directory the experiment's own folder */
  constructor(directory: string) {
    this.#log = new ManagerLogReader(directory);
  }

  /** Puts such trials right. Reads the log only where there may be any, and no part of it twice. Returns their ids. */
  explain(state: ExperimentState, params: Pick<ExperimentConfig, 'assessor' | 'maxTrialDuration'>): string[] {
    const { assessor, maxTrialDuration } = params;
    if (state.unexplainedCancels.size === 0 || (!assessor && maxTrialDuration === undefined)) return [];
    const name = assessor?.name ?? assessor?.className ?? 'the assessor';
    for (const text of this.#log.pieces()) {
      for (const id of assessorStops(text)) this.#messages.set(id, `stopped early by ${name}`);
      for (const id of durationStops(text))
        this.#messages.set(id, `ran longer than maxTrialDuration (${maxTrialDuration})`);
    }
    return [...state.unexplainedCancels].filter((id) => {
      const message = this.#messages.get(id);
      return message !== undefined && state.stoppedEarly(id, message);
    });
  }
}
