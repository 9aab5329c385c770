/** The person's setting for the engine of experiments. It lies apart from `backend.ts`, which needs the rules of configs. */

export type Backend = 'embedded' | 'nnictl';

/** `auto`: the embedded manager where it can run the config, else NNI. */
export type BackendSetting = 'auto' | Backend;

export const backendSettings: readonly BackendSetting[] = ['auto', 'embedded', 'nnictl'];
