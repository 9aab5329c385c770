/** A window of a real VS Code in a browser, as a person meets it: side bar, palette, editors, panel. */
import { join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { type CodeServer, remoteUri, windowAddress } from '../../scripts/codeServer.ts';
import { ensureFolder, resultsFolder } from '../../scripts/folders.ts';

export interface WorkbenchOptions {
  folder: string;
  /** A development folder to run the extension from; leave out when it is installed as a `.vsix`. */
  extensionFolder?: string;
  openFile?: string;
  width?: number;
  height?: number;
}

export class Workbench {
  readonly page: Page;
  readonly #close: () => Promise<void>;

  private constructor(page: Page, close: () => Promise<void>) {
    this.page = page;
    this.#close = close;
  }

  /** Opens a window and waits until it is usable. */
  static async open(browser: Browser, server: CodeServer, options: WorkbenchOptions): Promise<Workbench> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const page = await context.newPage();
    const payload: [string, string][] = [];
    if (options.extensionFolder) payload.push(['extensionDevelopmentPath', remoteUri(server, options.extensionFolder)]);
    if (options.openFile) payload.push(['openFile', remoteUri(server, options.openFile)]);
    await page.goto(windowAddress(server, options.folder, payload));
    const workbench = new Workbench(page, () => context.close());
    await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    return workbench;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** Runs a command from the palette by its title. */
  async run(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input.input').first();
    await input.waitFor();
    await input.fill(`>${title}`);
    // The recently used and similar groups may put others first: pick by the row's own label.
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    await row.waitFor();
    await row.click();
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input.input').first();
    await input.waitFor();
    await input.fill(name);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click();
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
  }

  /** Answers the open quick pick or input box. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input').first();
    await input.waitFor();
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Shows the extension's side bar. */
  async openSideBar(): Promise<void> {
    const tree = this.tree();
    if (await tree.isVisible()) return;
    await this.page.locator('.activitybar [aria-label^="Trialdeck"]').first().click();
    await this.page.locator('.sidebar .pane').first().waitFor();
  }

  tree(): Locator {
    return this.page.locator('.sidebar .pane-body .monaco-list[role="tree"]').first();
  }

  /** A row of the tree by a part of its text. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.sidebar .monaco-list-row', { hasText: text }).first();
  }

  codeLens(text: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration a, .codelens-decoration span', { hasText: text }).first();
  }

  /** A button of a notification or modal dialog. */
  button(text: string): Locator {
    return this.page
      .locator('.monaco-dialog-box .monaco-button, .notifications-toasts .monaco-button', { hasText: text })
      .first();
  }

  /** The frame of a webview whose document holds `selector`. */
  async webview(selector: string, timeout = 30_000): Promise<Frame> {
    const deadline = Date.now() + timeout;
    for (;;) {
      for (const frame of this.page.frames()) {
        if (frame === this.page.mainFrame()) continue;
        const found = await frame
          .locator(selector)
          .count()
          .catch(() => 0);
        if (found > 0) return frame;
      }
      if (Date.now() > deadline) throw new Error(`No webview with "${selector}" after ${timeout} ms.`);
      // Frames come and go while a panel loads and there is no event for "a frame holds an element".
      await this.page.waitForTimeout(50);
    }
  }

  async setTheme(theme: 'light' | 'dark' | 'hc-dark' | 'hc-light'): Promise<void> {
    const names = {
      light: 'Light Modern',
      dark: 'Dark Modern',
      'hc-dark': 'Dark High Contrast',
      'hc-light': 'Light High Contrast',
    };
    await this.run('Preferences: Color Theme');
    const input = this.page.locator('.quick-input-widget input.input').first();
    await input.waitFor();
    await input.fill(names[theme]);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: names[theme] }).first();
    await row.click();
    const css = { light: 'vs', dark: 'vs-dark', 'hc-dark': 'hc-black', 'hc-light': 'hc-light' }[theme];
    await this.page.locator(`.monaco-workbench.${css}`).waitFor();
  }

  /** Saves a picture under test-results/pictures and returns its path. */
  async picture(name: string): Promise<string> {
    const path = join(await ensureFolder(join(resultsFolder, 'pictures')), `${name}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}
