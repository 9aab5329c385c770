/** Builds the product's processes as bundles, laid out as in the extension. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { nodeOptions } from '../../scripts/build.ts';
import { projectRoot } from '../../scripts/folders.ts';

/** Paths of the scripts to run with Node. */
export interface Bundles {
  cli: string;
  manager: string;
  runner: string;
}

/** The environment variable with the folder where `npm test` has built the bundles. */
export const bundlesVariable = 'TRIALDECK_TEST_BUNDLES';

let built: Promise<Bundles> | undefined;

/** The bundles of `npm test`, else those that this process builds once and removes at its end. */
export function bundles(): Promise<Bundles> {
  built ??= (async () => {
    const shared = process.env[bundlesVariable];
    if (shared) return bundlesIn(shared);
    const folder = mkdtempSync(join(tmpdir(), 'trialdeck-bundles-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return buildBundles(folder);
  })();
  return built;
}

/** Builds the bundles in an empty folder. */
export async function buildBundles(folder: string): Promise<Bundles> {
  // Some tests start them as another user.
  chmodSync(folder, 0o755);
  const dist = join(folder, 'dist');
  mkdirSync(join(dist, 'trialSdk'), { recursive: true });
  writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
  // Clients compare a manager's version with the one beside its bundle.
  symlinkSync(join(projectRoot, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(projectRoot, 'src/runner/trialSdk/nni'), join(dist, 'trialSdk/nni'));
  const source = (path: string) => join(projectRoot, 'src', path);
  await build({
    ...nodeOptions,
    entryPoints: {
      cli: source('cli.ts'),
      manager: source('manager/main.ts'),
      runner: source('runner/main.ts'),
      searchWorker: source('runner/drivers/searchWorker.ts'),
    },
    outdir: dist,
  });
  return bundlesIn(folder);
}

function bundlesIn(folder: string): Bundles {
  const file = (name: string) => join(folder, 'dist', name);
  return { cli: file('cli.js'), manager: file('manager.js'), runner: file('runner.js') };
}
