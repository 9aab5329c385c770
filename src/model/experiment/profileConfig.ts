/** The config in an experiment's profile, whichever version of NNI wrote it. */
import { convertVersion1, isVersion1 } from '../config/convertVersion1.ts';
import { parseJson } from '../json/parseJson.ts';
import type { ExperimentProfile } from './experiment.ts';

/**
 * The config in the present format. NNI 1 and 2 store and send a first-format config unchanged, with the search space as the text that the
 * tuner got. A space whose text is not JSON is left out.
 *
 * @param parse how to read that text: the runner keeps how numbers are written
 */
export function presentConfig(
  params: ExperimentProfile['params'],
  parse: (text: string) => unknown = parseJson,
): ExperimentProfile['params'] {
  if (!isVersion1(params)) return params;
  const { value } = convertVersion1(params);
  if (typeof value.searchSpace === 'string') {
    try {
      value.searchSpace = parse(value.searchSpace);
    } catch {
      delete value.searchSpace;
    }
  }
  // NNI 1 searched hyper-parameters only. The rest of the config was checked by the NNI that ran it.
  return { experimentType: 'hpo', ...value } as ExperimentProfile['params'];
}
