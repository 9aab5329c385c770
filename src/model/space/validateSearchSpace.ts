/** Checks whether a search space can be searched (nni/common/hpo_utils/validation.py, and faults that NNI meets only later). */
import { isObject } from '../json/isObject.ts';
import { nearest } from '../text/nearest.ts';
import { type SearchSpaceType, searchSpaceTypeRules, searchSpaceTypes } from './searchSpace.ts';

export interface SpaceProblem {
  message: string;
  /** Keys that lead to the place, from the space itself. */
  path: (string | number)[];
  /** The problem is at the name rather than the value. */
  part?: 'key';
  replacement?: string;
}

/** All problems of a search space of any shape. Never throws. */
export function validateSearchSpace(value: unknown): SpaceProblem[] {
  const problems: SpaceProblem[] = [];
  if (!isObject(value)) {
    return [{ message: 'The search space must map parameter names to { _type, _value }.', path: [] }];
  }
  if (Object.keys(value).length === 0)
    return [{ message: 'The search space is empty: there is nothing to search.', path: [] }];
  checkSpace(value, [], problems, 0);
  return problems;
}

function checkSpace(
  space: Record<string, unknown>,
  path: SpaceProblem['path'],
  problems: SpaceProblem[],
  depth: number,
): void {
  for (const [name, entry] of Object.entries(space)) {
    if (name !== '_name' || depth === 0) checkEntry(entry, [...path, name], problems, depth);
  }
}

function checkEntry(entry: unknown, path: SpaceProblem['path'], problems: SpaceProblem[], depth: number): void {
  if (depth > 20) {
    problems.push({ message: 'Choices are nested too deep.', path });
    return;
  }
  if (!isObject(entry)) {
    problems.push({ message: `"${path.at(-1)}" must be { _type: …, _value: […] }.`, path });
    return;
  }
  for (const key of Object.keys(entry)) {
    if (key === '_type' || key === '_value') continue;
    const near = nearest(key, ['_type', '_value']);
    problems.push({
      message: `"${key}" is not known here${near ? `; did you mean "${near}"?` : '. A parameter has _type and _value.'}`,
      path: [...path, key],
      part: 'key',
      ...(near ? { replacement: near } : {}),
    });
  }
  const { _type: type, _value: values } = entry;
  const known = searchSpaceTypes.find((each) => each === type);
  if (!known) {
    const near = typeof type === 'string' ? nearest(type, searchSpaceTypes) : undefined;
    const message =
      type === undefined
        ? `"${path.at(-1)}" has no _type. Types are ${searchSpaceTypes.join(', ')}.`
        : `${JSON.stringify(type)} is no type${near ? `; did you mean "${near}"?` : `. Types are ${searchSpaceTypes.join(', ')}.`}`;
    problems.push({
      message,
      path: type === undefined ? path : [...path, '_type'],
      ...(near ? { replacement: near } : {}),
    });
    return;
  }
  if (values === undefined) {
    problems.push({
      message: `"${path.at(-1)}" has no _value; ${known} takes ${searchSpaceTypeRules[known].form}.`,
      path,
    });
    return;
  }
  if (!Array.isArray(values)) {
    problems.push({
      message: `The _value of ${known} is a list: ${searchSpaceTypeRules[known].form}.`,
      path: [...path, '_value'],
    });
    return;
  }
  if (known === 'choice') checkChoice(values, [...path, '_value'], problems, depth);
  else checkNumbers(known, values, [...path, '_value'], problems);
}

function checkChoice(
  values: readonly unknown[],
  path: SpaceProblem['path'],
  problems: SpaceProblem[],
  depth: number,
): void {
  if (values.length === 0) {
    problems.push({ message: 'This choice has no options.', path });
    return;
  }
  const named = values.map((value) => isObject(value) && '_name' in value);
  if (!named.includes(true)) {
    for (const [index, value] of values.entries()) {
      // A trial gets its parameters as JSON, which has neither: the trial would get None.
      if (hasNonFinite(value))
        problems.push({ message: 'An option can be neither infinite nor NaN.', path: [...path, index] });
    }
    return;
  }
  const names = new Set<unknown>();
  for (const [index, value] of values.entries()) {
    const at = [...path, index];
    if (!isObject(value) || !('_name' in value)) {
      problems.push({ message: 'Of nested options, each needs a _name; this one has none.', path: at });
      continue;
    }
    if (typeof value._name !== 'string') problems.push({ message: 'A _name must be text.', path: [...at, '_name'] });
    if (names.has(value._name))
      problems.push({ message: `Two options are named ${JSON.stringify(value._name)}.`, path: [...at, '_name'] });
    names.add(value._name);
    checkSpace(value, at, problems, depth + 1);
  }
}

function hasNonFinite(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(hasNonFinite);
  return typeof value === 'number' && !Number.isFinite(value);
}

function checkNumbers(
  type: SearchSpaceType,
  values: readonly unknown[],
  path: SpaceProblem['path'],
  problems: SpaceProblem[],
): void {
  const wanted = type.startsWith('q') ? 3 : 2;
  if (values.length !== wanted) {
    problems.push({
      message: `${type} takes ${wanted} numbers, ${searchSpaceTypeRules[type].form}; here are ${values.length}.`,
      path,
    });
    return;
  }
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      const hint =
        typeof value === 'string' && Number.isFinite(Number(value)) && value.trim() !== ''
          ? ` It is text here; YAML wants ${yamlNumber(value)}.`
          : '';
      problems.push({
        message: `${JSON.stringify(value)} is no number.${hint}`,
        path: [...path, index],
        ...(hint && typeof value === 'string' ? { replacement: yamlNumber(value) } : {}),
      });
      return;
    }
  }
  const [first = 0, second = 0, q = 1] = values as number[];
  const add = (message: string, index: number) => problems.push({ message, path: [...path, index] });
  if (wanted === 3 && q <= 0) add(`q must be above 0, not ${q}.`, 2);
  if (type.includes('normal')) {
    if (second <= 0) add(`sigma must be above 0, not ${second}.`, 1);
    return;
  }
  if (type === 'randint') {
    if (Math.ceil(second) <= Math.ceil(first))
      add(`randint gives whole numbers from ${first} up to but not including ${second}: there are none.`, 1);
    return;
  }
  if (first > second) add(`The low end ${first} is above the high end ${second}.`, 0);
  if (type.includes('log') && first <= 0) add(`${type} needs a low end above 0, not ${first}.`, 0);
}

/** `1e-4` is text in YAML's older rules; with a dot and a sign it is a number in all of them. */
function yamlNumber(text: string): string {
  return String(Number(text)).includes('e')
    ? Number(text)
        .toExponential()
        .replace(/^(-?\d)e/, '$1.0e')
    : String(Number(text));
}
