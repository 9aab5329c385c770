/** The config rules of one training service. */
import type { Fields } from '../field.ts';

export interface PlatformProblem {
  /** Code of a {@link ../config.ts!ConfigProblem}. */
  code: string;
  message: string;
  /** Name of a field. The problem is at its place in `trainingService`, or at the top level when it is set there. */
  field: string;
}

export interface PlatformRules {
  /** Fields of `trainingService` besides the shared ones. */
  fields: Fields;
  /** Values of fields that the config leaves out, as NNI fills them in. */
  defaults: Readonly<Record<string, unknown>>;
  /**
   * Checks rules that a field alone can't decide.
   *
   * @param config the canonical config, without its training service
   * @param service the training service's fields, with {@link PlatformRules.defaults} filled in
   */
  check(config: Readonly<Record<string, unknown>>, service: Readonly<Record<string, unknown>>): PlatformProblem[];
}

/** Fields that all training services share. They default to the top level's. */
export const sharedServiceFields: Fields = {
  trialCommand: { type: 'string', description: 'As at the top level.' },
  trialCodeDirectory: { type: 'path', description: 'As at the top level.' },
  trialGpuNumber: { type: 'integer', min: 0, description: 'As at the top level.' },
  nniManagerIp: { type: 'string', description: 'As at the top level.' },
  debug: { type: 'boolean', description: 'As at the top level.' },
};
