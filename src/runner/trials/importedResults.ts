/** Results from elsewhere as NNI's `import-data` takes them and its log keeps them: `[{ "parameter": { … }, "value": … }]`. */
import { isObject } from '../../model/json/isObject.ts';
import { parseWrittenJson } from '../../model/json/parseJson.ts';
import { shorten } from '../../model/text/shorten.ts';
import { decodeMetric } from '../../model/trial/metric.ts';
import type { Parameters } from '../../model/trial/trial.ts';
import type { KnownResult } from '../../search/algorithm.ts';

/** Reads a stored import. Leaves out entries that a search can't use: NNI stores any body that it gets. */
export function readStoredImport(text: string): KnownResult[] {
  let data: unknown;
  try {
    data = parseWrittenJson(text);
  } catch {
    return [];
  }
  if (!Array.isArray(data)) return [];
  return data.flatMap((entry: unknown) => {
    const result = readResult(entry);
    return typeof result === 'string' ? [] : [result];
  });
}

/** The value is a number, an object with `default`, or JSON text of one. Returns what is wrong in words. */
export function readResult(entry: unknown): KnownResult | string {
  if (!isObject(entry) || !isParameters(entry.parameter)) return 'no "parameter" that is an object';
  const { parameter, value } = entry;
  const number = decodeMetric(typeof value === 'string' ? value : JSON.stringify(value ?? null)).default;
  if (number === undefined || !Number.isFinite(number)) {
    return `no number as "value", but ${shorten(JSON.stringify(value ?? null), 200)}`;
  }
  return { parameters: parameter, value: number };
}

function isParameters(value: unknown): value is Parameters {
  return isObject(value);
}
