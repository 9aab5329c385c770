/** Turns the chosen tests into jobs: one for each check, group of unit tests, or test file. */
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ensureFolder, projectRoot, resultsFolder } from '../../scripts/folders.ts';
import { type Choice, type Level, testFiles } from './choice.ts';
import { runHostTests } from './hostTests.ts';
import { type Job, type JobOutput, runNode } from './jobs.ts';
import { failedLevel, type LevelResult, skippedLevel } from './levels.ts';

/** In seconds: after `test` Mocha ends a test, after `process` the harness ends the whole process. */
const timeouts = {
  unit: { test: 60, process: 600 },
  manager: { test: 180, process: 900 },
  page: { test: 120, process: 900 },
  story: { test: 150, process: 900 },
  check: { process: 300 },
} as const;

/** Unit tests are short and starting a process is slow, so this many files share a process. */
const unitFilesPerProcess = 12;

/** Measured seconds by the name of the job. */
export type Durations = Record<string, number>;

/** One of the static checks as a job. */
function checkJob(name: string, args: string[], durations: Durations): Job {
  const run = async (): Promise<JobOutput> => {
    const { code, output } = await runNode(args, { timeoutSeconds: timeouts.check.process });
    const result: LevelResult =
      code === 0
        ? { passed: 1, failed: 0, skipped: 0, failures: [] }
        : failedLevel(`check: ${name}`, `exit code ${code}`);
    return { output, result };
  };
  return { level: 'check', name, expectedSeconds: durations[name] ?? 20, run };
}

/** A Mocha process over some files as a job. */
async function mochaJob(
  level: Level,
  name: string,
  files: string[],
  timeout: { test: number; process: number },
  durations: Durations,
  lane?: string,
): Promise<Job> {
  const expectedSeconds = durations[name] ?? (await guessSeconds(files));
  const run = async (): Promise<JobOutput> => {
    const results = join(await ensureFolder(resultsFolder), `${name.replaceAll(/\W+/g, '-')}.json`);
    await rm(results, { force: true });
    const { code, output, timedOut } = await runNode(
      [
        'node_modules/mocha/bin/mocha.js',
        ...['--reporter', 'test/harness/reporter.cjs', '--exit'],
        ...['--timeout', String(timeout.test * 1000), '--slow', String(timeout.test * 250)],
        ...(process.stdout.isTTY ? ['--color'] : []),
        ...files,
      ],
      { timeoutSeconds: timeout.process, environment: { TRIALDECK_RESULTS: results } },
    );
    const text = await readFile(results, 'utf8').catch(() => undefined);
    if (text !== undefined) return { output, result: JSON.parse(text) as LevelResult };
    const reason = timedOut ? `not finished after ${timeout.process} s` : `mocha ended with code ${code}`;
    return { output, result: failedLevel(name, `${reason} and left no results`) };
  };
  return { level, name, expectedSeconds, run, ...(lane === undefined ? {} : { lane }) };
}

/** Estimates an unmeasured job: tests with the real NNI take minutes, others some seconds for each screen of code. */
async function guessSeconds(files: string[]): Promise<number> {
  let seconds = 0;
  for (const file of files) {
    const text = await readFile(join(projectRoot, file), 'utf8');
    seconds += text.split('\n').length / 10 + (/realNni|\.\/backends/i.test(text) ? 100 : 0);
  }
  return seconds;
}

/** The jobs of one level. @param noWindows why tests that need a window are skipped */
export async function createJobs(
  { level, files }: Choice,
  noWindows: string | undefined,
  durations: Durations,
): Promise<Job[]> {
  const skipped = (reason: string): Job[] => [
    {
      level,
      name: level,
      expectedSeconds: 0,
      run: async () => ({ output: '', result: skippedLevel(reason) }),
    },
  ];
  const all = files ?? (await testFiles(join('test', level)));
  switch (level) {
    case 'check':
      return [
        checkJob('types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'], durations),
        checkJob(
          'types of the page',
          ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'webview/tsconfig.json'],
          durations,
        ),
        checkJob(
          'lint and format',
          ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
          durations,
        ),
      ];
    case 'unit': {
      const jobs: Promise<Job>[] = [];
      for (let start = 0; start < all.length; start += unitFilesPerProcess) {
        const part = all.slice(start, start + unitFilesPerProcess);
        const name = part.length === 1 ? (part[0] ?? '') : `${part[0]} … ${basename(part.at(-1) ?? '')}`;
        jobs.push(mochaJob(level, name, part, timeouts.unit, durations));
      }
      return Promise.all(jobs);
    }
    case 'manager':
      return Promise.all(all.map((file) => mochaJob(level, file, [file], timeouts.manager, durations)));
    case 'host': {
      if (noWindows !== undefined) return skipped(noWindows);
      const only = files?.map((file) => relative(join('test', 'host'), file));
      const run = async (): Promise<JobOutput> => {
        const lines: string[] = [];
        const result = await runHostTests((line) => lines.push(line), only);
        return { result, output: lines.join('\n') };
      };
      return [{ level, name: 'test/host', expectedSeconds: durations['test/host'] ?? 40, lane: 'window', run }];
    }
    case 'ui':
      if (noWindows !== undefined) return skipped(noWindows);
      return Promise.all(
        all.map((file) =>
          basename(dirname(file)) === 'stories'
            ? // Two windows at a time starve each other on two cores.
              mochaJob(level, file, [file], timeouts.story, durations, 'window')
            : mochaJob(level, file, [file], timeouts.page, durations),
        ),
      );
  }
}
