/** A search space as text for the comparison. */
import { plainNumbers } from '../../model/json/writtenNumber.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';

/** One line for each parameter, in a fixed order and in plain numbers, so that only real differences show. */
export function spaceText(space: SearchSpace): string {
  const lines = Object.entries(plainNumbers(space))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => `  ${JSON.stringify(name)}: ${entryText(entry)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

function entryText(entry: SearchSpace[string]): string {
  const short = JSON.stringify({ _type: entry._type, _value: entry._value });
  if (short.length <= 100) return short.replaceAll('":', '": ').replaceAll(',"', ', "');
  return JSON.stringify(entry, null, 2).replaceAll('\n', '\n  ');
}
