/** The body of PUT `/experiment?update_type=`: a change of a running experiment. */
import type { ExperimentConfig } from '../../model/config/config.ts';
import { parseDuration } from '../../model/config/duration.ts';
import { isObject } from '../../model/json/isObject.ts';
import { plainNumbers } from '../../model/json/writtenNumber.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { validateSearchSpace } from '../../model/space/validateSearchSpace.ts';
import { httpError } from '../../server/security/httpError.ts';

/** One of NNI's four changes. */
export interface ConfigUpdate {
  set: Partial<Pick<ExperimentConfig, 'trialConcurrency' | 'maxTrialNumber' | 'maxExperimentDuration' | 'searchSpace'>>;
  /** A limit to take away. */
  remove?: 'maxTrialNumber' | 'maxExperimentDuration';
}

/** Reads `value`, which has plain numbers; `written` keeps how they were sent. */
type Reader = (value: unknown, key: string, written: unknown) => ConfigUpdate;

const updates: Readonly<Record<string, { key: keyof ExperimentConfig; read: Reader }>> = {
  TRIAL_CONCURRENCY: {
    key: 'trialConcurrency',
    read: (value, key) => ({ set: { trialConcurrency: wholeNumber(value, key) } }),
  },
  MAX_TRIAL_NUM: {
    key: 'maxTrialNumber',
    read: (value, key) =>
      value === null ? { set: {}, remove: 'maxTrialNumber' } : { set: { maxTrialNumber: wholeNumber(value, key) } },
  },
  MAX_EXEC_DURATION: {
    key: 'maxExperimentDuration',
    read: (value, key) =>
      value === null
        ? { set: {}, remove: 'maxExperimentDuration' }
        : { set: { maxExperimentDuration: duration(value, key) } },
  },
  SEARCH_SPACE: {
    key: 'searchSpace',
    read: (value, _key, written) => {
      const problems = validateSearchSpace(value).map(({ message, path }) => `${path.join('.')}: ${message}`);
      if (problems.length > 0) throw httpError(400, `The search space is wrong. ${problems.join(' ')}`);
      return { set: { searchSpace: written as SearchSpace } };
    },
  },
};

/**
 * Reads an update as NNI's clients send it: the type in the query, a whole profile or only its changed `params` in the body.
 * Throws HttpError 400 with what is wrong (NNI leaves such requests without an answer).
 */
export function readUpdate(type: unknown, body: unknown): ConfigUpdate {
  const update = typeof type === 'string' && Object.hasOwn(updates, type) ? updates[type] : undefined;
  if (!update) {
    const said = type === undefined ? 'missing' : `not ${JSON.stringify(type)}`;
    throw httpError(400, `update_type must be one of ${Object.keys(updates).join(', ')}; it is ${said}.`);
  }
  const params = isObject(body) ? body.params : undefined;
  if (!isObject(params)) throw httpError(400, 'The body must be an experiment profile with an object "params".');
  const written = params[update.key];
  if (written === undefined) throw httpError(400, `params.${update.key} is missing.`);
  return update.read(plainNumbers(written), update.key, written);
}

function wholeNumber(value: unknown, key: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw httpError(400, `params.${key} must be a whole number above 0, not ${JSON.stringify(value)}.`);
}

function duration(value: unknown, key: string): number | string {
  if (typeof value === 'number' || typeof value === 'string') {
    try {
      parseDuration(value);
      return value;
    } catch {
      // Reported below, as other wrong values.
    }
  }
  const shown = JSON.stringify(value);
  throw httpError(400, `params.${key} must be seconds above 0 or a text like "2h", not ${shown}.`);
}
