/** Runs `test/host` inside the extension host of a real VS Code and returns its counts. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { nodeOptions } from '../../scripts/build.ts';
import { remoteUri, startCodeServer, windowAddress } from '../../scripts/codeServer.ts';
import {
  cacheFolder,
  ensureFolder,
  freshFolder,
  projectRoot,
  removeFolder,
  resultsFolder,
} from '../../scripts/folders.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { failedLevel, type LevelResult, skippedLevel } from './levels.ts';

const hostFolder = join(projectRoot, 'test', 'host');
/** Begins each line of the tests: VS Code's own features print to the same console. */
const outputMark = '[trialdeck tests] ';
/** A run that takes longer has hung. */
const limitMs = 20 * 60_000;

/** Bundles the test files behind one `run()`, as VS Code asks of `extensionTestsPath`; `only` keeps files whose path contains one of these. */
async function bundleHostTests(only: readonly string[], name: string): Promise<{ path: string; files: number }> {
  const files = (await readdir(hostFolder, { recursive: true }))
    .filter((file) => file.endsWith('.test.ts') && (only.length === 0 || only.some((part) => file.includes(part))))
    .sort();
  const requires = files.map((file) => `require(${JSON.stringify(`./${file.replaceAll('\\', '/')}`)});`).join('\n');
  const entry = `
    exports.run = async () => {
      // VS Code asks the last provider of a scheme first: an extension that activates later would be asked for the
      // tests' documents.
      await require('vscode').extensions.getExtension('trialdeck.trialdeck').activate();
      await new Promise((resolve, reject) => {
      const Mocha = require('mocha');
      const mocha = new Mocha({ ui: 'bdd', timeout: 120000, slow: 5000, color: false, reporter: ${JSON.stringify(
        join(projectRoot, 'test', 'harness', 'reporter.cjs'),
      )} });
      mocha.suite.emit('pre-require', globalThis, '', mocha);
      ${requires}
      mocha.run((failures) => (failures ? reject(new Error(failures + ' host tests failed')) : resolve()));
      });
    };`;
  const path = join(await ensureFolder(join(cacheFolder, 'host-tests')), `${name}.cjs`);
  await build({
    ...nodeOptions,
    stdin: { contents: entry, resolveDir: hostFolder, loader: 'js' },
    external: ['vscode', 'mocha'],
    outfile: path,
    sourcemap: 'inline',
  });
  return { path, files: files.length };
}

/**
 * @param say is called with each line to print
 * @param only parts of paths below `test/host`; all files when empty
 */
export async function runHostTests(say: (line: string) => void, only: readonly string[] = []): Promise<LevelResult> {
  const bundle = await bundleHostTests(only, `run-${process.pid}`);
  if (bundle.files === 0) return skippedLevel(`No host test matches "${only.join(' ')}".`);
  const workspace = await freshFolder('ws');
  const experiments = await freshFolder('exp');
  const results = join(await ensureFolder(resultsFolder), 'host.json');
  await rm(results, { force: true });
  await writeFile(join(workspace, 'README.md'), 'A folder for tests.\n');
  const environment = {
    TRIALDECK_RESULTS: results,
    TRIALDECK_TEST_EXPERIMENTS: experiments,
    TRIALDECK_TEST_PROJECT: projectRoot,
    TRIALDECK_TEST_MARK: outputMark,
  };
  const settings = { 'trialdeck.experimentsDirectory': experiments };
  try {
    const electron = await desktopVSCode(say);
    const problem = electron
      ? await runInElectron(electron, bundle.path, workspace, environment)
      : await runInBrowser(bundle.path, workspace, environment, settings, say);
    if (problem?.skip) return skippedLevel(problem.skip);
    const text = await readFile(results, 'utf8').catch(() => undefined);
    if (text === undefined) return failedLevel('host', problem?.failure ?? 'The extension host ended without results.');
    return JSON.parse(text) as LevelResult;
  } finally {
    await rm(bundle.path, { force: true });
    await removeFolder(workspace);
    await removeFolder(experiments);
  }
}

/** Path of VS Code's desktop build; undefined when it can't be downloaded or there is no display. */
async function desktopVSCode(say: (line: string) => void): Promise<string | undefined> {
  if (process.platform === 'linux' && !process.env.DISPLAY) return undefined;
  try {
    return await downloadAndUnzipVSCode({ cachePath: join(cacheFolder, 'vscode-test'), timeout: 20_000 });
  } catch (error) {
    say(
      `VS Code could not be downloaded (${error instanceof Error ? error.message : String(error)}); using code-server.`,
    );
    return undefined;
  }
}

interface Problem {
  skip?: string;
  failure?: string;
}

async function runInElectron(
  vscodeExecutablePath: string,
  tests: string,
  workspace: string,
  environment: Record<string, string>,
): Promise<Problem | undefined> {
  const userData = await freshFolder('ud');
  try {
    await ensureFolder(join(userData, 'User'));
    await writeFile(
      join(userData, 'User', 'settings.json'),
      JSON.stringify({ 'trialdeck.experimentsDirectory': environment.TRIALDECK_TEST_EXPERIMENTS }),
    );
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: projectRoot,
      extensionTestsPath: tests,
      launchArgs: [workspace, '--disable-workspace-trust', '--disable-extensions', '--user-data-dir', userData],
      extensionTestsEnv: environment,
    });
    return undefined;
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await removeFolder(userData);
  }
}

async function runInBrowser(
  tests: string,
  workspace: string,
  environment: Record<string, string>,
  settings: Record<string, unknown>,
  say: (line: string) => void,
): Promise<Problem | undefined> {
  const chromiumPath = await findChromium(say);
  if (!chromiumPath) return { skip: 'No Chromium is installed or installable; set CHROME_PATH.' };
  const server = await startCodeServer({ testDriver: true, environment, settings, say });
  const browser = await launchChromium(chromiumPath);
  try {
    const page = await browser.newPage();
    const finished = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not finished after ${limitMs / 60_000} min`)), limitMs);
      void page.exposeFunction('codeAutomationExit', (code: number) => {
        clearTimeout(timer);
        resolve(code);
      });
    });
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      const text = args.map(String).join(' ');
      if (text.startsWith(outputMark)) say(text.slice(outputMark.length));
    });
    await page.goto(
      windowAddress(server, workspace, [
        ['extensionDevelopmentPath', remoteUri(server, projectRoot)],
        ['extensionTestsPath', remoteUri(server, tests)],
      ]),
    );
    const code = await finished;
    return code === 0 ? undefined : { failure: `the extension host ended with code ${code}` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  } finally {
    await browser.close();
    await server.stop();
  }
}

// `--bundle` only builds the file for the debugger's `extensionTestsPath`.
if (process.argv[1] && relative(process.argv[1], import.meta.filename) === '') {
  const [first, ...others] = process.argv.slice(2);
  if (first === '--bundle') await bundleHostTests(others, 'index');
  else {
    const { buildAll } = await import('../../scripts/build.ts');
    await buildAll({ production: false });
    const result = await runHostTests((line) => console.log(line), process.argv.slice(2));
    console.log(result);
    process.exit(result.failed > 0 ? 1 : 0);
  }
}
