/** What one key of a config may hold. Checks, the JSON schema, completion and hovers all derive from it. */

export interface Field {
  type:
    | 'string'
    | 'boolean'
    | 'integer'
    | 'number'
    /** Seconds, or text such as `10m`. */
    | 'duration'
    | 'path'
    /** Numbers of GPUs. */
    | 'indices'
    | 'algorithm'
    | 'searchSpace'
    | 'service'
    /** A map, with {@link Field.fields} where they are known. */
    | 'object'
    | 'any';
  description?: string;
  /** The only values of a text. */
  values?: readonly (string | null)[];
  /** What some of the {@link Field.values} mean, by value. */
  valueDescriptions?: Readonly<Record<string, string>>;
  default?: unknown;
  min?: number;
  /** `min` itself is not allowed. */
  exclusiveMin?: boolean;
  max?: number;
  /** Whether `null` is a value of its own. */
  nullable?: boolean;
  required?: boolean;
  /** The keys of an `object`. */
  fields?: Fields;
}

/** Fields by name. */
export type Fields = Readonly<Record<string, Field>>;

/** The field of a key as people write it: NNI accepts any case, with or without underscores. */
export function fieldNamed(key: string, fields: Fields): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '');
  return Object.keys(fields).find((name) => plain(name) === plain(key));
}

/** The texts to offer for a field; empty where any text or number may stand. */
export function offeredValues({ type, values }: Field): readonly string[] {
  return values?.filter((value) => value !== null) ?? (type === 'boolean' ? ['true', 'false'] : []);
}

/** Whether a map of keys follows, rather than a value. */
export function isBlock({ type }: Field): boolean {
  return type === 'object' || type === 'algorithm' || type === 'service' || type === 'searchSpace';
}
