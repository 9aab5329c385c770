/** The test levels, and the choice of levels or files by the arguments of `npm test`. */
import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { projectRoot } from '../../scripts/folders.ts';

export const levels = ['check', 'unit', 'manager', 'host', 'ui'] as const;
export type Level = (typeof levels)[number];

export interface Choice {
  level: Level;
  /** Files to run; the whole level when absent. */
  files?: string[];
}

/** An argument names neither a level nor a test file. */
export class UnknownTestError extends Error {}

/** All test files below a folder of the project, as paths from the project's root. */
export async function testFiles(folder: string): Promise<string[]> {
  const files = await readdir(join(projectRoot, folder), { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}

/** The levels or files that the arguments name; every level without arguments. @throws {@link UnknownTestError} */
export async function chooseTests(args: readonly string[]): Promise<Choice[]> {
  if (args.length === 0) return levels.map((level) => ({ level }));
  const choices = new Map<Level, Choice>();
  for (const arg of args) {
    const level = levels.find((name) => name === arg || `test/${name}` === relative(projectRoot, resolve(arg)));
    if (level) {
      choices.set(level, { level });
      continue;
    }
    const file = relative(projectRoot, resolve(arg));
    const home = levels.find((name) => file.startsWith(`test/${name}/`));
    const known = home === undefined ? [] : await testFiles(join('test', home));
    const files = known.filter((path) => path === file || path.startsWith(`${file}/`));
    if (home === undefined || files.length === 0) {
      throw new UnknownTestError(`"${arg}" is neither a level (${levels.join(', ')}) nor a test file or folder.`);
    }
    const choice = choices.get(home);
    if (!choice) choices.set(home, { level: home, files });
    else choice.files?.push(...files);
  }
  return [...choices.values()];
}
