/** The text of a config or search space file, parsed, with the place of everything in it. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
} from 'yaml';
import type { ConfigProblem } from './config.ts';

export type Path = (string | number)[];

export class ConfigSource {
  readonly file: string;
  /** What the text says; undefined when it can't be parsed. */
  readonly value: unknown;
  readonly syntaxProblems: ConfigProblem[];
  #document: Document.Parsed<ParsedNode>;
  #lines = new LineCounter();
  #length: number;

  /** Parses YAML, and so JSON. Never throws. */
  constructor(text: string, file: string) {
    this.file = file;
    this.#length = text.length;
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
      version: '1.2',
    });
    this.syntaxProblems = this.#document.errors.map((error) => {
      const message =
        error.code === 'DUPLICATE_KEY' ? 'This key stands here twice.' : `${firstSentence(error.message)}.`;
      return this.#problem('syntax', message, [], error.pos[0], Math.max(error.pos[1], error.pos[0] + 1));
    });
    let value: unknown;
    if (this.syntaxProblems.length === 0) {
      try {
        value = this.#document.toJS({ maxAliasCount: 100 });
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        this.syntaxProblems.push(this.#problem('syntax', `${firstSentence(words)}.`, [], 0, Math.min(1, text.length)));
      }
    }
    this.value = value;
  }

  /** A problem at the value (or, for `part` key, the name) that `path` leads to; where that is missing, at what should hold it. */
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
    const start = Math.min(Math.max(0, from), this.#length);
    const end = Math.min(Math.max(start, to), this.#length);
    const { line, col } = this.#lines.linePos(start);
    return {
      severity: 'error',
      code,
      message,
      file: this.file,
      path,
      start,
      end,
      line: Math.max(1, line),
      column: Math.max(1, col),
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
      // A whole block is no place to underline: its name is.
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

/** The first entry of a collection stands for it. */
function firstLine(node: Node | null): [number, number] {
  const range = rangeOf(node);
  if (!range) return [0, 0];
  if (isMap(node)) return rangeOf(node.items[0]?.key) ?? range;
  return [range[0], Math.min(range[1], range[0] + 40)];
}

function firstSentence(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/[.:\s]+$/, '');
}
