/** Prints a test run: each ended job, the table of levels, the failures and the total. */
import { levels } from './choice.ts';
import type { EndedJob } from './jobs.ts';
import { sumOf } from './levels.ts';

/** Prints a job's counts and output. @param position such as `3/17` */
export function printJob({ job, result, output, seconds }: EndedJob, position: string): void {
  const skippedText = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  const counts = `${result.passed} passed, ${result.failed} failed${skippedText}`;
  console.log(`\n━━ ${position} ${job.name}: ${counts} in ${Math.round(seconds)} s ━━`);
  if (result.skipReason) console.log(`!! SKIPPED: ${job.level}: ${result.skipReason}`);
  const text = output.trimEnd();
  if (text) console.log(text);
}

/** A row for each level: counts, the summed time of its jobs, and its longest job. */
function formatTable(all: readonly EndedJob[]): string {
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

/** Prints the table, the failures and the total. @returns whether every test passed */
export function printSummary(ended: readonly EndedJob[], elapsedSeconds: number): boolean {
  console.log(`\n${formatTable(ended)}`);
  const total = sumOf(ended.map(({ result }) => result));
  if (total.failures.length > 0) {
    console.log('\nFailed:');
    for (const { title, message } of total.failures)
      console.log(`  ✗ ${title}\n      ${message.split('\n').slice(0, 4).join('\n      ')}`);
  }
  console.log(`\nTook ${Math.round(elapsedSeconds)} s.`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0;
}
