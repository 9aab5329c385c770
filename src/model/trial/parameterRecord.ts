/** Reads what NNI stores and sends as one `hyperParameters` entry. */
import { isObject } from '../json/isObject.ts';
import { parseJson, parseWrittenJson } from '../json/parseJson.ts';
import type { ParameterRecord } from './trial.ts';

/** The record in a text, with plain numbers; undefined for a text without one. Keys that are not known stay. */
export function parseParameterRecord(text: string): ParameterRecord | undefined {
  return readWith(parseJson, text);
}

/** As {@link parseParameterRecord}, with numbers as they were written (`json/writtenNumber.ts`). */
export function parseWrittenRecord(text: string): ParameterRecord | undefined {
  return readWith(parseWrittenJson, text);
}

/** A parameter id as text, as metrics name it. */
export function parameterIdText({ parameter_id: id }: Pick<ParameterRecord, 'parameter_id'>): string | null {
  return id === null ? null : String(id);
}

function readWith(parse: (text: string) => unknown, text: string): ParameterRecord | undefined {
  let record: unknown;
  try {
    record = parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(record)) return undefined;
  const { parameter_id: id, parameter_source: source, parameters, parameter_index: index } = record;
  return {
    ...record,
    parameter_id: typeof id === 'number' || typeof id === 'string' ? id : null,
    parameter_source: source === 'customized' || source === 'resumed' ? source : 'algorithm',
    parameters: isObject(parameters) ? parameters : {},
    parameter_index: typeof index === 'number' && Number.isInteger(index) ? index : 0,
  };
}
