/** What a person may write at a place of a config, in YAML or JSON, also while the config is half written. */
import { isMap, isPair, isScalar, type Pair, parseDocument, visit } from 'yaml';
import { type Fields, fieldNamed, isBlock, offeredValues } from './field.ts';
import { fieldsAt } from './knownFields.ts';

export interface ConfigPlace {
  /** The word at the place, as UTF-16 offsets in the text. */
  start: number;
  end: number;
  /** Whether the word is a value, rather than a key. */
  isValue: boolean;
  /** The key at the place; for a value, the key of that value. */
  key: string;
  /** The fields that the surrounding map may hold. */
  fields: Fields;
  /** The other keys of that map. */
  siblings: readonly string[];
}

/** Something that a person may write at a place. */
export interface Suggestion {
  text: string;
  description: string;
  /** What follows a key: a value, or a block of its own. */
  follows?: 'value' | 'block';
}

/** Marks the place in the text before parsing. No config contains it. */
const marker = '\uE000';

/**
 * The word at an offset; undefined where nothing is known, as in a comment. The parser gets the text with a marker at the offset, completed
 * to a key where one begins. YAML's own rules then decide where the word belongs.
 */
export function placeAt(text: string, offset: number): ConfigPlace | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const lineEnd = newline < 0 ? text.length : newline;
  const start = offset - (/[\w.-]*$/.exec(text.slice(lineStart, offset))?.[0].length ?? 0);
  const end = offset + (/^[\w.-]*/.exec(text.slice(offset, lineEnd))?.[0].length ?? 0);
  const beginsLine = /^\s*(?:-\s+)*["']?$/.test(text.slice(lineStart, start));
  const hasColon = /^["']?\s*:/.test(text.slice(end, lineEnd));
  const completed = `${text.slice(0, end)}${marker}${beginsLine && !hasColon ? ':' : ''}${text.slice(end)}`;

  const contents = parse(completed);
  let found: ConfigPlace | undefined;
  visit(contents, {
    Scalar: (role, node, ancestors) => {
      if (!String(node.value ?? '').includes(marker)) return;
      const isValue = role !== 'key';
      const map = ancestors.findLast(isMap);
      const pair = ancestors.findLast(isPair);
      // A list of values holds neither a key nor its value; nor does a multi-line text that took the marker in.
      const isOfPair = map !== undefined && pair !== undefined && ancestors.at(-1) === pair;
      if (!isOfPair || (isValue && beginsLine)) return visit.BREAK;
      const path = ancestors.filter(isPair).slice(0, -1).map(keyOf);
      const fields = fieldsAt(path, (keys) => textOf(contents, keys));
      const siblings = map.items.filter((other) => other !== pair).map(keyOf);
      if (fields) found = { start, end, isValue, key: keyOf(pair), fields, siblings };
      return visit.BREAK;
    },
  });
  return found;
}

/** The keys that are still missing there, or the values of the key. */
export function suggestionsAt({ fields, isValue, key, siblings }: ConfigPlace): Suggestion[] {
  if (isValue) {
    const field = fields[fieldNamed(key, fields) ?? ''];
    return (field ? offeredValues(field) : []).map((text) => ({
      text,
      description: field?.valueDescriptions?.[text] ?? '',
    }));
  }
  const taken = new Set(siblings.map((sibling) => fieldNamed(sibling, fields)));
  return Object.entries(fields).flatMap(([name, field]) =>
    taken.has(name)
      ? []
      : [{ text: name, description: words(fields, name), follows: isBlock(field) ? 'block' : 'value' }],
  );
}

/** The description of the key at the place; undefined for a value and for an unknown key. */
export function descriptionAt({ fields, isValue, key }: ConfigPlace): Suggestion | undefined {
  const name = isValue ? undefined : fieldNamed(key, fields);
  return name === undefined ? undefined : { text: name, description: words(fields, name) };
}

function words(fields: Fields, name: string): string {
  const { description = '', default: value } = fields[name] ?? {};
  return value === undefined ? description : `${description} Default: ${String(value)}.`;
}

function parse(text: string): ReturnType<typeof parseDocument>['contents'] {
  try {
    return parseDocument(text, { prettyErrors: false, uniqueKeys: false, keepSourceTokens: false }).contents;
  } catch {
    return null; // nested too deep: the parser recurses once per level
  }
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value ?? '').replace(marker, '') : '';
}

/** The text of the value at the path `keys`. */
function textOf(contents: unknown, keys: readonly string[]): string | undefined {
  let node = contents;
  for (const key of keys) {
    if (!isMap(node)) return undefined;
    node = node.items.find((pair) => keyOf(pair).toLowerCase() === key.toLowerCase())?.value;
  }
  return isScalar(node) ? String(node.value ?? '').replace(marker, '') : undefined;
}
