/** JSON schemas as text. Free of vscode. */

/** Keywords by which a schema refuses; the others describe, and offer values. */
const refusing = new Set([
  'additionalProperties',
  'required',
  'type',
  'enum',
  'const',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minItems',
  'maxItems',
  'minLength',
  'uniqueItems',
  'not',
]);

/** The same schema with every key and value allowed; what was an `enum` stays as `examples`, which are offered all the same. */
export function withoutValidation(schema: string): string {
  return JSON.stringify(loosen(JSON.parse(schema)));
}

function loosen(value: unknown, isSchema = true): unknown {
  if (Array.isArray(value)) return value.map((entry) => loosen(entry));
  if (value === null || typeof value !== 'object') return value;
  const loose: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (isSchema && key === 'enum') loose.examples = entry;
    // A schema for the other properties describes them; only `false` refuses.
    else if (isSchema && key === 'additionalProperties' && typeof entry === 'object') loose[key] = loosen(entry);
    else if (isSchema && refusing.has(key)) continue;
    else if (isSchema && (key === 'default' || key === 'examples')) loose[key] = entry;
    // Below these come names, which may be spelt like keywords.
    else
      loose[key] = loosen(
        entry,
        !['properties', 'definitions', '$defs', 'patternProperties'].includes(key) || !isSchema,
      );
  }
  return loose;
}
