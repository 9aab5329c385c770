/**
 * Numbers whose text says more than their value. To Python `1.0` is a float and `1` an int, and an int has any number of digits;
 * JavaScript writes both as `1`, and of a long int only what a double holds. What a trial gets must be what was written.
 *
 * In memory a number stays a plain number unless JavaScript would write it as something else: only then it is a {@link WrittenNumber},
 * which `JSON.stringify` writes as it was. Written numbers occur only where no code computes with them: in the options of a choice and in
 * parameters.
 */

/** What Node ≥ 22 has and the library's types do not. */
const json = JSON as unknown as {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/** Computes as the number it is; `JSON.stringify` writes its text. */
export class WrittenNumber extends Number {
  readonly #text: string;

  /** @param text a JSON number */
  constructor(text: string) {
    super(text);
    this.#text = text;
  }

  toJSON(): unknown {
    return json.rawJSON(this.#text);
  }
}

/** A number that is a float to Python, whole or not. */
export function asFloat(value: number): number | WrittenNumber {
  const text = Object.is(value, -0) ? '-0' : String(value);
  // With an exponent it is a float already.
  return /^-?\d+$/.test(text) ? new WrittenNumber(`${text}.0`) : value;
}

/**
 * A number as JSON or YAML has it. `1e3` is a float in both. PyYAML, which reads configs for NNI, reads it as text because it lacks a dot
 * and a sign; people mean the number.
 */
export function asWritten(value: number, source: string): number | WrittenNumber {
  if (/^[-+]?[\d_]*(\.[\d_]*|(?=e))(e[-+]?\d+)?$/i.test(source)) return asFloat(value);
  if (Number.isSafeInteger(value) || !/^[-+]?\d+$/.test(source)) return value;
  // Not by BigInt, which takes minutes for a million digits.
  const digits = source.replace(/^(?:\+|(-))?0*(?=\d)/, '$1');
  return digits === String(value) ? value : new WrittenNumber(digits);
}

/** A JSON value with nothing but plain numbers. */
export function plainNumbers<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The number, however it is written; undefined for a value that is not a number. */
export function numberOf(value: unknown): number | undefined {
  if (value instanceof WrittenNumber) return value.valueOf();
  return typeof value === 'number' ? value : undefined;
}

/** Whether a replacer of `JSON.stringify` is given a {@link WrittenNumber}: it comes as what `toJSON` made of it. */
export function isWrittenText(value: unknown): boolean {
  return json.isRawJSON(value);
}
