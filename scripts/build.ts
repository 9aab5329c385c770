/**
 * Builds `dist/`: one CommonJS bundle per process, the page, the client as a library, and the files they read. `--production` minifies.
 * `buildAll` is what `npm start` and the tests call.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BuildOptions, build, type OutputFile, type Plugin } from 'esbuild';
import { configSchema, searchSpaceSchema } from '../src/model/config/configSchema.ts';
import { type BuiltFile, splitBundle, splitFile, toCommonJs } from './buildExtension.ts';
import { projectRoot } from './folders.ts';
import { writeNotices } from './notices.ts';

const dist = join(projectRoot, 'dist');

const entryOfExtension = join(projectRoot, 'src/extension.ts');

/** The processes: entry file to bundle. */
const nodeEntries = {
  cli: 'src/cli.ts',
  manager: 'src/manager/main.ts',
  runner: 'src/runner/main.ts',
  searchWorker: 'src/runner/drivers/searchWorker.ts',
} as const;

export const nodeOptions: BuildOptions = {
  absWorkingDir: projectRoot,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // `import.meta.url` has no meaning in CommonJS; this gives it the bundle's address.
  define: { 'import.meta.url': '__bundleUrl' },
  banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  external: ['vscode'],
  // `import()` of a bundle beside this one becomes `require`, which knows its default export.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  // Their licences are in ThirdPartyNotices.txt.
  legalComments: 'none',
};

/**
 * The HTTP client, the program runner and the YAML parser would be most of the extension's code. The extension needs them only once there
 * is a manager or NNI to talk to, a program to run or a config to read. Files of their own, by these names, keep them out of what VS Code
 * reads at the start.
 */
const apart: Readonly<Record<string, string>> = {
  axios: 'axios',
  execa: 'execa',
  yaml: 'yaml',
};
const keepApart: Plugin = {
  name: 'keep apart',
  setup(bundle) {
    for (const [name, module] of Object.entries(apart)) {
      bundle.onResolve({ filter: new RegExp(`^${module}$`) }, () => ({ path: `./${name}.js`, external: true }));
    }
  },
};

/** The extension's own bundle, which is split in memory before it is written. */
function extensionBundle(options: { production: boolean }) {
  return splitBundle({ ...nodeOptions, ...common(options), outdir: dist, plugins: [keepApart] }, entryOfExtension);
}

/** The files of the extension, not yet written. */
export async function extensionFiles(options: { production: boolean }): Promise<BuiltFile[]> {
  const { outputFiles } = await build(extensionBundle(options));
  return toCommonJs(outputFiles, { ...nodeOptions, ...common(options) });
}

const libraryTypes = join(dist, 'library/types');

/**
 * Writes the library's declarations with the compiler. One file for each source needs no further tool. Types that are inferred from
 * schemas refer to valibot's, which come along: the library needs no other package.
 */
async function declareTypes(): Promise<void> {
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', join(projectRoot, 'tsconfig.library.json')]);
  await cp(join(projectRoot, 'node_modules/valibot/dist/index.d.cts'), join(libraryTypes, 'valibot.d.ts'));
  const schemas = join(libraryTypes, 'wire/schemas');
  for (const name of await readdir(schemas)) {
    const file = join(schemas, name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll("from 'valibot'", "from '../../valibot.js'"));
  }
}

/** The package of the icon font, whose files are copied. */
export const codicons = 'node_modules/@vscode/codicons';

function common(options: { production: boolean }) {
  return {
    minify: options.production,
    sourcemap: options.production ? false : 'linked',
    metafile: true,
  } as const;
}

/** `String(trial)`, an error and a stack trace tell the names of classes and functions. */
function keepNames({ production }: { production: boolean }) {
  return { minify: false, minifyWhitespace: production, minifySyntax: production } as const;
}

/** What is bundled, for esbuild. */
export function bundlesOf(options: { production: boolean }): (BuildOptions & { metafile: true })[] {
  const shared = common(options);
  return [
    extensionBundle(options),
    {
      ...nodeOptions,
      ...shared,
      ...keepNames(options),
      entryPoints: Object.fromEntries(
        Object.entries(nodeEntries).map(([name, file]) => [name, join(projectRoot, file)]),
      ),
      outdir: dist,
      plugins: [keepApart],
    },
    { ...nodeOptions, ...shared, entryPoints: apart, outdir: dist },
    // In a folder of its own, which the extension's package leaves out.
    {
      ...nodeOptions,
      ...shared,
      ...keepNames(options),
      entryPoints: { index: join(projectRoot, 'src/client/index.ts') },
      outdir: join(dist, 'library'),
    },
    {
      ...shared,
      absWorkingDir: projectRoot,
      bundle: true,
      platform: 'browser',
      target: 'es2022',
      format: 'iife',
      entryPoints: { webview: join(projectRoot, 'webview/main.tsx') },
      outdir: dist,
      tsconfig: join(projectRoot, 'webview/tsconfig.json'),
      loader: { '.ttf': 'file', '.svg': 'dataurl' },
      define: { 'process.env.NODE_ENV': options.production ? '"production"' : '"development"' },
      logLevel: 'warning',
      legalComments: 'none',
    },
  ];
}

/** Writes the extension's files and removes those that an earlier build split off under other hashes. */
async function writeExtension(split: readonly OutputFile[], options: { production: boolean }): Promise<void> {
  const files = await toCommonJs(split, { ...nodeOptions, ...common(options) });
  for (const { name, text, map } of files) {
    if (map !== undefined) await writeFile(join(dist, `${name}.map`), map);
    await writeFile(join(dist, name), text);
  }
  const written = new Set(files.map(({ name }) => name));
  for (const name of await readdir(dist)) {
    if (splitFile.test(name) && !written.has(name.replace(/\.map$/, ''))) await rm(join(dist, name), { force: true });
  }
}

/** Builds everything into `dist/`. Throws when a file does not compile or a bundled package has no licence text. */
export async function buildAll(options: { production: boolean }): Promise<void> {
  // A development build overwrites in place, so that processes running from it keep their files.
  if (options.production) await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const bundles = bundlesOf(options).map(async (bundle) => {
    const built = await build(bundle);
    // Only the extension's bundle stays in memory.
    if (bundle.write === false) await writeExtension(built.outputFiles ?? [], options);
    return built;
  });
  await Promise.all([
    // The root package is of type module; the bundles are CommonJS, which starts faster and needs no interop shims.
    writeFile(join(dist, 'package.json'), '{ "type": "commonjs" }\n'),
    writeFile(join(dist, 'config.schema.json'), `${JSON.stringify(configSchema(), null, 2)}\n`),
    writeFile(join(dist, 'searchSpace.schema.json'), `${JSON.stringify(searchSpaceSchema(), null, 2)}\n`),
    ...bundles,
    declareTypes(),
    cp(join(projectRoot, codicons, 'dist/codicon.css'), join(dist, 'codicon.css')),
    cp(join(projectRoot, codicons, 'dist/codicon.ttf'), join(dist, 'codicon.ttf')),
    cp(join(projectRoot, 'src/runner/trialSdk/nni'), join(dist, 'trialSdk/nni'), {
      recursive: true,
      filter: (source) => !source.includes('__pycache__'),
    }),
  ]);
  const metafiles = (await Promise.all(bundles)).map(({ metafile }) => metafile);
  await writeFile(join(dist, 'ThirdPartyNotices.txt'), await writeNotices(projectRoot, metafiles, [codicons]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildAll({ production: process.argv.includes('--production') });
}
