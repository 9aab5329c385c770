/**
 * A trial of the pipe service. It takes its program from its arguments, reports over file descriptor 3, and ends itself with
 * all its children when its agent is gone (the end of standard input).
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../trialProgram.ts';
import type { SpooledMetric } from './messages.ts';

process.stdin.resume();
process.stdin.on('end', () => process.kill(-process.pid, 'SIGKILL'));

async function run(step: Step): Promise<void> {
  if ('report' in step) {
    const { report, type = 'PERIODICAL', sequence = 0 } = step;
    const metric: SpooledMetric = { type, sequence, value: String(report) };
    writeSync(3, `${JSON.stringify(metric)}\n`);
  } else if ('waitFor' in step) {
    while (!existsSync(step.waitFor)) await delay(10);
  } else if ('startChild' in step) {
    const child = spawn('sleep', ['600']);
    appendFileSync(step.startChild, `${process.pid}\n${child.pid}\n`);
  } else if ('complain' in step) {
    process.stderr.write(`${step.complain}\n`);
  } else process.exit(step.exit);
}

for (const step of JSON.parse(process.argv[2] ?? '[]') as Step[]) await run(step);
process.exit(0);
