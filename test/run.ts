/**
 * `npm test`: every level, then one line of counts. Arguments choose levels or files: `npm test -- unit manager`,
 * `npm test -- test/ui/stories/run.test.ts`. Files run side by side (TRIALDECK_TEST_JOBS: how many at a time). A level that can't run here
 * says why and counts as skipped. See test/README.md.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { buildAll } from '../scripts/build.ts';
import { installCodeServer, installExtension } from '../scripts/codeServer.ts';
import {
  cacheFolder,
  ensureFolder,
  freshFolder,
  projectRoot,
  removeFolder,
  resultsFolder,
} from '../scripts/folders.ts';
import { packageExtension, vsixPath } from '../scripts/package.ts';
import { builtVariable } from './harness/built.ts';
import { buildBundles, bundlesVariable } from './harness/bundles.ts';
import { findChromium } from './harness/chromium.ts';
import { runHostTests } from './harness/hostTests.ts';
import { defaultSlots, type EndedJob, type Job, type JobOutput, runJobs, runNode } from './harness/jobs.ts';
import { failedLevel, type LevelResult, skippedLevel, sumOf } from './harness/levels.ts';
import { installRealNni } from './harness/realNni.ts';
import { extensionsVariable } from './harness/session.ts';

const say = (line: string) => console.log(line);

const levels = ['check', 'unit', 'manager', 'host', 'ui'] as const;
type Level = (typeof levels)[number];

/** Seconds after which a test has hung: Mocha ends it, and the whole process if that does not help. */
const timeouts = {
  unit: { test: 60, process: 600 },
  manager: { test: 180, process: 900 },
  page: { test: 120, process: 900 },
  story: { test: 150, process: 900 },
  check: { process: 300 },
} as const;

/** Unit tests are short and starting a process is not: so many files share one. */
const unitFilesPerProcess = 12;

const durationsFile = join(cacheFolder, 'test-durations.json');

type Durations = Record<string, number>;

async function readDurations(): Promise<Durations> {
  try {
    return JSON.parse(await readFile(durationsFile, 'utf8')) as Durations;
  } catch {
    return {};
  }
}

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
  const expectedSeconds = durations[name] ?? (await guessedSeconds(files));
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

/** Without a measurement: tests beside the real NNI take minutes, others some seconds for each screen of code. */
async function guessedSeconds(files: string[]): Promise<number> {
  let seconds = 0;
  for (const file of files) {
    const text = await readFile(join(projectRoot, file), 'utf8');
    seconds += text.split('\n').length / 10 + (/realNni|\.\/backends/i.test(text) ? 100 : 0);
  }
  return seconds;
}

/** All test files below a folder of the project, as paths from the project's root. */
async function testFiles(folder: string): Promise<string[]> {
  const files = await readdir(join(projectRoot, folder), { recursive: true }).catch(() => []);
  return files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .sort();
}

interface Choice {
  level: Level;
  /** Files to run; all of the level when absent. */
  files?: string[];
}

/** What the arguments choose. Ends the process when one is neither a level nor a test file. */
async function chosen(args: readonly string[]): Promise<Choice[]> {
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
      console.error(`"${arg}" is neither a level (${levels.join(', ')}) nor a test file or folder.`);
      process.exit(2);
    }
    const choice = choices.get(home);
    if (!choice) choices.set(home, { level: home, files });
    else choice.files?.push(...files);
  }
  return [...choices.values()];
}

/** Everything the chosen levels need before any of them starts. Gives the reason when the UI level can't run. */
async function prepare(chosenLevels: ReadonlySet<Level>): Promise<{ environment: string[]; noWindows?: string }> {
  const environment: string[] = [];
  let noWindows: string | undefined;
  if (chosenLevels.has('ui') || chosenLevels.has('host')) {
    if (!(await findChromium(say))) noWindows = 'No Chromium is installed or installable; set CHROME_PATH.';
    else {
      try {
        await installCodeServer(say);
      } catch (error) {
        noWindows = `VS Code could not be installed: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
  if (chosenLevels.has('unit') || chosenLevels.has('manager') || chosenLevels.has('ui')) {
    if (!(await installRealNni(say))) say('!! SKIPPED: what compares with the real NNI 3.0.');
  }
  // One build for all: nothing may replace a file that another process is reading.
  if (chosenLevels.has('ui') && noWindows === undefined) {
    await packageExtension();
    const extensions = await freshFolder('ext');
    await installExtension(vsixPath, extensions);
    process.env[extensionsVariable] = extensions;
    environment.push(extensions);
  } else await buildAll({ production: false });
  process.env[builtVariable] = '1';
  const bundles = await freshFolder('bundles');
  await buildBundles(bundles);
  process.env[bundlesVariable] = bundles;
  environment.push(bundles);
  return { environment, ...(noWindows === undefined ? {} : { noWindows }) };
}

/** The jobs of one level. */
async function jobsOf({ level, files }: Choice, noWindows: string | undefined, durations: Durations): Promise<Job[]> {
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

const choices = await chosen(process.argv.slice(2));
const startedAt = performance.now();
const durations = await readDurations();
const { environment, noWindows } = await prepare(new Set(choices.map(({ level }) => level)));
const jobs = (await Promise.all(choices.map((choice) => jobsOf(choice, noWindows, durations)))).flat();
const slots = defaultSlots();
say(`${jobs.length} jobs, ${slots} at a time.`);

let count = 0;
const ended = await runJobs(jobs, slots, ({ job, result, output, seconds }) => {
  const skippedText = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  const counts = `${result.passed} passed, ${result.failed} failed${skippedText}`;
  say(`\n━━ ${++count}/${jobs.length} ${job.name}: ${counts} in ${Math.round(seconds)} s ━━`);
  if (result.skipReason) say(`!! SKIPPED: ${job.level}: ${result.skipReason}`);
  const text = output.trimEnd();
  if (text) say(text);
});
await Promise.all(environment.map(removeFolder));
for (const { job, seconds, result } of ended) if (result.failed === 0) durations[job.name] = Math.round(seconds);
await mkdir(cacheFolder, { recursive: true });
await writeFile(durationsFile, `${JSON.stringify(durations, null, 2)}\n`);

/** A table of levels: counts, the time of all its jobs one after the other, and its longest job. */
function table(all: readonly EndedJob[]): string {
  const rows = [['level', 'passed', 'failed', 'skipped', 'seconds of its jobs', 'longest job']];
  for (const level of levels) {
    const own = all.filter(({ job }) => job.level === level);
    if (own.length === 0) continue;
    const { passed, failed, skipped } = sumOf(own.map(({ result }) => result));
    const seconds = own.reduce((sum, { seconds }) => sum + seconds, 0);
    const [longest] = own.toSorted((a, b) => b.seconds - a.seconds);
    const counts = [passed, failed, skipped, Math.round(seconds)].map(String);
    rows.push([level, ...counts, longest ? `${longest.job.name} (${Math.round(longest.seconds)} s)` : '']);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

say(`\n${table(ended)}`);
const total = sumOf(ended.map(({ result }) => result));
if (total.failures.length > 0) {
  say('\nFailed:');
  for (const { title, message } of total.failures)
    say(`  ✗ ${title}\n      ${message.split('\n').slice(0, 4).join('\n      ')}`);
}
say(`\nTook ${Math.round((performance.now() - startedAt) / 1000)} s.`);
say(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);
