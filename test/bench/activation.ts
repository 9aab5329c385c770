/** VS Code's own measurement of the packaged extension's activation, in a window that opens a config file. */
import { join } from 'node:path';
import { packageExtension } from '../../scripts/package.ts';
import { findChromium } from '../harness/chromium.ts';
import { startSession } from '../harness/session.ts';

export interface ExtensionFigures {
  /** Milliseconds for each opened window: loading the code and calling `activate`. */
  activations: number[];
  /** Bytes of the `.vsix`. */
  size: number;
}

/** Undefined, with a printed reason, when there is no browser. */
export async function extensionFigures(
  say: (line: string) => void,
  windows: number,
): Promise<ExtensionFigures | undefined> {
  if (!(await findChromium(say))) {
    say('No Chromium is installed or installable, so no window is opened.');
    return undefined;
  }
  const size = await packageExtension();
  const activations: number[] = [];
  const session = await startSession();
  try {
    for (let count = 0; count < windows; count++) {
      const window = await session.open({ openFile: join(session.workspace, 'config.yml'), width: 700, height: 420 });
      await window.codeLens(/Run/).waitFor({ timeout: 60_000 });
      await window.run('Developer: Show Running Extensions');
      const row = window.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Trialdeck' }).first();
      const text = (await row.textContent()) ?? '';
      const milliseconds = /Activation:\s*(\d+)\s*ms/.exec(text)?.[1];
      if (milliseconds === undefined) throw new Error(`VS Code says no activation time: ${text}`);
      activations.push(Number(milliseconds));
      await window.close();
    }
  } finally {
    await session.end();
  }
  return { activations, size };
}
