/**
 * `npm test`: every level, then one line of counts. Arguments choose levels (`npm test -- unit manager`); without any, all
 * run. A level that can't run here says why and counts as skipped.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAll } from '../scripts/build.ts';
import { installCodeServer } from '../scripts/codeServer.ts';
import { ensureFolder, projectRoot, resultsFolder } from '../scripts/folders.ts';
import { packageExtension } from '../scripts/package.ts';
import { findChromium } from './harness/chromium.ts';
import { runHostTests } from './harness/hostTests.ts';
import { failedLevel, type LevelResult, skippedLevel } from './harness/levels.ts';
import { installRealNni } from './harness/realNni.ts';

const say = (line: string) => console.log(line);

/** Runs a program; resolves with its exit code. */
function run(program: string, args: string[], environment: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectRoot, stdio: 'inherit', env: { ...process.env, ...environment } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function check(): Promise<LevelResult> {
  const result: LevelResult = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const checks: [string, string[]][] = [
    ['types', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']],
    ['types of the page', ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'webview/tsconfig.json']],
    ['lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings']],
  ];
  for (const [name, args] of checks) {
    const code = await run(process.execPath, args);
    if (code === 0) result.passed++;
    else {
      result.failed++;
      result.failures.push({ title: `check: ${name}`, message: `exit code ${code}` });
    }
    say(`  ${code === 0 ? '✔' : '✗'} ${name}`);
  }
  return result;
}

/** A mocha process over `test/<folder>`. */
async function mocha(
  folder: string,
  options: { timeout: number; require?: string; retries?: number },
): Promise<LevelResult> {
  const files = (await readdir(join(projectRoot, 'test', folder), { recursive: true })).filter((f) =>
    f.endsWith('.test.ts'),
  );
  if (files.length === 0) return skippedLevel(`test/${folder} has no tests.`);
  const results = join(await ensureFolder(resultsFolder), `${folder}.json`);
  await rm(results, { force: true });
  const args = ['node_modules/mocha/bin/mocha.js', '--reporter', 'test/harness/reporter.cjs'];
  args.push('--timeout', String(options.timeout), '--slow', String(options.timeout / 4), '--exit');
  if (options.retries) args.push('--retries', String(options.retries));
  if (options.require) args.push('--require', options.require);
  const code = await run(process.execPath, [...args, `test/${folder}/**/*.test.ts`], { TRIALDECK_RESULTS: results });
  const text = await readFile(results, 'utf8').catch(() => undefined);
  if (text === undefined) return failedLevel(folder, `mocha ended with code ${code} and left no results`);
  return JSON.parse(text) as LevelResult;
}

/** Stories in a real VS Code, run against the packaged extension so that a wrong package is found out. */
async function ui(): Promise<LevelResult> {
  if (!(await findChromium(say))) return skippedLevel('No Chromium is installed or installable; set CHROME_PATH.');
  try {
    await installCodeServer(say);
  } catch (error) {
    return skippedLevel(`VS Code could not be installed: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!(await installRealNni(say))) say('!! SKIPPED: the story of the real NNI 3.0.');
  await packageExtension();
  // A window on a busy machine now and then loses a click or a key; what is broken fails twice.
  return mocha('ui', { timeout: 300_000, retries: 1, require: 'test/harness/failurePicture.ts' });
}

/** Tests beside the real NNI, where that can be had. */
async function besideNni(folder: string, options: { timeout: number }): Promise<LevelResult> {
  if (!(await installRealNni(say))) say('!! SKIPPED: what compares with the real NNI 3.0.');
  return mocha(folder, options);
}

const levels: Record<string, () => Promise<LevelResult>> = {
  check,
  unit: () => besideNni('unit', { timeout: 60_000 }),
  // The real processes over HTTP.
  manager: () => besideNni('manager', { timeout: 180_000 }),
  host: () => runHostTests(say),
  ui,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in levels));
if (unknown.length > 0) {
  console.error(`No level is called ${unknown.join(', ')}. There are: ${Object.keys(levels).join(', ')}.`);
  process.exit(2);
}

await buildAll({ production: false });
const total: LevelResult = { passed: 0, failed: 0, skipped: 0, failures: [] };
for (const [name, level] of Object.entries(levels)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  say(`\n━━ ${name} ━━`);
  const started = Date.now();
  const result = await level().catch((error: unknown) =>
    failedLevel(name, error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  total.passed += result.passed;
  total.failed += result.failed;
  total.skipped += result.skipped;
  total.failures.push(...result.failures);
  if (result.skipReason) say(`!! SKIPPED: ${name}: ${result.skipReason}`);
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : '';
  say(
    `${name}: ${result.passed} passed, ${result.failed} failed${skipped} in ${Math.round((Date.now() - started) / 1000)} s`,
  );
}
if (total.failures.length > 0) {
  say('\nFailed:');
  for (const failure of total.failures)
    say(`  ✗ ${failure.title}\n      ${failure.message.split('\n').slice(0, 4).join('\n      ')}`);
}
say(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 ? 1 : 0);
