/** Search spaces of every kind, and what NNI says their parameters are. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { numberOf } from '../../../src/model/json/writtenNumber.ts';
import type { SearchSpace, SearchSpaceEntry, SearchSpaceType } from '../../../src/model/space/searchSpace.ts';
import type { Parameters } from '../../../src/model/trial/trial.ts';

const entry = (_type: SearchSpaceType, ...values: unknown[]): SearchSpaceEntry => ({ _type, _value: values });

/** Numbers as people write them, and some that floating point can't hold exactly. */
const number = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -1000, max: 1000, noNaN: true }));
const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 1e-3, max: 100, noNaN: true }));
const step = fc.constantFrom(1, 2, 0.5, 0.1, 0.3, 7);
const range = fc.tuple(number, fc.oneof(fc.constant(0), size)).map(([low, width]) => [low, low + width] as const);
const positiveRange = fc
  .tuple(fc.double({ min: -9, max: 5, noNaN: true }), fc.double({ min: 0, max: 8, noNaN: true }))
  .map(([exponent, width]) => [10 ** exponent, 10 ** (exponent + width)] as const);
/** Of a logarithm: the exponential has to stay a number. */
const logNormal = fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: 0.1, max: 3, noNaN: true }));

const option = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b'), fc.integer()),
);

const leaf: fc.Arbitrary<SearchSpaceEntry> = fc.oneof(
  fc.array(option, { minLength: 1, maxLength: 6 }).map((options) => entry('choice', ...options)),
  fc
    .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 40 }))
    .map(([low, width]) => entry('randint', low, low + width)),
  fc
    .tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.integer({ min: 2, max: 40 }))
    .map(([low, width]) => entry('randint', low, low + width)),
  range.map((ends) => entry('uniform', ...ends)),
  fc.tuple(range, step).map(([ends, q]) => entry('quniform', ...ends, q)),
  positiveRange.map((ends) => entry('loguniform', ...ends)),
  fc.tuple(positiveRange, step).map(([ends, q]) => entry('qloguniform', ...ends, q)),
  fc.tuple(number, size).map(([mu, sigma]) => entry('normal', mu, sigma)),
  fc.tuple(number, size, step).map(([mu, sigma, q]) => entry('qnormal', mu, sigma, q)),
  logNormal.map((logs) => entry('lognormal', ...logs)),
  fc.tuple(logNormal, step).map(([logs, q]) => entry('qlognormal', ...logs, q)),
);

const name = fc.constantFrom('x', 'lr', 'batch_size', 'a.b', 'ß', '1');

function spaceOf(entries: fc.Arbitrary<SearchSpaceEntry>): fc.Arbitrary<SearchSpace> {
  return fc.dictionary(name, entries, { minKeys: 1, maxKeys: 4 });
}

function nested(depth: number): fc.Arbitrary<SearchSpaceEntry> {
  const inner =
    depth > 0 ? fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: nested(depth - 1) }) : leaf;
  return fc
    .array(fc.dictionary(name, inner, { maxKeys: 3 }), { minLength: 1, maxLength: 3 })
    .map((branches) => entry('choice', ...branches.map((branch, index) => ({ _name: `branch${index}`, ...branch }))));
}

/** Every type, with choices nested up to three deep. */
export const anySpace = spaceOf(fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: nested(2) }));

/** Spaces with few points, so that all of them can be tried. */
export const finiteSpace: fc.Arbitrary<SearchSpace> = (() => {
  const small = fc.oneof(
    fc.array(option, { minLength: 1, maxLength: 4 }).map((options) => entry('choice', ...options)),
    fc
      .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 4 }))
      .map(([low, width]) => entry('randint', low, low + width)),
    fc
      .tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 7 }), fc.constantFrom(1, 2, 0.5))
      .map(([low, width, q]) => entry('quniform', low / 2, (low + width) / 2, q)),
  );
  const branch = fc
    .array(fc.dictionary(name, small, { maxKeys: 1 }), { minLength: 1, maxLength: 3 })
    .map((branches) => entry('choice', ...branches.map((inner, index) => ({ _name: `branch${index}`, ...inner }))));
  return fc.dictionary(name, fc.oneof({ weight: 3, arbitrary: small }, { weight: 1, arbitrary: branch }), {
    minKeys: 1,
    maxKeys: 3,
  });
})();

/** Fails unless these are parameters that NNI's rules allow for the space: its names, nothing else, and right values. */
export function assertFits(space: SearchSpace, parameters: Parameters): void {
  const names = Object.keys(space).filter((each) => each !== '_name');
  assert.deepEqual(Object.keys(parameters).toSorted(), names.toSorted());
  for (const each of names) {
    const described = space[each];
    if (described) assertFitsEntry(described, parameters[each]);
  }
}

function assertFitsEntry({ _type: type, _value: values }: SearchSpaceEntry, value: unknown): void {
  const about = `${JSON.stringify(value)} for ${type} ${JSON.stringify(values)}`;
  if (type === 'choice') assertChosen(values, value, about);
  else {
    const number = numberOf(value) ?? Number.NaN;
    assert.ok(Number.isFinite(number), about);
    // To Python all but the whole-number ones are floats.
    assert.equal(/[.e]/.test(JSON.stringify(value)), type !== 'randint', about);
    assertNumber(type, values.map(Number), number, about);
  }
}

function assertChosen(values: readonly unknown[], value: unknown, about: string): void {
  if (isNested(values)) {
    const { _name, ...inner } = value as { _name: unknown };
    const branch = values.find((each) => each._name === _name) ?? assert.fail(about);
    const { _name: _, ...space } = branch;
    assertFits(space as SearchSpace, inner);
  } else
    assert.ok(
      values.some((each) => isSame(each, value)),
      about,
    );
}

function assertNumber(type: SearchSpaceType, [first = 0, second = 0, q = 0]: number[], value: number, about: string) {
  if (type === 'randint') {
    assert.ok(Number.isInteger(value) && value >= Math.ceil(first) && value < Math.ceil(second), about);
  }
  if (type.startsWith('q')) {
    const isEnd = type.endsWith('uniform') && (value === first || value === second);
    assert.ok(isEnd || value === Math.round(value / q) * q, `${about}: no multiple of q`);
  }
  if (type === 'lognormal') assert.ok(value > 0, about);
  if (type === 'qlognormal') assert.ok(value >= 0, about);
  // The ends of a logarithm come back a hair off.
  const slack = type === 'loguniform' ? 1e-12 * second : 0;
  if (type.endsWith('uniform')) assert.ok(value >= first - slack && value <= second + slack, about);
}

function isNested(values: readonly unknown[]): values is Record<string, unknown>[] {
  return values.every((each) => typeof each === 'object' && each !== null && '_name' in each);
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

/** All points of a {@link finiteSpace} that have a chance, as texts. */
export function allPoints(space: SearchSpace): Set<string> {
  return new Set(combinations(space).map((point) => sortedText(point)));
}

/** Text that does not depend on the order of names, nor on how a number is written. */
export function sortedText(value: unknown): string {
  const number = numberOf(value);
  if (number !== undefined) return JSON.stringify(number);
  if (Array.isArray(value)) return `[${value.map(sortedText)}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${sortedText(each)}`)}}`;
}

function combinations(space: SearchSpace): Record<string, unknown>[] {
  let points: Record<string, unknown>[] = [{}];
  for (const [key, described] of Object.entries(space)) {
    if (key === '_name') continue;
    points = points.flatMap((point) => valuesOf(described).map((value) => ({ ...point, [key]: value })));
  }
  return points;
}

function valuesOf({ _type: type, _value: values }: SearchSpaceEntry): unknown[] {
  if (type === 'choice') {
    if (!isNested(values)) return [...values];
    return values.flatMap((branch) =>
      combinations(branch as unknown as SearchSpace).map((inner) => ({ _name: branch._name, ...inner })),
    );
  }
  const [low = 0, high = 0, q = 1] = values.map(Number);
  if (type === 'randint') return Array.from({ length: high - low }, (_, index) => low + index);
  // What quniform gives anywhere strictly between its ends; at an end itself it may round differently, with no chance.
  const found = new Set<number>();
  const parts = 1000;
  for (let part = 0.5; part < parts; part++) {
    const multiple = Math.round((low + ((high - low) * part) / parts) / q) * q;
    found.add(Math.min(Math.max(multiple, low), high) + 0);
  }
  return [...found];
}
