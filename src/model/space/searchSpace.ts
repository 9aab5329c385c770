/** NNI's search space (`nni/common/hpo_utils/formatting.py`): names to `_type` and `_value`. */

import type { Fields } from '../config/field.ts';

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

interface SearchSpaceTypeRule {
  /** What `_value` lists. */
  form: string;
  description: string;
}

export const searchSpaceTypeRules: Readonly<Record<SearchSpaceType, SearchSpaceTypeRule>> = {
  choice: {
    form: '[option, option, …]',
    description: 'One of the options. An object with _name opens parameters of its own.',
  },
  randint: { form: '[lowest, end]', description: 'A whole number; the end is excluded.' },
  uniform: { form: '[low, high]', description: 'Any number between.' },
  quniform: { form: '[low, high, q]', description: 'As uniform, rounded to steps of q.' },
  loguniform: {
    form: '[low, high]',
    description: 'Any number between, evenly on a logarithmic scale; low is above 0.',
  },
  qloguniform: { form: '[low, high, q]', description: 'As loguniform, rounded to steps of q.' },
  normal: { form: '[mu, sigma]', description: 'A normally distributed number.' },
  qnormal: { form: '[mu, sigma, q]', description: 'As normal, rounded to steps of q.' },
  lognormal: { form: '[mu, sigma]', description: 'A number whose logarithm is normally distributed.' },
  qlognormal: { form: '[mu, sigma, q]', description: 'As lognormal, rounded to steps of q.' },
};

/** The keys of one parameter. */
export const searchSpaceFields = {
  _type: {
    type: 'string',
    description: 'How values are drawn.',
    values: searchSpaceTypes,
    valueDescriptions: Object.fromEntries(
      Object.entries(searchSpaceTypeRules).map(([type, rule]) => [type, `${rule.form}: ${rule.description}`]),
    ),
    required: true,
  },
  _value: {
    type: 'any',
    description: 'The arguments of the distribution, or the options to choose from.',
    required: true,
  },
} satisfies Fields;

export interface SearchSpaceEntry {
  _type: SearchSpaceType;
  /** Any number in it, on its way to a trial, may be a `WrittenNumber`. */
  _value: readonly unknown[];
}
export type SearchSpace = { readonly [name: string]: SearchSpaceEntry };
