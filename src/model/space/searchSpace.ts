/** NNI's search space (`nni/common/hpo_utils/formatting.py`): names to `_type` and `_value`. */

export const searchSpaceTypes = [
  'choice',
  'randint',
  'uniform',
  'quniform',
  'loguniform',
  'qloguniform',
  'normal',
  'qnormal',
  'lognormal',
  'qlognormal',
] as const;
export type SearchSpaceType = (typeof searchSpaceTypes)[number];

export interface SearchSpaceEntry {
  _type: SearchSpaceType;
  /** Any number in it, on its way to a trial, may be a `WrittenNumber`. */
  _value: readonly unknown[];
}
export type SearchSpace = { readonly [name: string]: SearchSpaceEntry };
