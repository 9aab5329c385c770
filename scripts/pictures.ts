/** `npm run pictures`: runs the UI stories and puts the pictures they take into the README's folder. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureFolder, projectRoot, resultsFolder } from './folders.ts';

/** The README's picture by the story's picture. */
const pictures = {
  'overview-dark': 'overview-dark',
  'panel-light': 'panel-light',
  'panel-high-contrast': 'panel-hc-dark',
  'config-problems': 'config-problems',
  'config-running': 'codelens-running',
  'real-nni': 'nni-panel',
} as const;

await execa(process.execPath, [join(projectRoot, 'test', 'run.ts'), 'ui'], { cwd: projectRoot, stdio: 'inherit' });
const folder = await ensureFolder(join(projectRoot, 'media', 'readme'));
for (const [name, story] of Object.entries(pictures)) {
  await copyFile(join(resultsFolder, 'pictures', `${story}.png`), join(folder, `${name}.png`));
}
