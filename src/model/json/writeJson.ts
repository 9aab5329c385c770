/** Values as JSON texts that Python reads as the same values: the other half of `parseJson.ts`. */
import { keysInOrder } from './keyOrder.ts';

/**
 * As `JSON.stringify`, but `NaN` and infinities stay as they are (Python's `json` reads and writes them bare), and keys keep their written
 * order. Undefined for a value that JSON can't hold, as `JSON.stringify`.
 *
 * @throws TypeError for an object that holds itself
 */
export function writeJson(value: unknown): string | undefined {
  return isOrdinary(value, new Set()) ? JSON.stringify(value) : write(value);
}

/** Whether `JSON.stringify` writes it without a loss. */
function isOrdinary(value: unknown, above: Set<object>): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return true;
  // `JSON.stringify` throws the right error.
  if (above.has(value)) return true;
  above.add(value);
  const ordinary = Array.isArray(value)
    ? value.every((entry) => isOrdinary(entry, above))
    : keysInOrder(value).every((key, index) => key === Object.keys(value)[index]) &&
      Object.values(value).every((entry) => isOrdinary(entry, above));
  above.delete(value);
  return ordinary;
}

function write(value: unknown): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((entry) => write(entry) ?? 'null').join(',')}]`;
  const entries = keysInOrder(value).flatMap((key) => {
    const text = write(Object.getOwnPropertyDescriptor(value, key)?.value);
    return text === undefined ? [] : [`${JSON.stringify(key)}:${text}`];
  });
  return `{${entries.join(',')}}`;
}
