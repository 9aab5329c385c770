/**
 * The built page in a browser, without VS Code around it: the panel's own document and content security policy, the theme's
 * variables as VS Code 1.139 sets them (`themes.json`), and a host that the test plays.
 */
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page as BrowserPage, Locator } from 'playwright-core';
import { ensureFolder, projectRoot, resultsFolder } from '../../../scripts/folders.ts';
import type { ExperimentChange, ExperimentSnapshot } from '../../../src/model/experiment/experiment.ts';
import type { Events, Method, PageState, RequestMessage, Requests, ToHost } from '../../../src/protocol.ts';
import { pageHtml } from '../../../src/ui/panel/html.ts';

export type ThemeName = 'light' | 'dark' | 'high-contrast' | 'high-contrast-light';
export const themeNames: readonly ThemeName[] = ['dark', 'light', 'high-contrast', 'high-contrast-light'];

export interface OpenOptions {
  theme?: ThemeName;
  width?: number;
  height?: number;
  /** Page zoom, 2 for 200 %. */
  zoom?: number;
  state?: PageState;
  snapshot?: ExperimentSnapshot;
  reducedMotion?: boolean;
  /** Folder of the built page. */
  dist?: string;
}

type Answers = { [M in Method]?: (params: Requests[M]['params']) => Requests[M]['result'] | Promise<never> };

const origin = 'https://page.test';

export class PageHarness {
  readonly page: BrowserPage;
  readonly requests: RequestMessage[] = [];
  /** How often the page said `ready`. */
  readies = 0;
  answers: Answers = {};
  readonly #arrivals = new EventEmitter();
  /** The trial that is picked in the window, as the panel knows it. */
  #picked: string | null;
  readonly #close: () => Promise<void>;
  readonly errors: string[] = [];

  private constructor(page: BrowserPage, picked: string | null, close: () => Promise<void>) {
    this.page = page;
    this.#picked = picked;
    this.#close = close;
  }

  /** Opens the page; with a snapshot, resolves when it is drawn. */
  static async open(browser: Browser, options: OpenOptions = {}): Promise<PageHarness> {
    const zoom = options.zoom ?? 1;
    const context = await browser.newContext({
      // Zoom as a browser does it: fewer and larger CSS pixels.
      viewport: {
        width: Math.round((options.width ?? 1280) / zoom),
        height: Math.round((options.height ?? 860) / zoom),
      },
      deviceScaleFactor: zoom,
      reducedMotion: options.reducedMotion === false ? 'no-preference' : 'reduce',
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    const page = await context.newPage();
    const harness = new PageHarness(page, options.state?.selectedTrial ?? null, () => context.close());
    page.on('pageerror', (error) => harness.errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') harness.errors.push(message.text());
    });
    await page.exposeFunction('pageSays', (message: ToHost) => harness.#receive(message));
    await harness.#serve(options);
    await page.goto(`${origin}/index.html`);
    if (options.snapshot) await harness.show(options.snapshot);
    return harness;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  async #serve(options: OpenOptions): Promise<void> {
    const themes = await readThemes();
    const dist = options.dist ?? join(projectRoot, 'dist');
    const html = pageHtml({
      cspSource: origin,
      script: `${origin}/webview.js`,
      styles: [`${origin}/codicon.css`, `${origin}/webview.css`],
      language: 'en',
      context: {},
    });
    const nonce = /nonce="([^"]+)"/.exec(html)?.[1] ?? '';
    const withHost = html.replace('<div id="root">', `<script nonce="${nonce}" src="host.js"></script><div id="root">`);
    const host = [
      `const themes = ${JSON.stringify(themes)};`,
      `const startTheme = ${JSON.stringify(options.theme ?? 'dark')};`,
      `const startState = ${JSON.stringify(options.state)};`,
      await readFile(join(import.meta.dirname, 'fakeHost.js'), 'utf8'),
    ].join('\n');
    await this.page.route(`${origin}/**`, async (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === 'index.html') await route.fulfill({ contentType: 'text/html', body: withHost });
      else if (name === 'host.js') await route.fulfill({ contentType: 'text/javascript', body: host });
      else await route.fulfill({ path: join(dist, name) });
    });
  }

  #receive(message: ToHost): void {
    if (message.type === 'ready') {
      this.readies++;
      this.#arrivals.emit('message');
      return;
    }
    this.requests.push(message);
    if (message.method === 'selectTrial') this.#picked = message.params.trialId;
    this.#arrivals.emit('message');
    void this.#answer(message);
  }

  async #answer({ id, method, params }: RequestMessage): Promise<void> {
    try {
      const answer = this.answers[method] as ((given: unknown) => unknown) | undefined;
      await this.#post({ type: 'reply', id, ok: true, result: (await answer?.(params)) ?? null });
    } catch (error) {
      await this.#post({
        type: 'reply',
        id,
        ok: false,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** The answer may come when the page has gone. */
  async #post(message: unknown): Promise<void> {
    const text = JSON.stringify(message);
    // Parsed, not written as an object: `__proto__` in a literal is no key.
    await this.page.evaluate(`window.postMessage(JSON.parse(${JSON.stringify(text)}), '*')`).catch((error: unknown) => {
      if (!this.page.isClosed()) throw error;
    });
  }

  async send<E extends keyof Events>(event: E, data: Events[E]): Promise<void> {
    if (event === 'select') this.#picked = (data as Events['select']).trialId;
    await this.#post({ type: 'event', event, data });
  }

  /** Sends a snapshot and waits until it is drawn. */
  async show(snapshot: ExperimentSnapshot, more: Partial<Events['snapshot']> = {}): Promise<void> {
    const connection = { state: 'connected', since: 0 } as const;
    const selectedTrial = this.#picked;
    const event = { connectionId: 'local', snapshot, selectedTrial, connection, strings: {}, canRun: true, ...more };
    await this.send('snapshot', event);
    await this.drawn(snapshot.revision);
  }

  /** Sends a change and waits until it is drawn. */
  async change(change: ExperimentChange): Promise<void> {
    await this.send('change', { change });
    await this.drawn(change.revision);
  }

  /** Resolves when this revision has been painted. Observed in the page: its policy forbids what `waitForFunction` does. */
  async drawn(revision: number): Promise<void> {
    await this.page.evaluate(`new Promise((resolve) => {
      const isIt = (mark) => mark.name === 'trialdeck:painted:${revision}';
      const observer = new PerformanceObserver((list) => {
        if (!list.getEntries().some(isIt)) return;
        observer.disconnect();
        resolve();
      });
      observer.observe({ type: 'mark', buffered: true });
    })`);
  }

  /** Resolves when what was done to the page so far has been drawn. */
  async frame(): Promise<void> {
    await this.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  async attribute(locator: Locator, name: string): Promise<string | null> {
    await this.frame();
    return locator.getAttribute(name);
  }

  /** A property of an element's style as it is in the end. */
  async style(locator: Locator, property: string): Promise<string> {
    const style = `getComputedStyle(document.querySelector('[data-asked]')).getPropertyValue('${property}')`;
    await locator.evaluate((element) => element.setAttribute('data-asked', ''));
    const value = await this.page.evaluate<string>(style);
    await locator.evaluate((element) => element.removeAttribute('data-asked'));
    return value;
  }

  async setTheme(theme: ThemeName): Promise<void> {
    await this.page.evaluate(`setTheme('${theme}')`);
  }

  async tab(name: RegExp): Promise<void> {
    await this.page.getByRole('tab', { name }).first().click();
    await this.frame();
  }

  /** The text as one sees it, cells and lines apart. */
  async text(place: string | Locator): Promise<string> {
    const locator = (typeof place === 'string' ? this.page.locator(place) : place).first();
    await locator.waitFor();
    await this.frame();
    const [text = ''] = await locator.allInnerTexts();
    return text;
  }

  plot(name: string): Locator {
    return this.page.locator(`[data-plot="${name}"]`);
  }

  async violations(): Promise<string[]> {
    return (await this.page.evaluate('window.violations')) as string[];
  }

  async keptState(): Promise<PageState> {
    return (await this.page.evaluate('window.keptState')) as PageState;
  }

  /** Resolves with the parameters of the `count`th request of its kind, when it has come. */
  async asked<M extends Method>(method: M, count = 1): Promise<Requests[M]['params']> {
    for (;;) {
      const all = this.requested(method);
      const params = all[count - 1];
      if (all.length >= count) return params as Requests[M]['params'];
      await once(this.#arrivals, 'message');
    }
  }

  /** Resolves when the page has said `ready` so often. */
  async saidReady(count: number): Promise<void> {
    while (this.readies < count) await once(this.#arrivals, 'message');
  }

  requested<M extends Method>(method: M): Requests[M]['params'][] {
    return this.requests.flatMap((request) =>
      request.method === method ? [request.params as Requests[M]['params']] : [],
    );
  }

  /** Saves a picture below `test-results/pictures/page`. */
  async picture(name: string, fullPage = false): Promise<string> {
    const path = join(await ensureFolder(join(resultsFolder, 'pictures', 'page')), `${name}.png`);
    await this.page.screenshot({ path, fullPage });
    return path;
  }
}

interface ThemeFile {
  bodyClass: string;
  variables: Record<string, string>;
}

/** VS Code's own variables, and the extension's colours with their defaults for the theme. */
async function readThemes(): Promise<Record<ThemeName, ThemeFile>> {
  const themes = JSON.parse(await readFile(join(import.meta.dirname, 'themes.json'), 'utf8')) as Record<
    ThemeName,
    ThemeFile
  >;
  const manifest = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as {
    contributes: { colors: { id: string; defaults: Record<string, string> }[] };
  };
  const kinds = {
    light: 'light',
    dark: 'dark',
    'high-contrast': 'highContrast',
    'high-contrast-light': 'highContrastLight',
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const { variables } = themes[name as ThemeName];
    for (const { id, defaults } of manifest.contributes.colors) {
      const value = defaults[kind] ?? '';
      const resolved = value.startsWith('#') ? value : variables[`--vscode-${value.replaceAll('.', '-')}`];
      if (resolved !== undefined) variables[`--vscode-${id.replaceAll('.', '-')}`] = resolved;
    }
  }
  return themes;
}
