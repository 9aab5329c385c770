/** Checks one value of a config by its field. */
import { defined } from '../json/defined.ts';
import { isObject } from '../json/isObject.ts';
import { messageOf } from '../text/messageOf.ts';
import { nearest } from '../text/nearest.ts';
import { parseDuration } from './duration.ts';
import type { Field } from './field.ts';

export interface FieldProblem {
  code: 'wrong-type' | 'bad-value';
  message: string;
  /** A likely correction. */
  replacement?: string;
}

/** @returns the value in its canonical form, or what is wrong with it */
export function checkField(name: string, value: unknown, field: Field): { value: unknown } | { problem: FieldProblem } {
  const problem = (code: FieldProblem['code'], message: string, replacement?: string) => ({
    problem: { code, message, ...defined({ replacement }) },
  });
  const refuse = (code: FieldProblem['code'], wanted: string, replacement?: string) =>
    problem(code, `${name} must be ${wanted}, not ${JSON.stringify(value)}.`, replacement);

  if (value === null && field.nullable) return { value };
  switch (field.type) {
    case 'string':
    case 'path': {
      const known = field.values?.filter((each) => each !== null);
      const words = known && (known.length === 2 ? known.join(' or ') : `one of ${known.join(', ')}`);
      if (typeof value !== 'string') return refuse('wrong-type', words ?? 'text');
      return known && !known.includes(value) ? refuse('bad-value', words ?? '', nearest(value, known)) : { value };
    }
    case 'boolean':
      return typeof value === 'boolean' ? { value } : refuse('wrong-type', 'true or false');
    case 'integer':
    case 'number':
      if (typeof value !== 'number' || (field.type === 'integer' && !Number.isInteger(value))) {
        return refuse('wrong-type', numberWords(field));
      }
      return isInRange(value, field) ? { value } : refuse('bad-value', numberWords(field));
    case 'duration':
      if (typeof value !== 'number' && typeof value !== 'string') {
        return refuse('wrong-type', 'a duration such as 10m or 2h');
      }
      try {
        parseDuration(value);
        return { value };
      } catch (error) {
        return problem('bad-value', `${name}: ${messageOf(error)}`);
      }
    case 'indices': {
      const list = indicesOf(value);
      if (!list) return refuse('wrong-type', 'GPU numbers, such as [0, 1]');
      return new Set(list).size < list.length ? problem('bad-value', `${name} names a GPU twice.`) : { value: list };
    }
    case 'service':
      // A list of services has a message of its own.
      return isObject(value) || Array.isArray(value) ? { value } : refuse('wrong-type', 'a map of keys to values');
    case 'algorithm':
    case 'object':
      return isObject(value) ? { value } : refuse('wrong-type', 'a map of keys to values');
    case 'searchSpace':
    case 'any':
      return { value };
  }
}

function isInRange(value: number, { min, exclusiveMin, max }: Field): boolean {
  if (min !== undefined && (exclusiveMin ? value <= min : value < min)) return false;
  return max === undefined || value <= max;
}

/** `a whole number of 1 or more`, `a number above 0`, `a number from 0 to 1`. */
function numberWords({ type, min, exclusiveMin, max }: Field): string {
  const kind = type === 'integer' ? 'a whole number' : 'a number';
  const upTo = max === undefined ? '' : ` up to ${max}`;
  if (min === undefined) return kind + upTo;
  if (exclusiveMin) return `${kind} above ${min}${upTo}`;
  return max === undefined ? `${kind} of ${min} or more` : `${kind} from ${min} to ${max}`;
}

/** `0`, `[0, 1]` or `"0,1"` as a list; undefined for anything else. */
function indicesOf(value: unknown): number[] | undefined {
  const list: unknown[] =
    typeof value === 'string'
      ? value.split(',').map((part) => Number(part.trim()))
      : Array.isArray(value)
        ? value
        : [value];
  const isIndex = (index: unknown): index is number => Number.isInteger(index) && Number(index) >= 0;
  return list.every(isIndex) ? list : undefined;
}
