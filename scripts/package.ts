/**
 * Packages the extension: vsce runs the production build (`vscode:prepublish`) and writes `trialdeck.vsix`, which people install and the UI
 * tests use.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createVSIX } from '@vscode/vsce';
import { projectRoot } from './folders.ts';

export const vsixPath = join(projectRoot, 'trialdeck.vsix');

/** Returns the size of the package in bytes. */
export async function packageExtension(): Promise<number> {
  await createVSIX({
    cwd: projectRoot,
    packagePath: vsixPath,
    // Everything is bundled, so the package carries no node_modules.
    dependencies: false,
    // The README's pictures stay relative: they have no public address.
    rewriteRelativeLinks: false,
    allowMissingRepository: true,
  });
  return (await stat(vsixPath)).size;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const size = await packageExtension();
  console.log(`${vsixPath}: ${(size / 1e6).toFixed(2)} MB`);
}
