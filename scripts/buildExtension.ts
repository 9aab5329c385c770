/**
 * Builds the extension as one file that VS Code reads before the extension is active, and parts that are read when they are first
 * needed. Only ES modules can be split; so they are split first, and each file is then turned into CommonJS, which starts faster.
 */
import { basename } from 'node:path';
import { type BuildOptions, type OutputFile, transform } from 'esbuild';

export interface BuiltFile {
  /** Name in `dist/`. */
  name: string;
  text: string;
  /** Source map; absent in production. */
  map?: string;
}

/** Matches the names that `chunkNames` below gives split files, and their source maps. */
export const splitFile = /^extension-.+-[A-Z0-9]{8}\.js(\.map)?$/;

/** Options for the first step: splits the extension into ES modules, in memory. @param options those of the other bundles */
export function splitBundle<O extends BuildOptions>(options: O, entry: string) {
  const { banner: _banner, supported: _supported, sourcemap, ...rest } = options;
  return {
    ...rest,
    format: 'esm',
    splitting: true,
    write: false,
    sourcemap: sourcemap ? 'inline' : false,
    entryPoints: { extension: entry },
    chunkNames: 'extension-[name]-[hash]',
  } as const;
}

/** The second step: turns the split files into CommonJS. @param options those of the other bundles */
export function toCommonJs(files: readonly OutputFile[], options: BuildOptions): Promise<BuiltFile[]> {
  const { banner, supported, minify, sourcemap, target } = options;
  return Promise.all(
    files.map(async ({ path, text }): Promise<BuiltFile> => {
      const name = basename(path);
      const made = await transform(text, {
        format: 'cjs',
        platform: 'node',
        target: target ?? 'node20',
        supported: supported ?? {},
        // It defines the bundle's address, which few files ask for.
        banner: text.includes('__bundleUrl') ? (banner?.js ?? '') : '',
        minify: minify ?? false,
        sourcemap: sourcemap ? 'external' : false,
        sourcefile: name,
        legalComments: 'none',
      });
      return sourcemap
        ? { name, text: `${made.code}//# sourceMappingURL=${name}.map\n`, map: made.map }
        : { name, text: made.code };
    }),
  );
}

/** The files that are read with `extension.js`: those it requires at once, and what they require. */
export function readAtStart(files: readonly BuiltFile[]): BuiltFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const read = new Set<BuiltFile>();
  const visit = (name: string) => {
    const file = byName.get(name);
    if (!file || read.has(file)) return;
    read.add(file);
    // What is imported later is required within a promise's function: `.then(()=>…require("./x.js")`.
    const atOnce = file.text.replaceAll(/\.then\(\s*\(\)\s*=>[^;]*?require\("[^"]+"\)/g, '');
    for (const match of atOnce.matchAll(/require\("\.\/([^"]+)"\)/g)) visit(match[1] ?? '');
  };
  visit('extension.js');
  return [...read];
}
