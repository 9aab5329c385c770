/** A trial as the runner starts it: its id, its number, and the parameters it is bound to for good. */
import type { ParameterRecord } from '../../model/trial/trial.ts';

export interface Trial {
  id: string;
  /** NNI's sequence id: the number people call the trial by. */
  number: number;
  record: ParameterRecord;
}
