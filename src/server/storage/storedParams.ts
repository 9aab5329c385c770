/** The config in a stored profile, whichever NNI wrote it. */
import { parseConfig } from '../../model/config/config.ts';
import { convertVersion1, isVersion1 } from '../../model/config/convertVersion1.ts';
import type { ExperimentProfile } from '../../model/experiment/experiment.ts';
import { parseWrittenJson } from '../../model/json/parseJson.ts';

/** Reads the `params` column. What NNI 1 and 2 stored of a config in the first format comes in the words of the present one. */
export function readStoredParams(text: string): ExperimentProfile['params'] {
  const params = parseConfig(text);
  if (!isVersion1(params)) return params;
  const { value } = convertVersion1(params);
  // As text, it was handed on to the tuner.
  const space = typeof value.searchSpace === 'string' ? { searchSpace: parseWrittenJson(value.searchSpace) } : {};
  return { experimentType: 'hpo', ...value, ...space } as ExperimentProfile['params'];
}
