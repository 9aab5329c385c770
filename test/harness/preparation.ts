/** Prepares a test run: installs browser, VS Code and NNI, and builds once for all test processes. */
import { buildAll } from '../../scripts/build.ts';
import { installCodeServer, installExtension } from '../../scripts/codeServer.ts';
import { freshFolder } from '../../scripts/folders.ts';
import { packageExtension, vsixPath } from '../../scripts/package.ts';
import { builtVariable } from './built.ts';
import { buildBundles, bundlesVariable } from './bundles.ts';
import type { Level } from './choice.ts';
import { findChromium } from './chromium.ts';
import { installRealNni } from './realNni.ts';
import { extensionsVariable } from './session.ts';

export interface Preparation {
  /** Temporary folders; the caller removes them after the run. */
  folders: string[];
  /** Why tests that need a window can't run here; absent when they can. */
  noWindows?: string;
}

/** Prepares everything that the chosen levels need. @param say prints a line */
export async function prepare(chosenLevels: ReadonlySet<Level>, say: (line: string) => void): Promise<Preparation> {
  const folders: string[] = [];
  let noWindows: string | undefined;
  if (chosenLevels.has('ui') || chosenLevels.has('host')) {
    if (!(await findChromium(say))) noWindows = 'No Chromium is installed or installable; set CHROME_PATH.';
    else {
      try {
        await installCodeServer(say);
      } catch (error) {
        noWindows = `VS Code could not be installed: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
  if (chosenLevels.has('unit') || chosenLevels.has('manager') || chosenLevels.has('ui')) {
    if (!(await installRealNni(say))) say('!! SKIPPED: comparisons with the real NNI 3.0.');
  }
  // Build once: a file must not change while another process reads it.
  if (chosenLevels.has('ui') && noWindows === undefined) {
    await packageExtension();
    const extensions = await freshFolder('ext');
    await installExtension(vsixPath, extensions);
    process.env[extensionsVariable] = extensions;
    folders.push(extensions);
  } else await buildAll({ production: false });
  process.env[builtVariable] = '1';
  const bundles = await freshFolder('bundles');
  await buildBundles(bundles);
  process.env[bundlesVariable] = bundles;
  folders.push(bundles);
  return { folders, ...(noWindows === undefined ? {} : { noWindows }) };
}
