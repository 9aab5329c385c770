/** Reading configs from texts, with files that are here only. */
import assert from 'node:assert/strict';
import type { ConfigProblem } from '../../../src/model/config/config.ts';
import { type ConfigIo, type ConfigReading, readConfig } from '../../../src/model/config/readConfig.ts';

/** What a person writes at least. */
export const plain = `trialCommand: python3 trial.py
trialConcurrency: 2
searchSpace:
  x: { _type: uniform, _value: [0, 1] }
tuner: { name: TPE }
trainingService: { platform: local }
`;

/** The text of `plain` with one piece replaced. */
export function plainWith(from: string | RegExp, to: string): string {
  assert.ok(plain.search(from) >= 0 || plain.includes(String(from)), `${from} is not in the plain config`);
  return plain.replace(from, to);
}

/** Texts by absolute path; `null` is a folder. */
export type Files = Readonly<Record<string, string | null>>;
const standing: Files = { '/project': null, '/project/trial.py': '', '/project/src': null, '/home/me': null };

export function ioOf(files: Files): ConfigIo {
  const all = { ...standing, ...files };
  return {
    home: '/home/me',
    readText: async (path) => all[path] ?? assert.fail(`no file ${path}`),
    kindOf: async (path) => (all[path] === undefined ? undefined : all[path] === null ? 'folder' : 'file'),
  };
}

export async function read(text: string, files: Files = {}): Promise<ConfigReading> {
  const reading = await readConfig({ text, file: '/project/config.yml' }, ioOf(files), { engine: 'embedded' });
  for (const problem of reading.problems) assertRightPlace(problem, files[problem.file] ?? text);
  const errors = reading.problems.filter(({ severity }) => severity === 'error');
  assert.equal(reading.config === undefined, errors.length > 0, 'either a config or an error');
  return reading;
}

/** The config of a text that is right. */
export async function configOf(text: string, files: Files = {}) {
  const { config, problems } = await read(text, files);
  assert.deepEqual(problems, []);
  return config ?? assert.fail();
}

/** A place is in its text, and line and column are those of its start. */
function assertRightPlace({ start, end, line, column, message }: ConfigProblem, text: string): void {
  assert.ok(start >= 0 && start <= end && end <= text.length, `${message}: ${start} to ${end} of ${text.length}`);
  const before = text
    .slice(0, start)
    .replace(/^\uFEFF/, '')
    .split('\n');
  assert.deepEqual([line, column], [before.length, (before.at(-1) ?? '').length + 1], message);
}

/** A problem as text: `2:1 "trialConcurency" unknown-key: …`. The quoted text is the underlined one. */
export function inWords(problem: ConfigProblem, text: string): string {
  const { line, column, start, end, code, message, severity, replacement } = problem;
  const file = problem.file === '/project/config.yml' ? '' : `${problem.file.replace('/project/', '')} `;
  const fix = replacement === undefined ? '' : ` → ${replacement}`;
  const warning = severity === 'warning' ? 'warning ' : '';
  return `${file}${line}:${column} ${JSON.stringify(text.slice(start, end))} ${warning}${code}: ${message}${fix}`;
}

/** All problems of a text, in words. */
export async function problemsOf(text: string, files: Files = {}): Promise<string[]> {
  const { problems } = await read(text, files);
  return problems.map((problem) => inWords(problem, files[problem.file] ?? text));
}

/** `it` for each row: a name, a text, and the beginning of each problem it should have. */
export function problemTable(rows: readonly (readonly [string, string, ...(string | RegExp)[]])[], files: Files = {}) {
  for (const [name, text, ...expected] of rows) {
    it(name, async () => {
      const found = await problemsOf(text, files);
      assert.equal(found.length, expected.length, found.slice(0, 9).join('\n'));
      for (const [index, words] of expected.entries()) {
        const each = found[index] ?? '';
        const right = typeof words === 'string' ? each.startsWith(words) : words.test(each);
        assert.ok(right, `${each}\nshould be\n${words}`);
      }
    });
  }
}
