/** The text of a trial draft: parsing, comparing with the search space, and initial values. Free of vscode. */
import { isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { jsonErrorAt } from '../../model/json/jsonError.ts';
import { parseStrictJson } from '../../model/json/parseJson.ts';
import { asFloat, numberOf, plainNumbers } from '../../model/json/writtenNumber.ts';
import type { SearchSpace, SearchSpaceEntry } from '../../model/space/searchSpace.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import type { Parameters } from '../../model/trial/trial.ts';

export interface DraftProblem {
  severity: 'error' | 'warning';
  message: string;
  /** Offsets in UTF-16 code units. */
  start: number;
  end: number;
}

/** `parameters` is absent when the text is not a JSON object. Problems of severity `warning` do not prevent a run. */
export function parseDraft(
  text: string,
  space: SearchSpace | undefined,
): { parameters?: Parameters; problems: DraftProblem[] } {
  let value: unknown;
  try {
    value = parseStrictJson(text);
  } catch (error) {
    const start = Math.min(jsonErrorAt(text) ?? 0, Math.max(0, text.length - 1));
    const message = `This is not valid JSON: ${messageOf(error)}`;
    return { problems: [{ severity: 'error', message, start, end: Math.min(text.length, start + 1) }] };
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    const message = 'A trial takes an object: parameter names with their values.';
    return { problems: [{ severity: 'error', message, start: 0, end: text.length }] };
  }
  const parameters = value as Parameters;
  if (!space) return { parameters, problems: [] };
  const places = placesOf(text);
  const problems = differences(space, parameters).map(
    ({ path, message }): DraftProblem => ({
      severity: 'warning',
      message,
      ...(places.get(JSON.stringify(path)) ?? places.get(JSON.stringify(path.slice(0, -1))) ?? { start: 0, end: 1 }),
    }),
  );
  return { parameters, problems };
}

/** Problems of parameters that lie outside of the search space. */
export function differences(
  space: SearchSpace,
  parameters: Parameters,
  path: string[] = [],
): { path: string[]; message: string }[] {
  const found: { path: string[]; message: string }[] = [];
  for (const name of Object.keys(parameters)) {
    if (!(name in space) && name !== '_name') {
      found.push({ path: [...path, name], message: `${name} is not in the search space.` });
    }
  }
  for (const [name, entry] of Object.entries(space)) {
    const here = [...path, name];
    if (!(name in parameters)) {
      found.push({ path: here, message: `${name} is missing; the trial script may need it.` });
      continue;
    }
    const value = parameters[name];
    const branch = nestedBranch(entry, value);
    if (branch) found.push(...differences(branch, value as Parameters, here));
    else {
      const message = explainOutside(entry, value);
      if (message) found.push({ path: here, message: `${name}: ${message}` });
    }
  }
  return found;
}

/** The sub-space of a nested choice's chosen branch. */
function nestedBranch(entry: SearchSpaceEntry, value: unknown): SearchSpace | undefined {
  if (entry._type !== 'choice' || !isNamed(value)) return undefined;
  const branch = entry._value.find((option) => isNamed(option) && option._name === value._name);
  if (!isNamed(branch)) return undefined;
  const { _name, ...rest } = branch;
  return rest as unknown as SearchSpace;
}

function isNamed(value: unknown): value is { _name: string } & Record<string, unknown> {
  return value !== null && typeof value === 'object' && '_name' in value && typeof value._name === 'string';
}

/** Why the value is outside of the space; undefined when it is inside. Ignores the steps of `q`: rounding leaves noise. */
function explainOutside(entry: SearchSpaceEntry, value: unknown): string | undefined {
  if (entry._type === 'choice') {
    const wanted = JSON.stringify(value);
    const plain = JSON.stringify(plainNumbers(value));
    // This copy of the space holds plain numbers.
    if (entry._value.some((option) => JSON.stringify(plainNumbers(option)) === plain)) return undefined;
    const options = entry._value.map((option) => (isNamed(option) ? option._name : JSON.stringify(option)));
    return `${wanted} is none of ${options.join(', ')}.`;
  }
  const number = numberOf(value);
  if (number === undefined) return `${JSON.stringify(value)} is no number.`;
  const [low, high] = entry._value.map(Number);
  if (entry._type.includes('normal') || low === undefined || high === undefined) return undefined;
  if (entry._type === 'randint') {
    if (!Number.isInteger(number)) return `${number} is no whole number.`;
    return number < low || number >= high ? `${number} is outside of ${low} to ${Math.ceil(high) - 1}.` : undefined;
  }
  return number < low || number > high ? `${number} is outside of ${low} to ${high}.` : undefined;
}

/** An initial value of every parameter: the first choice, else the middle of the range. */
export function startingParameters(space: SearchSpace): Parameters {
  return Object.fromEntries(Object.entries(space).map(([name, entry]) => [name, startingValue(entry)]));
}

function startingValue(entry: SearchSpaceEntry): unknown {
  const first = entry._value[0];
  if (entry._type === 'choice') {
    if (!isNamed(first)) return first ?? null;
    const { _name, ...rest } = first;
    return { _name, ...startingParameters(rest as unknown as SearchSpace) };
  }
  const [a = 0, b = 0, q] = entry._value.map(Number);
  const middle = {
    randint: () => Math.floor((a + b) / 2),
    uniform: () => (a + b) / 2,
    quniform: () => (a + b) / 2,
    loguniform: () => Math.sqrt(a * b),
    qloguniform: () => Math.sqrt(a * b),
    normal: () => a,
    qnormal: () => a,
    lognormal: () => Math.exp(a),
    qlognormal: () => Math.exp(a),
  }[entry._type]();
  const stepped = entry._type.startsWith('q') && q ? Math.round(middle / q) * q : middle;
  // Four digits are enough for a start, and easier to edit.
  const short = Number(stepped.toPrecision(4));
  return entry._type === 'randint' ? middle : asFloat(short);
}

/** Offsets of each value by its path. JSON is valid YAML, and the YAML parser records positions. */
function placesOf(text: string): Map<string, { start: number; end: number }> {
  const places = new Map<string, { start: number; end: number }>();
  const visit = (node: unknown, path: string[]): void => {
    if (!isMap(node)) return;
    for (const pair of node.items as Pair[]) {
      if (!isScalar(pair.key)) continue;
      const here = [...path, String(pair.key.value)];
      const key = pair.key.range;
      const value = (pair.value as { range?: [number, number, number] } | null)?.range;
      const start = isMap(pair.value) ? key?.[0] : value?.[0];
      const end = isMap(pair.value) ? key?.[1] : value?.[1];
      if (start !== undefined && end !== undefined) places.set(JSON.stringify(here), { start, end });
      visit(pair.value, here);
    }
  };
  visit(parseDocument(text).contents, []);
  return places;
}
