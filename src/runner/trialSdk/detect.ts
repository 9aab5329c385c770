/** Finds out which `nni` package the trials of an experiment will import, and which variables they need for it. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { TrialSdk } from '../../model/experiment/experiment.ts';
import { findPython, type PythonCommand } from '../../server/python/pythonCommand.ts';

/** Version of the bundled package; the same text as in `nni/version.py`. */
export const bundledVersion = '3.0+trialdeck';

/** The launch goes on without the answer of an interpreter that takes longer. */
const defaultTimeoutMs = 5000;

/**
 * Prints one line: a mark, the version of Python, the interpreter's path, and the `nni` it would import. It finds that with
 * the function by which the bundled package steps aside, so both always agree. It runs in any Python, also 2.7.
 */
const question = `
import sys
if sys.path[0] == '':
    sys.path[0] = sys.argv[2]
origin = ''
try:
    exec(open(sys.argv[1]).read())
    spec = installed_nni()
    origin = spec.origin if spec else ''
except ImportError:
    pass
print('trialdeck:' + '\\t'.join([sys.version.split()[0], sys.executable or '', origin]))
`;

/** The folder with the bundled `nni` package, for PYTHONPATH. Throws when the package is missing. */
export function bundledSdkFolder(): string {
  // In the sources the package lies beside this file. In the bundle dist/runner.js it lies in dist/trialSdk/.
  const folders = ['./', './trialSdk/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const folder = folders.find((candidate) => existsSync(join(candidate, 'nni', '_stepaside.py')));
  if (folder === undefined)
    throw new Error(`The bundled nni package is missing from ${folders.join(' and ')}: reinstall Trialdeck.`);
  return folder.replace(/[/\\]$/, '');
}

/**
 * Finds the Python that `trialCommand` runs and asks it once which `nni` it has, without importing that.
 *
 * Where it has none, `environment` puts the bundled package first on PYTHONPATH. The same holds where the command runs no
 * Python that we recognise: the bundled package steps aside for an installed one. A wrong command does not make this reject:
 * `sdk.python` says what is wrong with the interpreter.
 *
 * @param options.cwd the trials' working folder
 * @param options.env the whole environment of trials, without the variables that this function returns
 * @param options.timeoutMs limit for the interpreter's answer
 */
export async function detectTrialSdk(options: {
  trialCommand: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs?: number;
}): Promise<{ sdk: TrialSdk; environment: Record<string, string> }> {
  const folder = bundledSdkFolder();
  const before = options.env.PYTHONPATH;
  const environment = { PYTHONPATH: before ? folder + delimiter + before : folder };
  // The question finds another package behind the bundled one, so that must be in place, as it is for a trial.
  const command = await findPython(options.trialCommand, { cwd: options.cwd, env: { ...options.env, ...environment } });
  const answer = command ? await ask(command, folder, options.timeoutMs ?? defaultTimeoutMs) : { python: '' };
  if ('origin' in answer && answer.origin !== '') {
    const version = await installedVersion(answer.origin);
    return { sdk: { kind: 'installed', version, python: answer.python }, environment: {} };
  }
  return { sdk: { kind: 'bundled', version: bundledVersion, python: answer.python }, environment };
}

/** @returns `origin`, the file of the installed `nni`: empty when none is installed, absent when the interpreter could not say */
async function ask(
  command: PythonCommand,
  folder: string,
  timeoutMs: number,
): Promise<{ python: string; origin?: string }> {
  const [program, ...prefix] = command.argv;
  const args = [
    ...prefix,
    ...command.options,
    '-c',
    question,
    join(folder, 'nni', '_stepaside.py'),
    command.scriptFolder,
  ];
  const child = execa(program, args, {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    // A process group of its own. Giving up then also ends the children of a wrapper like `conda run`.
    detached: true,
    maxBuffer: 1_000_000,
  });
  let gaveUp = false;
  const timer = setTimeout(() => {
    gaveUp = true;
    endGroup(child.pid);
  }, timeoutMs);
  const result = await child.finally(() => clearTimeout(timer));
  const line = /^trialdeck:(.*)\t(.*)\t(.*)$/m.exec(result.stdout);
  if (line) {
    const [, version = '', executable = '', origin = ''] = line;
    return {
      python: `Python ${version} (${shortPath(executable, command.cwd)})${origin === '' ? remark(version, command, folder) : ''}`,
      origin,
    };
  }
  const shown = command.argv.join(' ');
  if (gaveUp) return { python: `${shown} did not answer within ${timeoutMs / 1000} s` };
  if (!existsSync(command.cwd)) return { python: `${shown} was not asked: there is no folder ${command.cwd}` };
  if (result.code === 'ENOENT') return { python: `${shown} was not found` };
  const complaint = result.stderr.trim().split('\n');
  // A traceback of Python has the reason in its last line, any other message in its first.
  const reason = complaint.at(complaint[0]?.startsWith('Traceback') ? -1 : 0) || result.shortMessage || 'no answer';
  return { python: `${shown} could not be asked for its version: ${reason}` };
}

/** Says why this Python can't use the bundled package; empty where it can. */
function remark(version: string, command: PythonCommand, folder: string): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 7)) return ', too old for the bundled nni, which needs Python 3.7 or later';
  const isolated = command.options.find((option) => /^-[A-Za-z]*[EI]/.test(option));
  if (isolated) return `, run with ${isolated}, so it can't see the bundled nni: install nni or leave ${isolated} out`;
  return command.env.PYTHONPATH?.split(delimiter).includes(folder)
    ? ''
    : ", run with a PYTHONPATH of its own, so it can't see the bundled nni: install nni, or append :$PYTHONPATH there";
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Reads the version from `nni/version.py`, else from the package's `dist-info` beside it: faster than asking Python. */
async function installedVersion(origin: string): Promise<string> {
  const folder = dirname(origin);
  try {
    const text = await readFile(join(folder, 'version.py'), 'utf8');
    const version = /__version__\s*=\s*['"]([^'"]+)['"]/.exec(text)?.[1];
    if (version) return version;
  } catch {
    // A source checkout has no version.py.
  }
  const names = await readdir(dirname(folder)).catch(() => []);
  return names.map((name) => /^nni-(.+)\.(dist|egg)-info$/.exec(name)?.[1]).find((version) => version) ?? 'unknown';
}

function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}
