/**
 * `npm test`: runs every level, then prints one line of counts. Arguments choose levels or files: `npm test -- unit manager`,
 * `npm test -- test/ui/stories/run.test.ts`. Files run side by side (TRIALDECK_TEST_JOBS sets how many). A level that can't run here
 * prints the reason and counts as skipped. See test/README.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, removeFolder } from '../scripts/folders.ts';
import { type Choice, chooseTests, UnknownTestError } from './harness/choice.ts';
import { defaultSlots, runJobs } from './harness/jobs.ts';
import { createJobs, type Durations } from './harness/levelJobs.ts';
import { prepare } from './harness/preparation.ts';
import { printJob, printSummary } from './harness/report.ts';

const say = (line: string) => console.log(line);

const durationsFile = join(cacheFolder, 'test-durations.json');

async function readDurations(): Promise<Durations> {
  try {
    return JSON.parse(await readFile(durationsFile, 'utf8')) as Durations;
  } catch {
    return {};
  }
}

async function readArguments(): Promise<Choice[]> {
  try {
    return await chooseTests(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UnknownTestError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

const choices = await readArguments();
const startedAt = performance.now();
const durations = await readDurations();
const { folders, noWindows } = await prepare(new Set(choices.map(({ level }) => level)), say);
const jobs = (await Promise.all(choices.map((choice) => createJobs(choice, noWindows, durations)))).flat();
const slots = defaultSlots();
say(`${jobs.length} jobs, ${slots} at a time.`);

let count = 0;
const ended = await runJobs(jobs, slots, (job) => printJob(job, `${++count}/${jobs.length}`));
await Promise.all(folders.map(removeFolder));
for (const { job, seconds, result } of ended) if (result.failed === 0) durations[job.name] = Math.round(seconds);
await mkdir(cacheFolder, { recursive: true });
await writeFile(durationsFile, `${JSON.stringify(durations, null, 2)}\n`);
process.exit(printSummary(ended, (performance.now() - startedAt) / 1000) ? 0 : 1);
