/** The config in an experiment's profile, whichever version of NNI wrote it. */
import { convertVersion1, isVersion1 } from '../config/convertVersion1.ts';
import type { ExperimentProfile } from './experiment.ts';

/** In the present format; managers of NNI 1 and 2 tell the first one, with the search space as text. */
export function presentConfig(params: ExperimentProfile['params']): ExperimentProfile['params'] {
  if (!isVersion1(params)) return params;
  const { value } = convertVersion1(params);
  const space = value.searchSpace;
  if (typeof space === 'string') {
    try {
      value.searchSpace = JSON.parse(space);
    } catch {
      delete value.searchSpace;
    }
  }
  return value as ExperimentProfile['params'];
}
