/** A config as indented keys and values for display. */

export interface ConfigLine {
  depth: number;
  key: string;
  /** Empty for a key with more below it. */
  value: string;
}

/** @param skip top-level keys that the page shows elsewhere */
export function configLines(config: unknown, skip: readonly string[] = [], depth = 0): ConfigLine[] {
  if (config === null || typeof config !== 'object') return [];
  const entries: [string, unknown][] = Array.isArray(config)
    ? config.map((item) => ['-', item])
    : Object.entries(config).filter(([key]) => depth > 0 || !skip.includes(key));
  return entries.flatMap(([key, value]) => {
    if (value === undefined || value === null || value === '') return [];
    if (isScalar(value)) return [{ depth, key, value: scalarText(value) }];
    if (Array.isArray(value) && value.every(isScalar))
      return [{ depth, key, value: `[${value.map(scalarText).join(', ')}]` }];
    const inner = configLines(value, [], depth + 1);
    return inner.length === 0 ? [{ depth, key, value: '{}' }] : [{ depth, key, value: '' }, ...inner];
  });
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || typeof value !== 'object';
}

function scalarText(value: string | number | boolean | null): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
