/**
 * A search space as tuners work with it (nni/common/hpo_utils/formatting.py): a flat list of dimensions. A choice is the
 * index of an option, a `randint` the distance from its lowest value, a `log…` value its logarithm. A nested choice becomes
 * dimensions that are active only while their branch is chosen.
 */

import { asFloat, isWrittenText, numberOf, plainNumbers } from '../../model/json/writtenNumber.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import type { Parameters } from '../../model/trial/trial.ts';

interface Place {
  /** Unique in the space. */
  key: string;
  /** Names that lead to the value in the parameters. */
  path: string[];
  /** The choice and the option of it that this dimension belongs to. */
  within?: { key: string; option: number };
}

export interface CategoricalSpec extends Place {
  kind: 'categorical';
  /** Number of options. */
  size: number;
  valueOf(index: number): unknown;
  /** -1 when no option has this value. */
  indexOf(value: unknown): number;
  nested: boolean;
}

export interface NumericSpec extends Place {
  kind: 'numeric';
  /** Bounds of a uniform distribution, or mean and deviation of a normal one; of the logarithm when `log`. */
  distribution: { type: 'uniform'; low: number; high: number } | { type: 'normal'; mu: number; sigma: number };
  log: boolean;
  q?: number;
  /** Only for `quniform` and `qloguniform`: the ends, not logarithms. */
  clip?: { low: number; high: number };
}

export type ParameterSpec = CategoricalSpec | NumericSpec;

/** Coordinates of the active dimensions, by key. */
export type Point = Map<string, number>;

/** Flattens a valid search space; a choice comes before what is nested in it. */
export function parameterSpecs(space: SearchSpace): ParameterSpec[] {
  const specs: ParameterSpec[] = [];
  flatten(space, [], undefined, '', specs);
  return specs;
}

export function isActive(spec: ParameterSpec, point: Point): boolean {
  return spec.within === undefined || point.get(spec.within.key) === spec.within.option;
}

/** Returns the parameters that a trial gets for a point. Numeric ones are floats even when they are whole, as in NNI. */
export function toParameters(
  specs: readonly ParameterSpec[],
  point: Point,
  numberFor: (spec: NumericSpec, x: number) => number = numericValue,
): Parameters {
  const parameters: Record<string, unknown> = {};
  for (const spec of specs) {
    const x = point.get(spec.key);
    if (x === undefined) continue;
    if (spec.kind === 'numeric') assign(parameters, spec.path, asFloat(numberFor(spec, x)));
    else if (spec.nested) assign(parameters, [...spec.path, '_name'], spec.valueOf(x));
    else assign(parameters, spec.path, spec.valueOf(x));
  }
  return parameters;
}

/** Returns the number for a coordinate: its exponential, rounded to a multiple of q (halves to even, as in Python), clipped. */
export function numericValue(spec: NumericSpec, x: number): number {
  let value = spec.log ? Math.exp(x) : x;
  if (spec.q !== undefined) value = roundHalfEven(value / spec.q) * spec.q;
  if (spec.clip) value = Math.min(Math.max(value, spec.clip.low), spec.clip.high);
  return value;
}

/**
 * Returns the point that parameters came from; with `q` it is only near. Undefined when the parameters do not belong to the
 * space: a tuner learns nothing from them.
 */
export function toPoint(specs: readonly ParameterSpec[], parameters: Parameters): Point | undefined {
  const point: Point = new Map();
  for (const spec of specs) {
    if (!isActive(spec, point)) continue;
    const value = lookUp(parameters, spec.kind === 'categorical' && spec.nested ? [...spec.path, '_name'] : spec.path);
    if (spec.kind === 'categorical') {
      const index = spec.indexOf(value);
      if (index < 0) return undefined;
      point.set(spec.key, index);
    } else {
      const number = numberOf(value);
      const x = number === undefined ? undefined : coordinateOf(spec, number);
      if (x === undefined) return undefined;
      point.set(spec.key, x);
    }
  }
  return point;
}

/**
 * Returns parameters from elsewhere as this space writes them: an import may have `1` where the space has `1.0`. Parameters that
 * don't belong to the space stay as they are.
 */
export function asGiven(specs: readonly ParameterSpec[], parameters: Parameters): Parameters {
  const point = toPoint(specs, parameters);
  if (!point) return parameters;
  // Take the value itself: its coordinate may be a little off.
  return toParameters(specs, point, (spec, x) => numberOf(lookUp(parameters, spec.path)) ?? x);
}

/** Returns the coordinate of a value; undefined for a value outside the space. */
function coordinateOf({ distribution, log, q }: NumericSpec, value: number): number | undefined {
  // A value that was rounded to 0 has no logarithm. It was at most half a q.
  const x = log ? Math.log(value === 0 && q !== undefined ? q / 2 : value) : value;
  if (!Number.isFinite(x)) return undefined;
  if (distribution.type === 'normal') return x;
  const { low, high } = distribution;
  const inside = Math.min(Math.max(x, low), high);
  // Logarithm and exponential do not undo each other exactly.
  return Math.abs(x - inside) <= 1e-9 * Math.max(1, Math.abs(x)) ? inside : undefined;
}

/** Returns a text that is equal for equal parameters, whatever the order of their names. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    entry !== null && typeof entry === 'object' && !Array.isArray(entry) && !isWrittenText(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}

export function roundHalfEven(x: number): number {
  const rounded = Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
  // Adding 0 turns -0 into 0.
  return rounded + 0;
}

function flatten(
  space: SearchSpace,
  path: string[],
  within: Place['within'],
  prefix: string,
  specs: ParameterSpec[],
): void {
  for (const [name, entry] of Object.entries(space)) {
    if (name === '_name') continue;
    const place: Place = { key: `${prefix}/${JSON.stringify(name)}`, path: [...path, name] };
    if (within) place.within = within;
    const values = entry._value;
    if (entry._type === 'choice') {
      const nested = isNested(values);
      specs.push({ ...place, kind: 'categorical', nested, size: values.length, ...options(values, nested) });
      if (!nested) continue;
      for (const [option, branch] of values.entries()) {
        const inner = { key: place.key, option };
        flatten(branch as SearchSpace, place.path, inner, `${place.key}/${option}`, specs);
      }
    } else if (entry._type === 'randint') {
      const [low, high] = [Math.ceil(Number(values[0])), Math.ceil(Number(values[1]))];
      specs.push({
        ...place,
        kind: 'categorical',
        nested: false,
        size: high - low,
        valueOf: (index) => low + index,
        indexOf: (value) => {
          const number = numberOf(value) ?? Number.NaN;
          return Number.isInteger(number) && number >= low && number < high ? number - low : -1;
        },
      });
    } else specs.push(numeric(place, entry._type, values.map(Number)));
  }
}

function options(values: readonly unknown[], nested: boolean): Pick<CategoricalSpec, 'valueOf' | 'indexOf'> {
  const seen = nested ? values.map((value) => (value as { _name: unknown })._name) : values;
  const texts = seen.map(canonicalText);
  const plainTexts = seen.map((value) => canonicalText(plainNumbers(value)));
  return {
    valueOf: (index) => seen[index],
    indexOf: (value) => {
      if (value === undefined) return -1;
      const index = texts.indexOf(canonicalText(value));
      // A value from elsewhere may have 1 for 1.0. Where both are options, the exact text decides.
      return index < 0 ? plainTexts.indexOf(canonicalText(plainNumbers(value))) : index;
    },
  };
}

function isNested(values: readonly unknown[]): boolean {
  return values.length > 0 && values.every((value) => typeof value === 'object' && value !== null && '_name' in value);
}

function numeric(place: Place, type: string, [first = 0, second = 0, q = 0]: number[]): NumericSpec {
  const log = type.includes('log');
  const normal = type.includes('normal');
  const spec: NumericSpec = {
    ...place,
    kind: 'numeric',
    log,
    distribution: normal
      ? { type: 'normal', mu: first, sigma: second }
      : { type: 'uniform', low: log ? Math.log(first) : first, high: log ? Math.log(second) : second },
  };
  if (type.startsWith('q')) {
    spec.q = q;
    if (!normal) spec.clip = { low: first, high: second };
  }
  return spec;
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = target;
  for (const name of path.slice(0, -1)) {
    const inner = place[name];
    if (typeof inner === 'object' && inner !== null) place = inner as Record<string, unknown>;
    else {
      const created: Record<string, unknown> = {};
      place[name] = created;
      place = created;
    }
  }
  const last = path.at(-1);
  if (last !== undefined) place[last] = value;
}

function lookUp(parameters: Parameters, path: readonly string[]): unknown {
  let value: unknown = parameters;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
