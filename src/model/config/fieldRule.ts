/** The rule of one config field: validation, completion, hovers and the schema read it. */

export interface FieldRule {
  type:
    | 'string'
    | 'boolean'
    | 'integer'
    | 'duration'
    | 'path'
    | 'indices'
    | 'algorithm'
    | 'searchSpace'
    | 'service'
    | 'object';
  description: string;
  min?: number;
  values?: readonly string[];
  default?: unknown;
}

/** NNI accepts keys in any case and with or without underscores. */
export function fieldNamed(key: string, fields: Readonly<Record<string, FieldRule>>): string | undefined {
  const plain = key.toLowerCase().replaceAll('_', '');
  return Object.keys(fields).find((name) => name.toLowerCase() === plain);
}
