/** Reported values and parameters as text for a row. Free of vscode. */
import { formatNumber } from '../../model/text/format.ts';
import { plainText } from '../../model/text/plainText.ts';
import { decodeMetric } from '../../model/trial/metric.ts';
import type { Parameters } from '../../model/trial/trial.ts';

/** A reported value: the default metric as a number, else the text as it came. */
export function metricValueText(text: string): string {
  const metric = decodeMetric(text);
  return metric.default === undefined ? plainText(text, 40) : formatNumber(metric.default);
}

/** `lr 6.5e-4, hidden 32, relu`: words speak for themselves, numbers need their name. Cut at `limit`. */
export function parametersText(parameters: Parameters, limit = 90): string {
  const texts: string[] = [];
  let length = 0;
  for (const [name, value] of Object.entries(parameters)) {
    const text = parameterText(value);
    const part = typeof value === 'string' ? text : `${name} ${text}`;
    length += part.length + 2;
    if (length > limit && texts.length > 0) {
      texts.push('…');
      break;
    }
    texts.push(plainText(part, limit));
  }
  return texts.join(', ');
}

/** One parameter's value; nested choices by their name. */
export function parameterText(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return plainText(value, 60);
  if (value !== null && typeof value === 'object' && '_name' in value && typeof value._name === 'string') {
    const { _name, ...rest } = value;
    const inner = parametersText(rest, 40);
    return plainText(inner ? `${_name} (${inner})` : _name, 60);
  }
  return plainText(JSON.stringify(value) ?? String(value), 60);
}
