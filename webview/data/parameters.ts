/** Parameters as columns. */
import { flatParameters as flatten } from '../../src/model/flatParameters.ts';
import { formatNumber } from '../../src/model/format.ts';
import type { Parameters, TrialRow } from '../../src/model/trial.ts';

/** A parameter that becomes a column: nested ones by their path, `layer0.kernel_size`. */
export interface ParameterColumn {
  name: string;
  /** All values are numbers. */
  numeric: boolean;
  /** Trials have different values of it, or some have none. */
  differs: boolean;
}

const flattened = new WeakMap<Parameters, ReadonlyMap<string, unknown>>();

/** As {@link flatten}, kept for as long as the parameters are. */
export function flatParameters(parameters: Parameters): ReadonlyMap<string, unknown> {
  let flat = flattened.get(parameters);
  if (!flat) {
    flat = flatten(parameters);
    flattened.set(parameters, flat);
  }
  return flat;
}

/** The columns of all trials, in the order in which their names were first seen. */
export function parameterColumns(rows: Iterable<TrialRow>): ParameterColumn[] {
  const seen = new Map<string, { first: unknown; numeric: boolean; differs: boolean; count: number }>();
  let total = 0;
  for (const row of rows) {
    total++;
    for (const [name, value] of flatParameters(row.parameters)) {
      const known = seen.get(name);
      if (!known) {
        seen.set(name, { first: value, numeric: typeof value === 'number', differs: false, count: 1 });
        continue;
      }
      known.count++;
      if (typeof value !== 'number') known.numeric = false;
      if (!known.differs && value !== known.first && valueText(value) !== valueText(known.first)) known.differs = true;
    }
  }
  return [...seen].map(([name, { numeric, differs, count }]) => ({ name, numeric, differs: differs || count < total }));
}

/** A parameter's value for a cell; text stays as it is. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return JSON.stringify(value) ?? String(value);
}

/** `lr 6.5e-4, hidden 32, relu`: words where the name says nothing that the value does not. */
export function parametersLine(parameters: Parameters): string {
  return [...flatParameters(parameters)].map(([name, value]) => `${name} ${valueText(value)}`).join(', ');
}
