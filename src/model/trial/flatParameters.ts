/** Parameters as columns: one level, however the search space nests its choices. */

import { WrittenNumber } from '../json/writtenNumber.ts';
import type { Parameters } from './trial.ts';

/** Nested choices become `name` (the branch taken) and `name.parameter`; everything else, lists too, stays one value. */
export function flatParameters(parameters: Parameters): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  flattenInto(entries, '', parameters);
  return entries;
}

function flattenInto(entries: Map<string, unknown>, prefix: string, parameters: Parameters): void {
  for (const [name, value] of Object.entries(parameters)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof WrittenNumber)) {
      const { _name, ...rest } = value as Record<string, unknown>;
      if (_name !== undefined) entries.set(path, _name);
      flattenInto(entries, path, rest);
    } else entries.set(path, value);
  }
}
