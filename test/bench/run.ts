/**
 * `npm run bench`: measures Trialdeck's goals side by side with the real NNI 3.0, in one run on this machine.
 * Prints a table and writes `test-results/bench.json`. Fails when a goal is missed.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from '../../scripts/build.ts';
import { ensureFolder, projectRoot, resultsFolder } from '../../scripts/folders.ts';
import type { TrialJobInfo } from '../../src/model/trial/trial.ts';
import { experimentRoot, experimentRoutes } from '../../src/wire/routes.ts';
import { installRealNni, noRealNni, type RealNni } from '../harness/realNni.ts';
import { Rest } from '../manager/wire/rest.ts';
import { extensionFigures } from './activation.ts';
import { type Contender, realNni, trialdeck, writeConfig } from './contenders.ts';
import { openLargeExperiment } from './extensionHost.ts';
import { followLargeNni } from './guest.ts';
import { metricsPerTrial, trialCount } from './largeNni.ts';
import { listen, type Point } from './listen.ts';
import { measureListing } from './listing.ts';
import { median, quantile, residentMegabytes, table } from './measure.ts';
import { reportToPaint } from './paint.ts';
import { measureSearch } from './searchCost.ts';

interface Result {
  what: string;
  who: string;
  value: number;
  unit: string;
  /** The goals in words, and whether each is met. */
  goal?: { text: string; held: boolean };
}

const results: Result[] = [];
const say = (line: string) => console.log(line);

function note(who: string, what: string, value: number, unit: string, goal?: Result['goal']): void {
  results.push({ what, who, value, unit, ...(goal && { goal }) });
  say(
    `  ${who}: ${what} ${value.toFixed(unit === '×' ? 1 : 0)} ${unit}${goal && !goal.held ? `  MISSED: ${goal.text}` : ''}`,
  );
}

/** Trials per minute from the first trial's start to the last one's end, and the memory of what ran them. */
async function throughput(contender: Contender, folder: string, count: number): Promise<number> {
  const config = await writeConfig(folder, 'noop', { trialCommand: 'python3 noop.py', maxTrialNumber: count });
  const { id, port, pid } = await contender.create(config);
  const rest = new Rest(port);
  await rest.until(async () => ['DONE', 'ERROR'].includes((await rest.status()).status));
  const trials = (await rest.trials()) as Required<TrialJobInfo>[];
  const failed = trials.filter((trial) => trial.status !== 'SUCCEEDED' || trial.finalMetricData === undefined);
  if (trials.length !== count || failed.length > 0)
    throw new Error(`${contender.name}: ${trials.length} of ${count} trials, ${failed.length} without result`);
  const span = Math.max(...trials.map((trial) => trial.endTime)) - Math.min(...trials.map((trial) => trial.startTime));
  const perMinute = (count / span) * 60_000;
  note(contender.name, `no-op trials (${count})`, perMinute, 'per minute');
  await memory(contender, pid, count);
  await contender.stop(id);
  return perMinute;
}

async function memory(contender: Contender, pid: number, count: number): Promise<void> {
  const runner = await residentMegabytes(pid);
  if (runner === undefined) return;
  if (!contender.manager) return note(contender.name, `memory of its manager after ${count} trials`, runner, 'MB');
  const manager = (await residentMegabytes((await contender.manager()).pid)) ?? Number.NaN;
  const both = runner + manager;
  note(contender.name, `memory of runner and manager after ${count} trials`, both, 'MB', {
    text: 'under 200 MB',
    held: both < 200,
  });
}

/** Milliseconds from starting the command line to the first line of the first trial's command, for each of `times` launches. */
async function launch(contender: Contender, folder: string, times: number): Promise<number[]> {
  const spans: number[] = [];
  for (let run = 0; run < times; run += 1) {
    const mark = join(folder, `started-${run}`);
    const trialCommand = `date +%s%3N > ${mark}; python3 noop.py`;
    const config = await writeConfig(folder, `launch-${run}`, { trialCommand, maxTrialNumber: 1 });
    const begin = Date.now();
    const { id, port } = await contender.create(config);
    const rest = new Rest(port);
    await rest.until(async () => (await rest.status()).status === 'DONE');
    spans.push(Number(await readFile(mark, 'utf8')) - begin);
    await contender.stop(id);
  }
  return spans;
}

/** Milliseconds from a trial's report, by its own clock, to the arrival of the number at a client of an event stream. */
async function latency(contender: Contender, folder: string): Promise<{ runner: number[]; manager: number[] }> {
  const config = await writeConfig(folder, 'clock', {
    trialCommand: 'python3 clock.py',
    trialConcurrency: 1,
    maxTrialNumber: 1,
  });
  const { id, port } = await contender.create(config);
  const lock = await contender.manager?.();
  const stop = new AbortController();
  const direct = listen(`http://127.0.0.1:${port}${experimentRoutes.events}`, {}, stop.signal);
  const proxied = lock
    ? listen(
        `http://${lock.host}:${lock.port}${experimentRoot(id)}${experimentRoutes.events}`,
        { Authorization: `Bearer ${lock.token}` },
        stop.signal,
      )
    : Promise.resolve([]);
  const rest = new Rest(port);
  await rest.until(async () => (await rest.status()).status === 'DONE');
  stop.abort();
  const [runner, manager] = await Promise.all([direct, proxied]);
  await contender.stop(id);
  const delays = (points: Point[]) => points.map(({ arrived, reported }) => arrived - reported);
  return { runner: delays(runner), manager: delays(manager) };
}

/** How long a large experiment blocks a window's event loop, which all extensions share. */
async function extensionHost(home: string): Promise<void> {
  const contender = trialdeck('Trialdeck, window', home);
  try {
    const blocked = await openLargeExperiment(home, join(projectRoot, 'dist', 'manager.js'));
    const { trials, stored, arrived, loading, whileLoading, whileArriving } = blocked;
    note(contender.name, `${trials} trials with ${stored} numbers are there after`, loading, 'ms');
    for (const [when, { waited, worked }] of [
      ['reading them', whileLoading],
      [`${arrived} numbers arrive, 100 a second`, whileArriving],
    ] as const) {
      const goal = { text: 'never blocked for 50 ms', held: worked < 50 };
      note(contender.name, `longest work at a stretch while ${when}`, worked, 'ms', goal);
      note(contender.name, `longest wait of others, for a processor too, while ${when}`, waited, 'ms');
    }
  } finally {
    await contender.dispose();
  }
}

/** How a window follows a large experiment of the real NNI, and what share of NNI's time that takes. */
async function guest(nni: RealNni): Promise<void> {
  const { alone, polled, watched } = await followLargeNni(nni, join(projectRoot, 'dist', 'manager.js'));
  for (const [who, { reading, following }] of [
    ['Trialdeck, window at NNI', polled],
    ["Trialdeck, manager beside NNI's", watched],
  ] as const) {
    note(who, `${reading.trials} trials with ${reading.numbers} numbers are there after`, reading.took, 'ms');
    const together = Math.max(reading.asked.together, following.asked.together);
    note(who, 'requests to NNI at a time', together, 'at most', { text: 'never two', held: together < 2 });
    const asked = reading.asked.busy + following.asked.busy;
    const share = (100 * asked) / (reading.took + following.took);
    note(who, `share of NNI's time, from the first request on for ${Math.round(following.took / 1000)} s`, share, '%', {
      text: 'under a tenth',
      held: share < 10,
    });
    note(who, 'requests to NNI in that time', reading.asked.requests + following.asked.requests, 'requests');
    note(who, "processor time of NNI's manager meanwhile", 100 * following.processor, '%');
    for (const [when, stretch] of [
      ['reading', reading],
      [`following, ${following.numbers} numbers`, following],
    ] as const) {
      const { worked, waited } = stretch.blocked;
      const goal = { text: 'never blocked for 50 ms', held: worked < 50 };
      note(who, `longest work at a stretch while ${when}`, worked, 'ms', goal);
      note(who, `longest wait of others, for a processor too, while ${when}`, waited, 'ms');
    }
  }
  note('NNI 3.0', 'processor time of its manager with nobody asking', 100 * alone, '%');
}

/** Milliseconds from a trial's report to its paint in the panel of a real VS Code. */
async function paint(): Promise<void> {
  const delays = await reportToPaint(say);
  if (!delays) return;
  const who = 'Trialdeck, panel in VS Code';
  note(who, `report to paint, median of ${delays.length}`, median(delays), 'ms');
  const slow = quantile(delays, 0.95);
  note(who, 'report to paint, 95 %', slow, 'ms', { text: 'within 200 ms', held: slow < 200 });
}

/** The cost of listing a stored experiment. */
async function listing(home: string): Promise<void> {
  const { firstMs, laterMs } = await measureListing(home);
  const who = 'Trialdeck, manager';
  const size = `${trialCount} trials × ${metricsPerTrial} metrics of NNI`;
  const limit = (ms: number, value: number) => ({ text: `at most ${ms} ms`, held: value <= ms });
  note(who, `processor time of listing ${size} for the first time`, firstMs, 'ms', limit(150, firstMs));
  note(who, `processor time of listing ${size} again`, laterMs, 'ms', limit(5, laterMs));
}

/** How long a search with many results blocks its runner, which also answers requests and reads metrics. */
async function search(): Promise<void> {
  const {
    results: count,
    dimensions,
    suggestionMs,
    whileSuggesting,
    resumingMs,
    whileResuming,
  } = await measureSearch();
  const who = 'Trialdeck, runner';
  const after = `after ${count} results × ${dimensions} parameters`;
  note(who, `a suggestion of TPE ${after} takes`, suggestionMs, 'ms');
  note(who, `longest work of the runner's own loop meanwhile`, whileSuggesting.worked, 'ms', {
    text: 'under 10 ms',
    held: whileSuggesting.worked < 10,
  });
  note(who, `resuming TPE ${after} takes`, resumingMs, 'ms');
  note(who, `longest work of the runner's own loop meanwhile`, whileResuming.worked, 'ms', {
    text: 'under 50 ms',
    held: whileResuming.worked < 50,
  });
}

/** The extension's size and activation time. */
async function weight(): Promise<void> {
  const figures = await extensionFigures(say, 5);
  if (!figures) return;
  const who = 'Trialdeck, extension';
  const megabytes = figures.size / 1e6;
  note(who, 'package', megabytes, 'MB', { text: 'under 3 MB', held: megabytes < 3 });
  const activation = median(figures.activations);
  note(who, 'activation as VS Code measures it', activation, 'ms', { text: 'under 50 ms', held: activation < 50 });
}

async function bench(): Promise<void> {
  await buildAll({ production: true });
  const folder = await mkdtemp(join(tmpdir(), 'trialdeck-bench-'));
  const nni = await installRealNni(say);
  if (!nni) say(noRealNni);
  const home = async (name: string) => {
    const path = join(folder, name);
    await mkdir(path);
    return path;
  };
  const bundled = trialdeck('Trialdeck, bundled nni', await home('bundled'));
  const installed = nni && trialdeck('Trialdeck, installed nni', await home('installed'), nni);
  const real = nni && realNni('NNI 3.0', await home('real'), nni);
  const contenders = [bundled, installed, real].filter((contender) => contender !== undefined);
  try {
    say('\nNo-op trials, two at a time');
    const ours = await throughput(bundled, join(folder, 'bundled'), 200);
    const withInstalled = installed && (await throughput(installed, join(folder, 'installed'), 30));
    const theirs = real && (await throughput(real, join(folder, 'real'), 30));
    if (withInstalled && theirs) {
      const much = ours / theirs;
      note(bundled.name, 'times as many as NNI', much, '×', { text: 'at least 10 ×', held: much >= 10 });
      const never = withInstalled / theirs;
      note(installed.name, 'times as many as NNI', never, '×', { text: 'never fewer', held: never >= 1 });
    }

    say('\nLaunch: command line to first trial process');
    for (const contender of contenders) {
      const warm = contender !== real;
      const span = median(await launch(contender, join(folder, 'launch'), warm ? 5 : 3));
      note(contender.name, 'launch', span, 'ms', warm ? { text: 'under 1 s', held: span < 1000 } : undefined);
    }
    const cold = trialdeck('Trialdeck, no manager yet', await home('cold'));
    try {
      const [span = Number.NaN] = await launch(cold, join(folder, 'launch'), 1);
      note(cold.name, 'launch', span, 'ms', { text: 'under 1 s', held: span < 1000 });
    } finally {
      await cold.dispose();
    }

    say('\nReport to arrival at a client of the event stream');
    const { runner, manager } = await latency(bundled, join(folder, 'latency'));
    for (const [way, delays] of [
      ['from the runner', runner],
      ['through the manager', manager],
    ] as const) {
      if (delays.length < 50) throw new Error(`Only ${delays.length} metrics arrived ${way}`);
      note(bundled.name, `metric ${way}, median of ${delays.length}`, median(delays), 'ms');
      const slow = quantile(delays, 0.95);
      note(bundled.name, `metric ${way}, 95 %`, slow, 'ms', { text: 'within 200 ms', held: slow < 200 });
    }

    say('\nThe list of stored experiments');
    await listing(await home('listing'));

    say('\nA search with many results');
    await search();

    say('\nThe extension in a real VS Code');
    await weight();

    say('\nReport to paint in the panel of a real VS Code');
    await paint();

    say('\nA window with a large experiment');
    await extensionHost(await home('large'));

    if (nni) {
      say('\nA window with a large experiment that the real NNI runs');
      await guest(nni);
    }
  } finally {
    for (const contender of contenders) await contender.dispose();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

await bench();
const processor = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`;
const rows = results.map((result) => [
  result.who,
  result.what,
  `${result.value.toFixed(result.unit === '×' ? 1 : 0)} ${result.unit}`,
  result.goal ? `${result.goal.held ? 'held' : 'MISSED'}: ${result.goal.text}` : '',
]);
say(`\n${processor}\n${table([['who', 'what', 'measured', 'goal'], ...rows])}`);
const file = join(await ensureFolder(resultsFolder), 'bench.json');
await writeFile(file, `${JSON.stringify({ processor, date: new Date().toISOString(), results }, undefined, 2)}\n`);
say(`\n${file}`);
if (results.some((result) => result.goal && !result.goal.held)) process.exitCode = 1;
