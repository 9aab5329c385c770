/** Finds the Python that a trial command runs, by reading the command; nothing is executed. */
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { type ShellWords, shellCommands } from './shellWords.ts';

export interface PythonCommand {
  /** Program and arguments up to the interpreter itself, such as `['python3']` or `['conda', 'run', '-n', 'x', 'python']`. */
  argv: [string, ...string[]];
  /** The interpreter's own options, such as `-u`. */
  options: string[];
  /** Folder of the script that it runs, which Python searches first. */
  scriptFolder: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
}

const interpreterName = /^(python|pypy)[\d.]*t?(\.exe)?$/;
/** Run another command in an environment that only they know; they must be asked through themselves. */
const environmentManagers = new Set([
  'conda',
  'mamba',
  'micromamba',
  'poetry',
  'pipenv',
  'uv',
  'pdm',
  'hatch',
  'rye',
  'pixi',
]);
/** Run another command that finds its programs as usual. */
const wrappers = new Set(
  'env exec command nohup time setsid nice ionice chrt stdbuf timeout taskset numactl sudo srun mpirun mpiexec horovodrun xvfb-run unbuffer script'.split(
    ' ',
  ),
);
const keywords = new Set(['if', 'then', 'elif', 'else', 'do', 'while', 'until', '!', 'time']);
const shells = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh']);
const assignment = /^([A-Za-z_]\w*)=(.*)$/s;

interface Place {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** The first Python the command runs, following `cd`, `source …/activate`, shell scripts and shebang lines; or undefined. */
export async function findPython(
  command: string,
  place: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<PythonCommand | undefined> {
  return inScript(command, { cwd: place.cwd, env: { ...place.env } }, 0);
}

async function inScript(text: string, place: Place, depth: number): Promise<PythonCommand | undefined> {
  if (depth > 4) return undefined;
  for (const words of shellCommands(text, place.env)) {
    const found = await inCommand(words, place, depth);
    if (found) return found;
  }
  return undefined;
}

async function inCommand(all: ShellWords, place: Place, depth: number): Promise<PythonCommand | undefined> {
  const words = [...all];
  while (words[0] !== undefined && keywords.has(words[0])) words.shift();
  const env = { ...place.env };
  while (takeAssignment(words[0], env)) words.shift();
  const [program, ...rest] = words;
  if (program === undefined) {
    Object.assign(place.env, env); // `X=1` alone, for what follows
    return undefined;
  }
  const name = basename(program);
  const here: Place = { cwd: place.cwd, env };

  if (interpreterName.test(name)) return pythonCall([program], rest, here);
  if (name === 'export') {
    for (const word of rest) takeAssignment(word, place.env);
    return undefined;
  }
  if (name === 'cd') {
    const folder = rest.find((word) => word !== '--');
    if (folder !== undefined) place.cwd = resolve(place.cwd, folder);
    return undefined;
  }
  if ((name === 'source' || name === '.') && rest[0] !== undefined) {
    const file = resolve(place.cwd, rest[0]);
    if (basename(file) === 'activate') place.env.PATH = dirname(file) + delimiter + (place.env.PATH ?? '');
    else return inScript((await head(file)) ?? '', place, depth + 1);
    return undefined;
  }
  if (environmentManagers.has(name)) return managed(program, rest, here);
  if (wrappers.has(name)) {
    for (const [index, word] of rest.entries()) {
      if (takeAssignment(word, env) || word === undefined) continue;
      if (await isProgram(word, here)) return inCommand(rest.slice(index), here, depth);
    }
    return undefined;
  }
  if (shells.has(name)) {
    const inline = rest.findIndex((word) => word !== undefined && /^-\w*c$/.test(word));
    if (inline >= 0) return inScript(rest[inline + 1] ?? '', here, depth + 1);
    const script = rest.find((word) => word !== undefined && !/^[-+]/.test(word));
    return script === undefined ? undefined : inScript((await head(resolve(here.cwd, script))) ?? '', here, depth + 1);
  }
  return byShebang(program, rest, here, depth);
}

/** A program of another name: a script whose first line says what runs it. */
async function byShebang(
  program: string,
  rest: ShellWords,
  place: Place,
  depth: number,
): Promise<PythonCommand | undefined> {
  const file = await which(program, place);
  const text = file === undefined ? undefined : await head(file);
  const shebang = /^#!\s*(.+)/.exec(text ?? '')?.[1];
  if (file === undefined || text === undefined || shebang === undefined || depth > 4) return undefined;
  const words = shebang.trim().split(/\s+/);
  if (basename(words[0] ?? '') === 'env') words.splice(0, words[1] === '-S' ? 2 : 1);
  const interpreter = words[0] ?? '';
  if (interpreterName.test(basename(interpreter)))
    return pythonCall([interpreter], [...words.slice(1), file, ...rest], place);
  return shells.has(basename(interpreter)) ? inScript(text, place, depth + 1) : undefined;
}

function managed(program: string, rest: ShellWords, place: Place): PythonCommand | undefined {
  const run = rest.indexOf('run');
  const python = rest.findIndex(
    (word, index) => index > run && word !== undefined && interpreterName.test(basename(word)),
  );
  // `uv run trial.py` names no interpreter.
  const script = rest.findIndex((word, index) => index > run && word?.endsWith('.py'));
  const upTo = python >= 0 ? python : script;
  const prefix = rest.slice(0, upTo).filter((word) => word !== undefined);
  if (run < 0 || upTo < 0 || prefix.length < upTo) return undefined;
  const interpreter = (python >= 0 ? rest[python] : undefined) ?? 'python';
  return pythonCall([program, ...prefix, interpreter], rest.slice(python >= 0 ? python + 1 : upTo), place);
}

function pythonCall(argv: [string, ...string[]], rest: ShellWords, place: Place): PythonCommand {
  const options: string[] = [];
  let script: string | undefined;
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index];
    if (word === undefined || !word.startsWith('-') || word === '-') {
      script = word;
      break;
    }
    // From here on the words are the module's or the command's.
    if (/^-[A-Za-z]*[cm]/.test(word)) break;
    options.push(word);
    if (word === '-X' || word === '-W') {
      index += 1;
      options.push(rest[index] ?? '');
    }
  }
  const scriptFolder = script === undefined || script === '-' ? place.cwd : dirname(resolve(place.cwd, script));
  return { argv, options, scriptFolder, ...place };
}

function takeAssignment(word: string | undefined, env: NodeJS.ProcessEnv): boolean {
  const match = assignment.exec(word ?? '');
  if (!match?.[1]) return false;
  env[match[1]] = match[2] ?? '';
  return true;
}

async function isProgram(word: string, place: Place): Promise<boolean> {
  if (word.startsWith('-') || /^[\d.:]+[smhd]?$/.test(word)) return false;
  return interpreterName.test(basename(word)) || (await which(word, place)) !== undefined;
}

/** The file a program name stands for, as the shell finds it; undefined where there is none. */
export async function which(program: string, place: Place): Promise<string | undefined> {
  const files = program.includes('/')
    ? [isAbsolute(program) ? program : join(place.cwd, program)]
    : (place.env.PATH ?? '').split(delimiter).map((folder) => resolve(place.cwd, folder, program));
  for (const file of files) {
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

/** The first 64 KiB of a text file: more than any script that starts trials. */
async function head(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(65536), 0, 65536, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
