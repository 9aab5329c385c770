/** Parameters as table columns. */

import { formatNumber } from '../../src/model/text/format.ts';
import { flatParameters as flatten } from '../../src/model/trial/flatParameters.ts';
import type { Parameters } from '../../src/model/trial/trial.ts';

/** A parameter that becomes a column: nested ones by their path, `layer0.kernel_size`. */
export interface ParameterColumn {
  name: string;
  /** Whether all values are numbers. */
  numeric: boolean;
  /** Whether trials differ in it: in its value, or in having one. */
  differs: boolean;
}

const flattened = new WeakMap<Parameters, ReadonlyMap<string, unknown>>();

/** As {@link flatten}, cached for the lifetime of the parameters object. */
export function flatParameters(parameters: Parameters): ReadonlyMap<string, unknown> {
  let flat = flattened.get(parameters);
  if (!flat) {
    flat = flatten(parameters);
    flattened.set(parameters, flat);
  }
  return flat;
}

interface Seen {
  first: unknown;
  numeric: boolean;
  differs: boolean;
  count: number;
}

/** The columns of all trials, in order of first appearance. Reads each trial once. */
export class ParameterTally {
  readonly #seen = new Map<string, Seen>();
  #trials = 0;
  #columns: ParameterColumn[] = [];

  add(parameters: Parameters): void {
    this.#trials++;
    for (const [name, value] of flatParameters(parameters)) {
      const known = this.#seen.get(name);
      if (!known) {
        this.#seen.set(name, { first: value, numeric: typeof value === 'number', differs: false, count: 1 });
        continue;
      }
      known.count++;
      if (typeof value !== 'number') known.numeric = false;
      if (!known.differs && value !== known.first && valueText(value) !== valueText(known.first)) known.differs = true;
    }
  }

  /** The same array while the columns are equal, so that cached values stay valid. */
  get columns(): ParameterColumn[] {
    const columns = [...this.#seen].map(([name, { numeric, differs, count }]) => ({
      name,
      numeric,
      differs: differs || count < this.#trials,
    }));
    const same =
      columns.length === this.#columns.length &&
      columns.every(({ name, numeric, differs }, index) => {
        const known = this.#columns[index];
        return known?.name === name && known.numeric === numeric && known.differs === differs;
      });
    if (!same) this.#columns = columns;
    return this.#columns;
  }
}

/** A nested parameter's depth below its choice, and its name there. A name with a dot that is not a path stays whole. */
export function placeInTree(name: string, all: ReadonlyMap<string, unknown>): { depth: number; label: string } {
  let depth = 0;
  let start = 0;
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    if (!all.has(name.slice(0, dot))) continue;
    depth++;
    start = dot + 1;
  }
  return { depth, label: name.slice(start) };
}

/** A parameter's value for a cell; text is unchanged. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  return JSON.stringify(value) ?? String(value);
}
