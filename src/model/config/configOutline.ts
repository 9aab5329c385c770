/** What may stand at a place of a YAML config, told from the lines around it, so that half-written files are understood, too. */

import { searchSpaceTypes } from '../space/searchSpace.ts';
import { type ArgumentRule, algorithmNames, algorithms, findAlgorithm } from './algorithms.ts';
import { algorithmFields, configFields } from './configFields.ts';
import { type FieldRule, fieldNamed } from './fieldRule.ts';
import { serviceFields } from './platforms/registry.ts';

/** A place in the text, as indentation tells it. */
export interface ConfigPlace {
  /** The keys that lead to the block the place is in. */
  path: readonly string[];
  /** The key of the place's line; what has been typed of it. */
  key: string;
  /** Zero-based column at which the key starts. */
  keyStart: number;
  /** Right of the colon. */
  inValue: boolean;
  /** The other keys of the block, with the text of their values. */
  siblings: ReadonlyMap<string, string>;
}

/** Something that may be written at a place. */
export interface Suggestion {
  text: string;
  description: string;
  /** What follows a key: a value, or a block of its own. */
  follows?: 'value' | 'block';
}

const keyLine = /^(\s*)(?:-\s+)?["']?([\w.-]+)["']?\s*:(.*)$/;

/** @param line zero-based; @param column zero-based, in UTF-16 code units */
export function placeAt(lines: readonly string[], line: number, column: number): ConfigPlace | undefined {
  const text = lines[line] ?? '';
  // Nothing is said inside a comment.
  if (/(^|\s)#/.test(text.slice(0, column))) return undefined;
  const found = keyLine.exec(text);
  const indent = found ? indentOf(text) : Math.min(indentOf(text), column);
  const key = found?.[2] ?? text.trim();
  const keyStart = found ? text.indexOf(key) : indent;
  const path: string[] = [];
  let depth = indent;
  for (let above = line - 1; above >= 0 && depth > 0; above--) {
    const upper = keyLine.exec(lines[above] ?? '');
    if (!upper || indentOf(lines[above] ?? '') >= depth) continue;
    path.unshift(upper[2] ?? '');
    depth = indentOf(lines[above] ?? '');
  }
  const colon = found ? text.indexOf(':', keyStart + key.length) : Number.POSITIVE_INFINITY;
  return { path, key, keyStart, inValue: column > colon, siblings: siblingsOf(lines, line, indent) };
}

function indentOf(text: string): number {
  return text.length - text.replace(/^[\s-]*/, '').length;
}

function siblingsOf(lines: readonly string[], line: number, indent: number): Map<string, string> {
  const siblings = new Map<string, string>();
  for (const step of [-1, 1]) {
    for (let at = line + step; at >= 0 && at < lines.length; at += step) {
      const found = keyLine.exec(lines[at] ?? '');
      if (!found) continue;
      const depth = indentOf(lines[at] ?? '');
      if (depth < indent) break;
      if (depth === indent) siblings.set(found[2] ?? '', (found[3] ?? '').replace(/\s#.*$/, '').trim());
    }
  }
  return siblings;
}

/** What may be written there: keys that are not there yet, or values of the key. */
export function suggestionsAt(place: ConfigPlace, lines: readonly string[]): Suggestion[] {
  const { path, key, siblings, inValue } = place;
  const block = blockAt(path, lines);
  if (!block) return [];
  if (inValue) return valuesOf(block, key);
  const taken = [...siblings.keys()];
  return Object.entries(block.keys).flatMap(([name, { description, block: opens }]) =>
    taken.some((other) => samePlain(other, name))
      ? []
      : [{ text: name, description, follows: opens ? 'block' : 'value' }],
  );
}

/** What the key of the place means. */
export function descriptionAt(place: ConfigPlace, lines: readonly string[]): Suggestion | undefined {
  const block = blockAt(place.path, lines);
  const name = block && Object.keys(block.keys).find((known) => samePlain(known, place.key));
  const found = name === undefined ? undefined : block?.keys[name];
  return found && name !== undefined ? { text: name, description: found.description } : undefined;
}

interface Block {
  keys: Record<string, { description: string; values?: readonly Suggestion[]; block?: boolean }>;
}

function valuesOf(block: Block, key: string): Suggestion[] {
  const name = Object.keys(block.keys).find((known) => samePlain(known, key));
  return name === undefined ? [] : [...(block.keys[name]?.values ?? [])];
}

function samePlain(a: string, b: string): boolean {
  return a.toLowerCase().replaceAll('_', '') === b.toLowerCase().replaceAll('_', '');
}

function blockAt(path: readonly string[], lines: readonly string[]): Block | undefined {
  const [first, second, ...rest] = path;
  if (first === undefined) return fieldBlock(configFields);
  const field = fieldNamed(first, configFields);
  if (field === 'trainingService') return second === undefined ? fieldBlock(serviceFields()) : undefined;
  if (field === 'searchSpace') return second === undefined ? undefined : spaceBlock;
  if (field !== 'tuner' && field !== 'assessor' && field !== 'advisor') return undefined;
  const kind = field === 'assessor' ? 'assessor' : 'tuner';
  if (second === undefined) return algorithmBlock(kind);
  if (fieldNamed(second, algorithmFields) !== 'classArgs') return undefined;
  const name = algorithmName(first, lines);
  const rule = name === undefined ? undefined : findAlgorithm(name, kind)?.rule;
  const rules = rest.reduce<Readonly<Record<string, ArgumentRule>> | undefined>(
    (at, step) => at?.[step]?.fields,
    rule?.arguments,
  );
  return rules && argumentBlock(rules);
}

/** The `name` below a top-level key. */
function algorithmName(owner: string, lines: readonly string[]): string | undefined {
  const start = lines.findIndex((text) => new RegExp(`^["']?${owner}["']?\\s*:`).test(text));
  for (let at = start + 1; start >= 0 && at < lines.length; at++) {
    const text = lines[at] ?? '';
    if (/^[^\s#]/.test(text)) break;
    const found = /^\s+["']?name["']?\s*:\s*["']?([\w.]+)/i.exec(text);
    if (found) return found[1];
  }
  return undefined;
}

function fieldBlock(fields: Readonly<Record<string, FieldRule>>): Block {
  const blocks = new Set<FieldRule['type']>(['algorithm', 'service', 'searchSpace', 'object']);
  return {
    keys: Object.fromEntries(
      Object.entries(fields).map(([name, rule]) => {
        const { description, type } = rule;
        const words = rule.default === undefined ? description : `${description} Default: ${String(rule.default)}.`;
        const texts = rule.values ?? (type === 'boolean' ? ['true', 'false'] : []);
        const values = texts.map((text) => ({ text, description: '' }));
        return [name, { description: words, values, block: blocks.has(type) }];
      }),
    ),
  };
}

function algorithmBlock(kind: 'tuner' | 'assessor'): Block {
  const block = fieldBlock(algorithmFields);
  const names = algorithmNames(kind).map((text) => ({ text, description: algorithms[text]?.description ?? '' }));
  block.keys.name = { description: algorithmFields.name?.description ?? '', values: names };
  return block;
}

function argumentBlock(rules: Readonly<Record<string, ArgumentRule>>): Block {
  return {
    keys: Object.fromEntries(
      Object.entries(rules).map(([name, rule]) => {
        const texts = rule.values ?? (rule.type === 'boolean' ? ['true', 'false'] : []);
        const values = texts.map((text) => ({ text: String(text), description: '' }));
        return [name, { description: rule.description ?? '', values, block: rule.type === 'object' }];
      }),
    ),
  };
}

const spaceBlock: Block = {
  keys: {
    _type: {
      description: 'How values are drawn.',
      values: searchSpaceTypes.map((text) => ({ text, description: '' })),
    },
    _value: { description: 'The distribution’s arguments, or the values to choose from.' },
  },
};
