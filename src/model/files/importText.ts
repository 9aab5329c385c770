/**
 * Reads results to import from the text of a file: NNI's `[{"parameter": …, "value": …}]`, or an export of NNI or Trialdeck, as JSON or
 * CSV. Every result is checked before a tuner gets any: a tuner may die of a value that it does not understand.
 */

import { jsonErrorAt } from '../json/jsonError.ts';
import { parseWrittenJson } from '../json/parseJson.ts';
import { numberOf } from '../json/writtenNumber.ts';
import type { SearchSpace, SearchSpaceEntry } from '../space/searchSpace.ts';
import { messageOf } from '../text/messageOf.ts';
import { decodeMetric } from '../trial/metric.ts';
import type { Parameters } from '../trial/trial.ts';
import { parseCsv } from './csv.ts';

export interface ImportedResult {
  parameter: Parameters;
  /** Finite, as it was written. */
  value: unknown;
  /** One-based. */
  line: number;
}

export interface ImportReading {
  results: ImportedResult[];
  /** Lines of entries whose value is not a finite number, e.g. of failed trials. A tuner learns nothing from them. */
  skipped: number[];
  /** Why the file is refused, with one-based lines. */
  problems: { line: number; message: string }[];
}

/** @param space of the experiment: tells the number 3 from the text "3" in a CSV */
export function readImport(text: string, space: SearchSpace = {}): ImportReading {
  const reading = /^\s*[[{]/.test(text) ? readJson(text) : readCsv(text, space);
  if (reading.results.length === 0 && reading.problems.length === 0) {
    const none = 'No results found. Each entry needs parameters and a numeric value.';
    reading.problems.push({ line: reading.skipped[0] ?? 1, message: none });
  }
  return reading;
}

function readJson(text: string): ImportReading {
  const reading: ImportReading = { results: [], skipped: [], problems: [] };
  const refuse = (line: number, message: string) => void reading.problems.push({ line, message });
  let value: unknown;
  try {
    value = parseWrittenJson(text);
  } catch (error) {
    refuse(lineAt(text, jsonErrorAt(text) ?? 0), `This is not valid JSON: ${messageOf(error)}`);
    return reading;
  }
  if (!Array.isArray(value)) {
    refuse(1, 'It must be a list: [{ "parameter": { … }, "value": … }].');
    return reading;
  }
  const lines = entryLines(text);
  for (const [index, entry] of value.entries()) {
    const line = lines[index] ?? 1;
    const { parameter, value: result } = Object(entry) as Record<string, unknown>;
    if (parameter === null || typeof parameter !== 'object' || Array.isArray(parameter)) {
      refuse(line, `Entry ${index + 1} has no "parameter" that is an object.`);
    } else if (!isJson(parameter)) {
      refuse(line, `Entry ${index + 1} has NaN or Infinity as a parameter, which no trial can be given.`);
    } else if (result === undefined) refuse(line, `Entry ${index + 1} has no "value".`);
    else take(reading, line, parameter as Parameters, result);
  }
  return reading;
}

/** Whether there is no number in a value that only Python takes for JSON. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isJson);
}

function take(reading: ImportReading, line: number, parameter: Parameters, value: unknown): void {
  const result = finite(value);
  if (result === undefined) reading.skipped.push(line);
  else reading.results.push({ parameter, value: result, line });
}

/** A number, the `default` of an object, or JSON text of either, as NNI exports it. */
function finite(value: unknown): unknown {
  let one = value;
  if (typeof one === 'string') {
    try {
      one = parseWrittenJson(one);
    } catch {
      return undefined;
    }
  }
  if (one !== null && typeof one === 'object' && 'default' in one) one = one.default;
  const number = numberOf(one) ?? decodeMetric(JSON.stringify(one ?? null)).default;
  if (number === undefined || !Number.isFinite(number)) return undefined;
  return numberOf(one) === undefined ? number : one;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index >= 0 && index < offset; index = text.indexOf('\n', index + 1)) line++;
  return line;
}

/** The line each entry of a valid JSON list begins on. */
function entryLines(text: string): number[] {
  const lines: number[] = [];
  let depth = 0;
  let line = 1;
  let waiting = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === '\n') line++;
    if (/\s/.test(character)) continue;
    if (waiting && character !== ']') lines.push(line);
    waiting = false;
    if (character === '"') {
      for (index++; text[index] !== '"' && index < text.length; index++) if (text[index] === '\\') index++;
    } else if (character === '[' || character === '{') {
      depth++;
      waiting = depth === 1;
    } else if (character === ']' || character === '}') depth--;
    else if (character === ',') waiting = depth === 1;
  }
  return lines;
}

/** Columns of our export that are not parameters. */
const about = ['trial', 'id', 'status', 'start', 'end', 'seconds', 'type', 'sequence'];
/** The columns that may hold a result: in our export, in NNI's exports of a number and of a dict, and in files written by hand. */
const valueColumns = ['metric', 'reward', 'default', 'value'];

function readCsv(text: string, space: SearchSpace): ImportReading {
  const reading: ImportReading = { results: [], skipped: [], problems: [] };
  const [head, ...rows] = parseCsv(text);
  const names = head?.cells ?? [];
  const ours = about.slice(0, 3).every((name, index) => names[index] === name);
  const valueColumn = valueColumns.map((name) => names.lastIndexOf(name)).find((index) => index >= 0);
  if (valueColumn === undefined) {
    const message = `The first line names no column for the result; it is called ${valueColumns.join(', ')}.`;
    reading.problems.push({ line: head?.line ?? 1, message });
    return reading;
  }
  const type = ours && names[6] === 'type' ? 6 : -1;
  const left = ours ? (type < 0 ? 6 : 8) : 0;
  const isParameter = (name: string, index: number) => {
    if (index < left || index === valueColumn || (ours && index > valueColumn)) return false;
    return ours || (name !== 'trialJobId' && (!hasEntries(space) || (name.split('.')[0] ?? name) in space));
  };
  const columns = names.flatMap((name, index) => (isParameter(name, index) ? [{ name, index }] : []));
  if (columns.length === 0) {
    reading.problems.push({ line: head?.line ?? 1, message: 'The first line names no column for a parameter.' });
    return reading;
  }
  for (const { line, cells } of rows) {
    if (cells.length !== names.length) {
      const message = `The line has ${cells.length} values for ${names.length} columns.`;
      reading.problems.push({ line, message });
      continue;
    }
    // With curves, each result has a line; the tuner gets the final one.
    if (type >= 0 && cells[type] !== 'final') continue;
    const flat = new Map(columns.map(({ name, index }) => [name, cells[index] ?? '']));
    take(reading, line, nested(flat, space), cells[valueColumn] ?? '');
  }
  return reading;
}

function hasEntries(space: SearchSpace): boolean {
  return Object.keys(space).length > 0;
}

/** The reverse of `flatParameters`: `layer` and `layer.kernel` become one nested choice. */
function nested(flat: ReadonlyMap<string, string>, space: SearchSpace, prefix = ''): Parameters {
  const parameters: Record<string, unknown> = {};
  for (const [name, text] of flat) {
    if (text === '' || !name.startsWith(prefix)) continue;
    const short = name.slice(prefix.length);
    const parent = parentOf(name, flat);
    if (parent !== prefix) continue;
    const below = [...flat].some(([other, value]) => value !== '' && parentOf(other, flat) === `${name}.`);
    const entry = space[short];
    const branch = branchOf(entry, text);
    if (!below && !branch) parameters[short] = cellValue(text, entry);
    else parameters[short] = { _name: plainText(text), ...nested(flat, branch ?? {}, `${name}.`) };
  }
  return parameters;
}

/** `layer.` of `layer.kernel` where there is a column `layer`; empty where there is none. */
function parentOf(name: string, flat: ReadonlyMap<string, string>): string {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    if (flat.has(name.slice(0, dot))) return name.slice(0, dot + 1);
  }
  return '';
}

/** The space below a nested choice's branch of that name. */
function branchOf(entry: SearchSpaceEntry | undefined, name: string): SearchSpace | undefined {
  if (entry?._type !== 'choice') return undefined;
  for (const option of entry._value as readonly unknown[]) {
    if (option === null || typeof option !== 'object' || !('_name' in option) || option._name !== name) continue;
    const { _name, ...rest } = option;
    return rest as SearchSpace;
  }
  return undefined;
}

function cellValue(text: string, entry: SearchSpaceEntry | undefined): unknown {
  const plain = plainText(text);
  if (entry?._type === 'choice' && (entry._value as readonly unknown[]).includes(plain)) return plain;
  // As Python writes them.
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  try {
    return parseWrittenJson(text);
  } catch {
    return plain;
  }
}

/** Removes the quote that keeps a spreadsheet from running a text. */
function plainText(text: string): string {
  return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}
