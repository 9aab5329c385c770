/** Config problems as compilers print them: `file:line:column: error: message`, the line, and a caret below the place. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { ConfigProblem } from '../model/config/config.ts';
import { oneLine } from './table.ts';

/** @param folder file names below it are shown relative to it */
export async function problemText(problems: readonly ConfigProblem[], folder: string): Promise<string> {
  const files = new Map<string, string[]>();
  const blocks: string[] = [];
  for (const problem of problems) {
    let lines = files.get(problem.file);
    if (!lines) {
      const text = problem.file === '' ? '' : await readFile(problem.file, 'utf8').catch(() => '');
      lines = text.split(/\r\n|\r|\n/);
      files.set(problem.file, lines);
    }
    const { severity, line, column, message } = problem;
    const place = problem.file === '' ? '' : `${shownPath(problem.file, folder)}:${line}:${column}: `;
    blocks.push([`${place}${severity}: ${message}`, ...excerpt(lines[line - 1], problem)].join('\n'));
  }
  return blocks.join('\n');
}

function excerpt(source: string | undefined, problem: ConfigProblem): string[] {
  if (source === undefined || source.trim() === '') return [];
  const column = Math.min(problem.column, source.length + 1);
  const before = source.slice(0, column - 1);
  const length = Math.max(1, Math.min(problem.end - problem.start, source.trimEnd().length - before.length));
  const gutter = `${problem.line} | `;
  // Tabs stay tabs: the caret stands below its place for any width of a tab.
  const indent = before.replace(/[^\t]/g, ' ');
  const carets = `${' '.repeat(gutter.length)}${indent}${'^'.repeat(length)}`;
  return [`${gutter}${source.replace(/\t/g, '\u0000').split('\u0000').map(oneLine).join('\t')}`, carets];
}

function shownPath(file: string, folder: string): string {
  const path = relative(folder, file);
  return path === '' || path.startsWith(`..${sep}`) || path === '..' ? file : path;
}

/** `2 errors, 1 warning`. */
export function problemCount(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const count = (number: number, word: string) => (number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]);
  return [...count(errors, 'error'), ...count(problems.length - errors, 'warning')].join(', ');
}
