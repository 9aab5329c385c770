/** What a search algorithm is to the runner. Native tuners implement it directly; a hosted Python dispatcher does so over its channel. */
import type { SearchSpace } from '../model/space/searchSpace.ts';
import type { Parameters, TrialStatus } from '../model/trial/trial.ts';

export interface FinishedTrial {
  parameters: Parameters;
  /** The final default metric; never NaN or infinite. */
  value: number;
}

/** Every method may throw; the runner then ends the experiment as ERROR with the message as its reason. */
export interface Tuner {
  /** Called again whenever a person changes the space of a running experiment. */
  updateSearchSpace(space: SearchSpace): void | Promise<void>;
  /** The next parameter set under this id, or undefined when the space is used up for now. */
  generateParameters(parameterId: number): Parameters | undefined | Promise<Parameters | undefined>;
  /** A final result. Called at most once per id and always before {@link trialEnd} of it. Not called for custom trials. */
  receiveTrialResult(parameterId: number, parameters: Parameters, value: number): void | Promise<void>;
  /** The trial is over; `succeeded` is false when it failed, was cancelled or gave no usable result. */
  trialEnd(parameterId: number, succeeded: boolean, status: TrialStatus): void | Promise<void>;
  /** Results from elsewhere: a resumed experiment's past, imported data, custom trials. */
  importData(trials: readonly FinishedTrial[]): void | Promise<void>;
  /**
   * On resume, before {@link generateParameters}: sets handed out earlier. Of the pending ones the tuner is told later; the
   * fruitless ones ended without a usable result. None is to be handed out again.
   */
  recover(pending: ReadonlyMap<number, Parameters>, fruitless: readonly Parameters[]): void | Promise<void>;
  /** JSON-serialisable state beyond what `importData` can rebuild (random state, grid position). */
  saveState(): unknown;
  loadState(state: unknown): void;
  dispose(): void | Promise<void>;
}
