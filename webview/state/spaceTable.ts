/** The search space as table lines, with the parameters of nested choices below their branch. */

import type { SearchSpaceType } from '../../src/model/space/searchSpace.ts';
import { formatNumber } from '../../src/model/text/format.ts';
import { t } from '../strings.ts';
import { valueText } from './parameters.ts';

export interface SpaceLine {
  /** Nesting, 0 for the top. */
  depth: number;
  name: string;
  /** Empty for a branch of a nested choice. */
  type: string;
  /** Range or choices, in words. */
  values: string;
}

/** Shows an unknown entry as it is: the config may come from a newer NNI. */
export function spaceLines(space: unknown, depth = 0): SpaceLine[] {
  if (space === null || typeof space !== 'object') return [];
  return Object.entries(space).flatMap(([name, entry]) => {
    if (depth > 0 && name === '_name') return [];
    return entryLines(name, entry, depth);
  });
}

function entryLines(name: string, entry: unknown, depth: number): SpaceLine[] {
  if (entry === null || typeof entry !== 'object' || !('_type' in entry) || !('_value' in entry)) {
    return [{ depth, name, type: '', values: valueText(entry) }];
  }
  const type = String(entry._type);
  const values = Array.isArray(entry._value) ? (entry._value as unknown[]) : [entry._value];
  if (type !== 'choice' || !values.some(isBranch)) {
    return [{ depth, name, type, values: rangeText(type, values) }];
  }
  const lines: SpaceLine[] = [
    { depth, name, type, values: values.map((value) => (isBranch(value) ? value._name : valueText(value))).join(', ') },
  ];
  for (const value of values) {
    if (!isBranch(value)) continue;
    const inner = spaceLines(value, depth + 2);
    if (inner.length > 0) lines.push({ depth: depth + 1, name: value._name, type: '', values: '' }, ...inner);
  }
  return lines;
}

function isBranch(value: unknown): value is { _name: string } {
  return value !== null && typeof value === 'object' && '_name' in value && typeof value._name === 'string';
}

function rangeText(type: string, values: unknown[]): string {
  const [first, second, third] = values.map((value) =>
    typeof value === 'number' ? formatNumber(value) : valueText(value),
  );
  if (values.length < 2 || type === 'choice') return values.map(valueText).join(', ');
  const step = third === undefined ? '' : ` ${t('in steps of {0}', third)}`;
  switch (type as SearchSpaceType) {
    case 'randint':
      return t(
        '{0} to {1}, whole numbers',
        first ?? '',
        typeof values[1] === 'number' ? formatNumber(values[1] - 1) : (second ?? ''),
      );
    case 'uniform':
    case 'quniform':
      return `${t('{0} to {1}', first ?? '', second ?? '')}${step}`;
    case 'loguniform':
    case 'qloguniform':
      return `${t('{0} to {1}, logarithmic', first ?? '', second ?? '')}${step}`;
    case 'normal':
    case 'qnormal':
      return `${t('mean {0}, deviation {1}', first ?? '', second ?? '')}${step}`;
    case 'lognormal':
    case 'qlognormal':
      return `${t('logarithm with mean {0}, deviation {1}', first ?? '', second ?? '')}${step}`;
    default:
      return values.map(valueText).join(', ');
  }
}
