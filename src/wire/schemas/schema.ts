/**
 * The parts of all schemas of wire data. Only the fields that make a record what it is must be right. Other wrong fields are left out, and
 * one bad record never hides the others.
 */
import * as v from 'valibot';

export type Schema<T> = v.GenericSchema<unknown, T>;

/** The value, or undefined when it does not fit. */
export function parse<T>(schema: Schema<T>, value: unknown): T | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

/** The valid records of a list; undefined when it is not a list. */
export function parseList<T>(schema: Schema<T>, value: unknown): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const records: T[] = [];
  for (const entry of value) {
    const record = parse(schema, entry);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** An object with any keys. Not `v.record`, which drops `__proto__`, `constructor` and `prototype` without a word. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of the records that fit. */
export function listOf<T>(schema: Schema<T>): Schema<T[]> {
  return v.pipe(
    v.array(v.unknown()),
    v.transform((rows) => parseList(schema, rows) ?? []),
  );
}

/** An optional field. A wrong value counts as none. */
export function maybe<T>(schema: Schema<T>) {
  return v.fallback(v.optional(schema), undefined);
}

/** A type whose keys are absent where they may be undefined. */
export type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Takes out the keys that are undefined, so that absent means absent. */
export function present<T extends object>(schema: Schema<T>): Schema<Present<T>> {
  return v.pipe(schema, v.transform(withoutUndefined));
}

function withoutUndefined<T extends object>(value: T): Present<T>;
function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  // Without lists of entries: for thousands of records they would be most of the garbage.
  const found: Record<string, unknown> = {};
  for (const key in value) {
    if (value[key] !== undefined) found[key] = value[key];
  }
  return found;
}

/** `true` where both types have the same keys and each fits the other. */
type Same<A, B> = [A, keyof A] extends [B, keyof B] ? ([B, keyof B] extends [A, keyof A] ? true : false) : false;

/**
 * Holds a schema to the type of its model: the code does not compile when one of them has a key or a value more.
 *
 *     export const pointSchema = exactly<Point>()(v.object({ … }));
 */
export function exactly<T>() {
  return <S extends Schema<T>>(schema: Same<v.InferOutput<S>, T> extends true ? S : never): Schema<T> => schema;
}

export const id = v.pipe(v.string(), v.minLength(1));
export const integer = v.pipe(v.number(), v.integer());
export const texts = v.fallback(v.array(v.string()), []);

/** JSON text. NNI sends values as text; any other value becomes its text. */
export const jsonText = v.union([
  v.string(),
  v.pipe(
    v.unknown(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return JSON.stringify(dataset.value ?? null);
      } catch {
        addIssue({ message: 'It is nested too deep.' });
        return NEVER;
      }
    }),
  ),
]);
