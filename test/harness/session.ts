/** One story's world: a VS Code server with the packaged extension, a browser, a workspace and an experiments folder, all fresh. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { type CodeServer, startCodeServer } from '../../scripts/codeServer.ts';
import { freshFolder, projectRoot, removeFolder } from '../../scripts/folders.ts';
import { vsixPath } from '../../scripts/package.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { type Theme, themeNames, Workbench, type WorkbenchOptions } from './workbench.ts';

/** The environment variable with the folder into which `npm test` has installed the packaged extension. */
export const extensionsVariable = 'TRIALDECK_TEST_EXTENSIONS';

export interface SessionOptions {
  /** Folder to copy into the workspace; `examples/quickstart` when absent, an empty workspace when null. */
  example?: string | null;
  settings?: Record<string, unknown>;
  /** VS Code's own default when absent. */
  theme?: Theme;
  environment?: Record<string, string>;
  /** Opens the workspace in Restricted Mode. */
  restricted?: boolean;
}

export interface Session {
  server: CodeServer;
  browser: Browser;
  workspace: string;
  experiments: string;
  /** Opens another window on the workspace. */
  open(options?: Partial<WorkbenchOptions>): Promise<Workbench>;
  /**
   * Changes the theme in the settings and waits until a window shows it. The palette would be no help: the panel's page gets the
   * keyboard back from it late, and that closes the list of themes.
   */
  setTheme(window: Workbench, theme: Theme): Promise<void>;
  /** Ends the browser, the server, and every process whose pid is in the experiments folder. */
  end(): Promise<void>;
}

/** The sessions that are open now. */
export const openSessions = new Set<Session>();

export async function startSession(options: SessionOptions = {}): Promise<Session> {
  const chromium = await findChromium(() => {});
  if (!chromium) throw new Error('No Chromium; the UI level should have been skipped.');
  const workspace = await freshFolder('ws');
  const experiments = await freshFolder('exp');
  if (options.example !== null) {
    await cp(options.example ?? join(projectRoot, 'examples', 'quickstart'), workspace, { recursive: true });
  }
  const server = await startCodeServer({
    ...(process.env[extensionsVariable] ? { extensionsFolder: process.env[extensionsVariable] } : { vsix: vsixPath }),
    settings: {
      'trialdeck.experimentsDirectory': experiments,
      ...(options.theme ? { 'workbench.colorTheme': themeNames[options.theme] } : {}),
      ...options.settings,
    },
    environment: options.environment ?? {},
    workspaceTrust: options.restricted ?? false,
  });
  const browser = await launchChromium(chromium);
  const session: Session = {
    server,
    browser,
    workspace,
    experiments,
    open: (more = {}) => Workbench.open(browser, server, { folder: workspace, ...more }),
    setTheme: async (window, theme) => {
      await server.changeSettings({ 'workbench.colorTheme': themeNames[theme] });
      await window.awaitTheme(theme);
    },
    end: async () => {
      openSessions.delete(session);
      await browser.close();
      await server.stop();
      for (const pid of await processesOf(experiments)) endProcess(pid);
      await removeFolder(workspace);
      await removeFolder(experiments);
    },
  };
  openSessions.add(session);
  return session;
}

/** Pids of the manager and the runners that work in an experiments folder. */
export async function processesOf(experiments: string): Promise<number[]> {
  const pids: number[] = [];
  const lock = await readJson(join(experiments, '.trialdeck', 'manager.json'));
  if (typeof lock?.pid === 'number') pids.push(lock.pid);
  for (const { pid } of Object.values(await manifestOf(experiments))) if (typeof pid === 'number') pids.push(pid);
  return pids;
}

/** NNI's list of the experiments in a folder. */
export async function manifestOf(experiments: string): Promise<Record<string, { pid?: unknown; port?: unknown }>> {
  return ((await readJson(join(experiments, '.experiment'))) ?? {}) as Record<
    string,
    { pid?: unknown; port?: unknown }
  >;
}

/** Ids of the experiments in a folder. */
export async function experimentIds(experiments: string): Promise<string[]> {
  return (await readdir(experiments)).filter((name) => !name.startsWith('.') && name !== '_latest');
}

async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // The process ended by itself.
  }
}
