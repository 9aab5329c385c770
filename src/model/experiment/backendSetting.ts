/** What a person sets about the engine of experiments. Apart from the choice itself, which needs the rules of configs. */

export type Backend = 'embedded' | 'nnictl';

/** `auto`: the embedded manager where it can run the config, else NNI. */
export type BackendSetting = 'auto' | Backend;

export const backendSettings: readonly BackendSetting[] = ['auto', 'embedded', 'nnictl'];
