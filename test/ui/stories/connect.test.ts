import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { CommandLine, type RunningCommand } from '../../harness/commandLine.ts';
import { freePort, Home, killHard } from '../../harness/home.ts';
import { type Session, startSession } from '../../harness/session.ts';
import { story } from '../../harness/story.ts';
import type { Workbench } from '../../harness/workbench.ts';

const recorded = join(projectRoot, 'test', 'fixtures', 'nni-3.0', 'experiments');

/** Story: a manager runs on another machine; I connect to it, it goes away, and it comes back. */
story('connect to a manager elsewhere', () => {
  let session: Session;
  let window: Workbench;
  let elsewhere: Home;
  let manager: RunningCommand;
  let port: number;
  let tokenFile: string;
  const box = () => window.row(/^gpu box/);
  /** Rows of experiments, on all connections. */
  const experiments = () => window.page.locator('.sidebar .monaco-list-row[aria-label^="Experiment "]');
  const all = (count: number) =>
    experiments()
      .nth(count - 1)
      .waitFor({ timeout: 100_000 });

  async function startManager(): Promise<void> {
    const command = new CommandLine(elsewhere);
    manager = await command.start('manager', 'start', '--port', String(port), '--token-file', tokenFile);
    await manager.until(/Connect to Manager/);
  }

  before(async () => {
    session = await startSession({ example: null, theme: 'dark' });
    await cp(join(recorded, 'hfc6tdyj'), join(session.experiments, 'hfc6tdyj'), { recursive: true });
    elsewhere = await Home.make();
    await cp(join(recorded, 'fcqgwob9'), join(elsewhere.experiments, 'fcqgwob9'), { recursive: true });
    port = await freePort();
    tokenFile = join(elsewhere.path, 'token');
    await startManager();
    window = await session.open();
    await window.openSideBar();
    await window.row(/This machine/).waitFor({ timeout: 100_000 });
  });
  after(async () => {
    await session?.end();
    await elsewhere?.dispose();
  });

  it('asks for the address, says what is wrong with it, and asks for the token', async () => {
    await window.run('Trialdeck: Connect to Manager…');
    await window.type('what is this');
    await window.page.getByText(/This is not an address/).waitFor();
    await window.answer(`localhost:${port}`);
    await window.page.getByText(/asks for a token/).waitFor({ timeout: 100_000 });
    await window.answer('guessed');
    await window.page.getByText(/That is not the token/).waitFor({ timeout: 100_000 });
    await window.answer((await readFile(tokenFile, 'utf8')).trim());
    await window.page.getByText(/What it is called/).waitFor({ timeout: 100_000 });
    await window.answer('gpu box');
  });

  it('shows its experiments beside those of this machine', async () => {
    await window.row(/^gpu box$/).waitFor({ timeout: 100_000 });
    await window.row(/This machine/).waitFor();
    await all(2);
    await window.picture('connected');
  });

  it('says that it was lost, since when and why, and what was read stays', async () => {
    await killHard((await elsewhere.lock()).pid);
    await manager.ended;
    await window.row(/^gpu box\s*no answer since/).waitFor({ timeout: 100_000 });
    await all(2);
    await box().hover();
    await window.page
      .locator('.monaco-hover', { hasText: /connection refused/ })
      .first()
      .waitFor();
    await window.picture('lost');
  });

  it('comes back by itself when the manager does', async () => {
    await startManager();
    await window.row(/^gpu box$/).waitFor({ timeout: 100_000 });
  });

  it('opens experiments from there like those from here', async () => {
    await window.row(/^nas-toy/).click();
    await window.page.keyboard.press('Enter');
    const page = await window.webview('[data-trial-count]', 100_000);
    await page.getByText('nas-toy').first().waitFor();
  });

  it('is remembered by the next window, asks for the token where secrets are not kept, and can be forgotten', async () => {
    await window.reload();
    await window.openSideBar();
    // A browser keeps secrets no longer than its page.
    await window.row(/^gpu box\s*needs its token/).waitFor({ timeout: 100_000 });
    await session.setTheme(window, 'light');
    await window.picture('needs-token');
    await window.contextMenu(box(), 'Change Token…');
    await window.answer((await readFile(tokenFile, 'utf8')).trim());
    await all(2);
    // The panel that was open is back as well.
    await window.webview('[data-trial-count]', 100_000);
    await window.openSideBar();
    await window.contextMenu(box(), 'Forget Connection');
    await box().waitFor({ state: 'detached' });
    await window.row(/This machine/).waitFor();
  });
});
