/** Makes the licence notices of the packages whose code or files are in `dist/`, from the bundler's list of its inputs. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

export interface BundledPackage {
  name: string;
  version: string;
  licence: string;
  homepage: string | undefined;
  /** The texts of its licence and notice files. */
  texts: string[];
}

/**
 * Folders of the packages that outputs hold code of.
 * @returns paths relative to the folder that the bundler worked in, such as `node_modules/a/node_modules/b`
 */
export function bundledFolders(metafiles: readonly Metafile[]): string[] {
  const folders = new Set<string>();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders].sort();
}

interface Manifest {
  name: string;
  version: string;
  license?: string;
  homepage?: string;
  repository?: string | { url?: string };
  author?: string | { name?: string };
}

/**
 * Reads what a package says about its licence.
 * @throws Error when it brings no licence text and none can be made from its package.json
 */
export async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { name, version, license = '' } = manifest;
  const repository = typeof manifest.repository === 'string' ? manifest.repository : manifest.repository?.url;
  let texts = await licenceFiles(folder);
  if (texts.length === 0) texts = await licenceInReadme(folder);
  if (texts.length === 0 && license === 'MIT') texts = [mitText(manifest)];
  if (license === '' || texts.length === 0) {
    throw new Error(`${name} ${version} is bundled and has no licence text in ${folder}: do not ship it without.`);
  }
  return { name, version, licence: license, homepage: manifest.homepage ?? repository, texts };
}

/** Texts of the licence and notice files of a package, and of its folder of licences of others (echarts has one). */
async function licenceFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder))
    .filter((name) => /^(licen[cs]es?|notices?|copying|copyright)/i.test(name))
    .sort();
  const texts: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path)).isFile()) texts.push(await readFile(path, 'utf8'));
    else for (const inner of (await readdir(path)).sort()) texts.push(await readFile(join(path, inner), 'utf8'));
  }
  return texts.map((text) => text.replaceAll('\r\n', '\n').trim()).filter((text) => text !== '');
}

/** Some packages keep their licence in the README only. */
async function licenceInReadme(folder: string): Promise<string[]> {
  const name = (await readdir(folder)).find((file) => /^readme/i.test(file));
  if (name === undefined) return [];
  const text = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n');
  const section = /^#* *(?:the )?licen[cs]e.*$([\s\S]*)/im.exec(text)?.[1] ?? '';
  return section.includes('Permission is hereby granted') ? [section.replace(/^[\s=-]+/, '').trim()] : [];
}

/** The MIT licence as published by the Open Source Initiative, for packages that name it without its text. */
function mitText({ name, author }: Manifest): string {
  const holder = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`;
  return `The MIT License (MIT)

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
}

/** The line that begins the notice of a package. */
export function noticeHead({ name, version, licence }: Pick<BundledPackage, 'name' | 'version' | 'licence'>): string {
  return `${name} ${version} (${licence})`;
}

/** One text of all notices. */
export function noticesText(packages: readonly BundledPackage[]): string {
  const rule = '-'.repeat(80);
  const parts = packages.map((one) =>
    [rule, noticeHead(one), ...(one.homepage ? [one.homepage] : []), '', one.texts.join('\n\n')].join('\n'),
  );
  return `Trialdeck includes code and files of the packages below, under their own licences.\n\n${parts.join('\n\n')}\n`;
}

/**
 * The notices of everything in `dist/`.
 * @param root folder that the bundler worked in
 * @param copied folders of packages whose files are copied, not bundled
 * @throws Error when a package brings no licence text
 */
export async function writeNotices(
  root: string,
  metafiles: readonly Metafile[],
  copied: readonly string[],
): Promise<string> {
  const folders = [...new Set([...bundledFolders(metafiles), ...copied])].sort();
  const packages = await Promise.all(folders.map((folder) => readPackage(join(root, folder))));
  // The same version of a package may be installed at several places.
  const unique = new Map(packages.map((one) => [noticeHead(one), one]));
  return noticesText([...unique.values()].sort((a, b) => (noticeHead(a) < noticeHead(b) ? -1 : 1)));
}
