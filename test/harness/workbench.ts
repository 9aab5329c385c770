/** Drives a window of a real VS Code in a browser: side bar, palette, editors, panel. */
import { join } from 'node:path';
import type { Browser, Frame, Locator, Page } from 'playwright-core';
import { type CodeServer, remoteUri, windowAddress } from '../../scripts/codeServer.ts';
import { ensureFolder, resultsFolder } from '../../scripts/folders.ts';

/** The themes that pictures are taken in, as VS Code's settings name them. */
export const themeNames = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'hc-dark': 'Default High Contrast',
  'hc-light': 'Default High Contrast Light',
} as const;
export type Theme = keyof typeof themeNames;

export interface WorkbenchOptions {
  folder: string;
  /** A development folder to run the extension from; leave out when it is installed as a `.vsix`. */
  extensionFolder?: string;
  openFile?: string;
  width?: number;
  height?: number;
}

const maxConsoleLines = 500;
/** A CodeLens that was not redrawn for this long does not lose a click. */
const settledMs = 500;
/** Click after this long in any case: the CodeLens of a running experiment is redrawn all the time. */
const maxSettlingMs = 5000;

/** The windows that are open now. */
export const openWorkbenches = new Set<Workbench>();

export class Workbench {
  readonly page: Page;
  /** The window's console output, the newest lines last. */
  readonly console: string[] = [];
  readonly #close: () => Promise<void>;

  private constructor(page: Page, close: () => Promise<void>) {
    this.page = page;
    this.#close = close;
    page.on('console', (message) => {
      this.console.push(`${message.type()}: ${message.text()}`);
      if (this.console.length > maxConsoleLines) this.console.shift();
    });
  }

  /** Opens a window and waits until it is usable. */
  static async open(browser: Browser, server: CodeServer, options: WorkbenchOptions): Promise<Workbench> {
    const payload: [string, string][] = [];
    if (options.extensionFolder) payload.push(['extensionDevelopmentPath', remoteUri(server, options.extensionFolder)]);
    if (options.openFile) payload.push(['openFile', remoteUri(server, options.openFile)]);
    return Workbench.at(browser, windowAddress(server, options.folder, payload), options);
  }

  /** Opens the window behind an address and waits until it is usable. */
  static async at(
    browser: Browser,
    address: string,
    size: { width?: number; height?: number } = {},
  ): Promise<Workbench> {
    const context = await browser.newContext({
      viewport: { width: size.width ?? 1440, height: size.height ?? 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    // A busy machine takes half a minute for a step of one second.
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    const workbench = new Workbench(page, () => context.close());
    openWorkbenches.add(workbench);
    await page.goto(address);
    page.once('close', () => openWorkbenches.delete(workbench));
    await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 100_000 });
    return workbench;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** Opens the palette with a key. */
  async #palette(key: string): Promise<Locator> {
    const input = this.page.locator('.quick-input-widget input.input').first();
    // Do not mistake a closing palette for this one.
    await input.waitFor({ state: 'hidden' });
    // A window that is moving the focus, for example to a new page, loses the key.
    for (let attempt = 1; attempt <= 5 && !(await input.isVisible()); attempt++) {
      await this.page.keyboard.press(key);
      await input.waitFor({ timeout: 10_000 }).catch(() => undefined);
    }
    return input;
  }

  /** Runs a command from the palette by its title. */
  async run(title: string): Promise<void> {
    const input = await this.#palette('F1');
    await input.fill(`>${title}`);
    // Groups such as "recently used" may put other rows first: pick by the row's label.
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    await row.waitFor();
    await row.click();
  }

  /** Opens a file of the workspace, or brings its editor to the front. */
  async openFile(name: string): Promise<void> {
    if (await this.tab(name).isVisible()) await this.tab(name).click();
    else {
      const input = await this.#palette('Control+P');
      await input.fill(name);
      await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click();
    }
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
  }

  /** Types into the open quick pick or input box. */
  async type(text: string): Promise<Locator> {
    const input = this.page.locator('.quick-input-widget:visible input').first();
    await input.waitFor();
    await input.fill(text);
    return input;
  }

  /** Answers the open quick pick or input box. */
  async answer(text: string): Promise<void> {
    const input = await this.type(text);
    // Press on the input itself, not on the focused element: an editor that opens late may have the focus.
    await input.press('Enter');
  }

  /** Accepts the suggestion of the open input box. */
  async accept(button = 'OK'): Promise<void> {
    await this.page.locator('.quick-input-widget:visible .monaco-button', { hasText: button }).click();
  }

  /** Reloads the window. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.run('Developer: Reload Window');
    await loaded;
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 100_000 });
  }

  /** Shows the extension's side bar. */
  async openSideBar(): Promise<void> {
    const title = this.page.locator('.sidebar .composite.title', { hasText: /Trialdeck/ });
    // The icon closes an open side bar, and a window may restore the side bar during the click.
    for (let attempt = 1; attempt <= 5 && !(await title.isVisible()); attempt++) {
      await this.page.locator('.activitybar [aria-label^="Trialdeck"]').first().click();
      await title.waitFor({ timeout: 10_000 }).catch(() => undefined);
    }
    await title.waitFor();
  }

  /** A row of the tree by a part of its text. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.sidebar .monaco-list-row', { hasText: text }).first();
  }

  /** The row of a trial by its number. */
  trial(number: number): Locator {
    return this.page.locator(`.sidebar .monaco-list-row[aria-label^="Trial ${number},"]`);
  }

  /** Unfolds a row that is folded. */
  async expand(row: Locator): Promise<void> {
    if ((await row.getAttribute('aria-expanded')) === 'true') return;
    await row.locator('.monaco-tl-twistie').click();
    await row.and(this.page.locator('[aria-expanded="true"]')).waitFor();
  }

  /** Runs an entry of a row's context menu. */
  async contextMenu(row: Locator, entry: string): Promise<void> {
    const item = this.page.locator('.monaco-menu .action-item', { hasText: entry }).first();
    // A row that is redrawn at that moment loses the click.
    for (let attempt = 1; attempt <= 3 && !(await item.isVisible()); attempt++) {
      if (attempt > 1) await this.page.keyboard.press('Escape');
      await row.click({ button: 'right' });
      await item.waitFor({ timeout: 10_000 }).catch(() => undefined);
    }
    // Use the keyboard: a new menu ignores clicks, and a second click could close what the command has opened.
    await item.hover();
    await item.and(this.page.locator('.focused')).waitFor();
    await this.page.keyboard.press('Enter');
    await item.waitFor({ state: 'detached' });
  }

  codeLens(text: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration a, .codelens-decoration span', { hasText: text }).first();
  }

  /**
   * Clicks a CodeLens and waits for the effect. While extensions start, VS Code redraws all CodeLenses for each provider
   * and loses clicks meanwhile, so the click waits until the CodeLens has been stable for a while.
   */
  async clickLens(text: string | RegExp, outcome: Locator): Promise<void> {
    const lens = this.codeLens(text);
    await lens.waitFor({ timeout: 100_000 });
    const stays = `(element) => new Promise((resolve) => setTimeout(() => resolve(element.isConnected), ${settledMs}))`;
    const deadline = Date.now() + maxSettlingMs;
    while ((await lens.evaluate(stays)) !== true && Date.now() < deadline);
    await lens.click();
    await outcome.waitFor();
  }

  /** An editor's tab. */
  tab(name: string): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: name }).first();
  }

  /** A button of a notification or modal dialog. */
  button(text: string): Locator {
    return this.page
      .locator('.monaco-dialog-box .monaco-button, .notifications-toasts .monaco-button', { hasText: text })
      .first();
  }

  /** A notification by a part of its text. */
  toast(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text }).first();
  }

  /** The modal dialog. */
  dialog(text: string | RegExp): Locator {
    return this.page.locator('.monaco-dialog-box', { hasText: text });
  }

  /** The frame of a webview whose document holds `selector`. */
  async webview(selector: string, timeout = 60_000): Promise<Frame> {
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
      // Frames come and go while a panel loads, and no event says that a frame holds an element.
      await this.page.waitForTimeout(50);
    }
  }

  /** Waits until the window shows a theme. */
  async awaitTheme(theme: Theme): Promise<void> {
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
