/** A config or search space file: its parsed text, and the place of each value in it. */
import {
  Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  visit,
} from 'yaml';
import { asWritten } from '../json/writtenNumber.ts';
import { messageOf } from '../text/messageOf.ts';
import type { ConfigProblem } from './config.ts';

export type Path = (string | number)[];

/** Replaces parser messages that address programmers. */
const syntaxMessages: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'This key stands here twice.',
  MULTIPLE_DOCS: 'A second document begins here ("---"); a config is a single document.',
};

const tooDeep = 'This is nested too deep to be read.';

export class ConfigSource {
  readonly file: string;
  /** The value of the text, with plain numbers; undefined when the text can't be parsed. */
  readonly value: unknown;
  readonly syntaxProblems: ConfigProblem[];
  #document: Document | Document.Parsed<ParsedNode>;
  #text: string;
  #written: unknown;

  /** Parses YAML, and so JSON. Never throws. */
  constructor(text: string, file: string) {
    this.file = file;
    this.#text = text;
    this.syntaxProblems = [];
    try {
      this.#document = parseDocument(text, {
        prettyErrors: false,
        uniqueKeys: true,
        // NNI's own reader takes "<<" too.
        merge: true,
        version: '1.2',
      });
    } catch {
      // The parser recurses once per level.
      this.#document = new Document();
      this.#addSyntaxProblem(tooDeep, 0, 1);
    }
    for (const { code, message, pos } of this.#document.errors) {
      // Report only the first error at a place: later ones follow from it.
      const words = /call stack/.test(message) ? tooDeep : (syntaxMessages[code] ?? `${firstSentence(message)}.`);
      if (this.syntaxProblems.some(({ start, message }) => start === pos[0] || message === tooDeep)) continue;
      this.#addSyntaxProblem(words, pos[0], Math.max(pos[1], pos[0] + 1));
    }
    this.value = this.syntaxProblems.length === 0 ? this.#read() : undefined;
  }

  #checkAliases(): void {
    const anchors = new Set<string>();
    visit(this.#document, {
      Node: (_key, node) => {
        if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
      },
      Alias: (_key, { source, range }) => {
        const [start, end] = range ?? [0, 1];
        if (!anchors.has(source)) this.#addSyntaxProblem(`No anchor "&${source}" stands before this.`, start, end);
      },
    });
  }

  #read(): unknown {
    try {
      this.#checkAliases();
      if (this.syntaxProblems.length > 0) return undefined;
      const value: unknown = this.#document.toJS({ maxAliasCount: 100 });
      // Throws for a value that contains itself.
      JSON.stringify(value);
      this.#written = this.#keepNumbers() ? this.#document.toJS({ maxAliasCount: 100 }) : value;
      return value;
    } catch (error) {
      const words =
        error instanceof TypeError
          ? 'An alias stands inside its own anchor, so the value would never end.'
          : error instanceof RangeError
            ? tooDeep
            : error instanceof ReferenceError && error.message.startsWith('Excessive')
              ? 'Aliases repeat one another so often that this is too large to be read.'
              : `${firstSentence(messageOf(error))}.`;
      this.#addSyntaxProblem(words, 0, 1);
      return undefined;
    }
  }

  /** The value at `path`, with numbers as they are written. */
  written(path: Path): unknown {
    let value = this.#written;
    for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
    return value;
  }

  /** Puts numbers into the document as they are written. Returns whether any number changed. */
  #keepNumbers(): boolean {
    let changed = false;
    visit(this.#document, {
      Scalar: (key, node) => {
        if (key === 'key' || typeof node.value !== 'number' || node.source === undefined) return;
        const number = asWritten(node.value, node.source);
        changed ||= number !== node.value;
        node.value = number;
      },
    });
    return changed;
  }

  #addSyntaxProblem(message: string, from: number, to: number): void {
    this.syntaxProblems.push(this.#problem('syntax', message, [], from, to));
  }

  /**
   * A problem at the value at `path`, or for `part` `key` at its name. When that is missing, the problem is at the map that should hold it.
   */
  problem(
    code: string,
    message: string,
    path: Path,
    more: { part?: 'key' | 'value'; severity?: ConfigProblem['severity']; replacement?: string } = {},
  ): ConfigProblem {
    const [start, end] = this.#range(path, more.part ?? 'value');
    const problem = this.#problem(code, message, path, start, end);
    if (more.severity) problem.severity = more.severity;
    if (more.replacement !== undefined) problem.replacement = more.replacement;
    return problem;
  }

  #problem(code: string, message: string, path: Path, from: number, to: number): ConfigProblem {
    const { length } = this.#text;
    const start = Math.min(Math.max(0, from), length);
    const end = Math.min(Math.max(start, to), length);
    // Lines are counted here: the parser's count leaves out lines inside an unclosed text. Editors do not count a byte order mark.
    const before = this.#text.slice(this.#text.startsWith('\uFEFF') ? 1 : 0, start).split('\n');
    return {
      severity: 'error',
      code,
      message,
      file: this.file,
      path,
      start,
      end,
      line: before.length,
      column: (before.at(-1) ?? '').length + 1,
    };
  }

  #range(path: Path, part: 'key' | 'value'): [number, number] {
    let node: unknown = this.#document.contents;
    let place: [number, number] = firstLine(this.#document.contents);
    for (const [depth, step] of path.entries()) {
      if (isAlias(node)) node = node.resolve(this.#document);
      const last = depth === path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (!pair || !isPair(pair)) return place;
        const key = rangeOf(pair.key);
        if (key) place = key;
        if (last && part === 'key') return place;
        node = pair.value;
      } else if (isSeq(node)) node = node.items[Number(step)];
      else return place;
      // Underline the key, not the whole block.
      const value = rangeOf(node);
      if (value && (!isCollection(node) || node.flow) && value[1] > value[0]) place = value;
      else if (value && typeof step === 'number') place = firstLine(node as Node);
    }
    return place;
  }
}

function rangeOf(node: unknown): [number, number] | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

/** The place to underline for a whole collection: its first entry. */
function firstLine(node: Node | null): [number, number] {
  const range = rangeOf(node);
  if (!range) return [0, 0];
  if (isMap(node)) return rangeOf(node.items[0]?.key) ?? range;
  return [range[0], Math.min(range[1], range[0] + 40)];
}

function firstSentence(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:\s]+$/, '');
}
