// Runs a script of this project under its own Node, after installing what is missing. Plain JavaScript, because it runs
// first: on any Node >= 20, in a fresh clone without node_modules.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(`Trialdeck needs Node 20 or newer to build; this is ${process.version}.`);
  process.exit(1);
}

const lock = readFileSync(join(root, 'package-lock.json'));
const stamp = createHash('sha256').update(lock).digest('hex');
const stampFile = join(root, 'node_modules', '.trialdeck-lock');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  console.log('Installing packages (npm ci)…');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const install = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (install.status !== 0) {
    console.error('npm ci failed; the packages of package-lock.json could not be installed (see above).');
    process.exit(install.status ?? 1);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

// The `node` package carries a Node that has node:sqlite and runs TypeScript files as they are.
const nodePackage = join(root, 'node_modules', 'node');
const node = join(nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
if (!existsSync(node)) {
  // npm, when told to ignore the scripts of packages, leaves this one without its program.
  spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: nodePackage, stdio: 'inherit' });
}
if (!existsSync(node)) {
  console.error(`Node 24 could not be installed in ${nodePackage}: see above. It comes from npm's registry.`);
  process.exit(1);
}
const child = spawn(node, [join(root, script), ...args], {
  cwd: root,
  stdio: 'inherit',
});
// Ctrl-C in a terminal reaches the child by itself; passing it on too would count as pressing twice.
const forwarded = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of forwarded) process.on(signal, () => child.kill(signal));
if (process.stdin.isTTY) process.on('SIGINT', () => {});
child.on('error', (error) => {
  console.error(`${node} could not be started: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
