/** Finds or installs a Chromium for tests in a browser. */
import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { type Browser, chromium } from 'playwright-core';

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of a browser: `CHROME_PATH`, an installed one, or on Debian as root a fresh install. Undefined when none is available. */
export async function findChromium(say: (line: string) => void): Promise<string | undefined> {
  const fromEnvironment = process.env.CHROME_PATH;
  if (fromEnvironment) return existsSync(fromEnvironment) ? fromEnvironment : undefined;
  const installed = candidates.find((path) => existsSync(path));
  if (installed) return installed;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  say('Installing Chromium (apt-get, once)…');
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await execa('apt-get', ['update', '-q'], { env: environment, timeout: 180_000 });
    await execa('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
      env: environment,
      timeout: 600_000,
    });
  } catch (error) {
    say(`Chromium could not be installed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
  return candidates.find((path) => existsSync(path));
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
