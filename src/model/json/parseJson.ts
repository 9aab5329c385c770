/**
 * JSON texts of other programs as values: bounded in depth and in number of values, tolerant of Python's `NaN` and infinities.
 * Parameters named `__proto__`, `constructor` or `prototype` are plain data.
 *
 * It lies in `model/`, as metrics and parameters are JSON inside JSON that `model/` itself decodes.
 */
import { orderKeys } from './keyOrder.ts';
import { asWritten } from './writtenNumber.ts';

/** Lists and objects inside each other. Python's `json` gives up at about 1,000, and programs that walk a value recurse. */
export const maxJsonDepth = 256;
/** Values in one text. Each costs up to 60 bytes of memory, however short its text is. */
export const maxJsonValues = 4_000_000;

/** Limits of one text. */
export interface JsonLimits {
  maxDepth: number;
  maxValues: number;
}
const defaultLimits: JsonLimits = { maxDepth: maxJsonDepth, maxValues: maxJsonValues };

/** A text that may be valid JSON, and is refused for its shape. */
export class JsonLimitError extends SyntaxError {
  /** @param explanation ends a sentence about the text: "is nested deeper than 256 levels" */
  constructor(explanation: string) {
    super(`The JSON ${explanation}.`);
    this.name = 'JsonLimitError';
  }
}

/**
 * Parses JSON as Python's `json.loads` does: bare `NaN`, `Infinity` and `-Infinity` are numbers.
 *
 * @throws SyntaxError for a text that is not JSON, JsonLimitError for one that is too deep or has too many values
 */
export function parseJson(text: string, limits = defaultLimits): unknown {
  refuseExtremes(text, limits);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  return new JsonReader(text, false).read();
}

/** Whether a text may have numbers or keys that `JSON.parse` changes. Most have none, and `JSON.parse` is several times as fast. */
const suspicion = /\d(?:\.0+(?!\d)|[eE])|(?<![\d.])\d{16}|NaN|Infinity|"\d+"\s*:/;

/**
 * As {@link parseJson}, and loses nothing: a number that JavaScript writes otherwise is a `WrittenNumber`, and an object whose keys
 * JavaScript lists in another order knows their order (`keyOrder.ts`).
 *
 * @throws as {@link parseJson}
 */
export function parseWrittenJson(text: string, limits = defaultLimits): unknown {
  if (!suspicion.test(text)) return parseJson(text, limits);
  refuseExtremes(text, limits);
  return new JsonReader(text, true).read();
}

/**
 * As {@link parseWrittenJson}, and refuses what only Python takes for JSON: for texts of people and clients, where `NaN` is a mistake.
 *
 * @throws as {@link parseJson}
 */
export function parseStrictJson(text: string, limits = defaultLimits): unknown {
  refuseExtremes(text, limits);
  const value: unknown = JSON.parse(text);
  return suspicion.test(text) ? new JsonReader(text, true).read() : value;
}

/** @throws JsonLimitError when the text is nested too deep or has too many values. Builds nothing, and reads each character once. */
function refuseExtremes(text: string, { maxDepth, maxValues }: JsonLimits): void {
  // A text without as many characters has no such depth and not as many values.
  if (text.length <= Math.min(maxDepth, maxValues)) return;
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        values++;
        if (depth > maxDepth) throw new JsonLimitError(`is nested deeper than ${maxDepth} levels`);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        values++;
        break;
    }
    if (values > maxValues) throw new JsonLimitError(`has more than ${inWords(maxValues)} values`);
  }
}

function inWords(count: number): string {
  return count < 1e6 ? String(count) : `${count / 1e6} million`;
}

/** Offset of the quote that closes the string which opens at `start`; the text's length when none does. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const constants: readonly (readonly [text: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/** Reads what `JSON.parse` can't, in time that is linear in the text. The depth was checked before, so it may recurse. */
class JsonReader {
  readonly #text: string;
  readonly #written: boolean;
  #at = 0;

  constructor(text: string, written: boolean) {
    this.#text = text;
    this.#written = written;
  }

  read(): unknown {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #value(): unknown {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object();
      case '[':
        return this.#list();
      case '"':
        return this.#string();
    }
    for (const [text, value] of constants) {
      if (!this.#text.startsWith(text, this.#at)) continue;
      this.#at += text.length;
      return value;
    }
    number.lastIndex = this.#at;
    const source = number.exec(this.#text)?.[0];
    if (source === undefined) return this.#fail();
    this.#at += source.length;
    return this.#written ? asWritten(Number(source), source) : Number(source);
  }

  #object(): object {
    const object: Record<string, unknown> = {};
    const keys: string[] = [];
    this.#at++;
    if (this.#follows('}')) return object;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') this.#fail();
      const key = this.#string();
      if (!this.#follows(':')) this.#fail();
      if (!Object.hasOwn(object, key)) keys.push(key);
      // An assignment to `__proto__` would set the prototype.
      Object.defineProperty(object, key, {
        value: this.#value(),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    } while (this.#follows(','));
    if (!this.#follows('}')) this.#fail();
    if (this.#written) orderKeys(object, keys);
    return object;
  }

  #list(): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    if (this.#follows(']')) return list;
    do list.push(this.#value());
    while (this.#follows(','));
    if (!this.#follows(']')) this.#fail();
    return list;
  }

  #string(): string {
    const end = endOfString(this.#text, this.#at);
    const token = this.#text.slice(this.#at, end + 1);
    // `JSON.parse` knows the escapes, and the characters that a string may not contain.
    const value: unknown = JSON.parse(token);
    this.#at = end + 1;
    return String(value);
  }

  #follows(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #fail(): never {
    throw new SyntaxError(`The JSON has a mistake at position ${this.#at}.`);
  }
}
