/** The Python that a trial command runs, found by reading the command. Nothing is executed. */
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { type ShellWords, shellCommands } from './shellWords.ts';

export interface PythonCommand {
  /** Program and arguments up to the interpreter itself, such as `['python3']` or `['conda', 'run', '-n', 'x', 'python']`. */
  argv: [string, ...string[]];
  /** The interpreter's own options, such as `-u`. */
  options: string[];
  /** Folder of the script. Python searches it first. */
  scriptFolder: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
}

const interpreterName = /^(python|pypy)[\d.]*t?(\.exe)?$/;
/** Programs that run a command in an environment that only they know: its Python is started through them. */
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
/** Programs that run a command without changing where its programs are found. */
const wrappers = new Set(
  'env exec command nohup time setsid nice ionice chrt stdbuf timeout taskset numactl sudo srun mpirun mpiexec horovodrun xvfb-run unbuffer script'.split(
    ' ',
  ),
);
const keywords = new Set(['if', 'then', 'elif', 'else', 'do', 'while', 'until', '!', 'time']);
const shells = new Set(['bash', 'sh', 'zsh', 'dash', 'ksh']);
const assignment = /^([A-Za-z_]\w*)=(.*)$/s;

/** Where a command runs. */
interface Place {
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Finds the first Python that a command runs. It follows `cd`, `source …/activate`, shell scripts and shebang lines. */
export async function findPython(
  command: string,
  place: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<PythonCommand | undefined> {
  return findInScript(command, { cwd: place.cwd, env: { ...place.env } }, 0);
}

async function findInScript(text: string, place: Place, depth: number): Promise<PythonCommand | undefined> {
  if (depth > 4) return undefined;
  for (const words of shellCommands(text, place.env)) {
    const found = await findInCommand(words, place, depth);
    if (found) return found;
  }
  return undefined;
}

async function findInCommand(all: ShellWords, place: Place, depth: number): Promise<PythonCommand | undefined> {
  const words = [...all];
  while (words[0] !== undefined && keywords.has(words[0])) words.shift();
  const env = { ...place.env };
  while (takeAssignment(words[0], env)) words.shift();
  const [program, ...rest] = words;
  if (program === undefined) {
    // `X=1` alone sets the variable for the commands that follow.
    Object.assign(place.env, env);
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
    else return findInScript((await head(file)) ?? '', place, depth + 1);
    return undefined;
  }
  if (environmentManagers.has(name)) return findManaged(program, rest, here);
  if (wrappers.has(name)) {
    for (const [index, word] of rest.entries()) {
      if (takeAssignment(word, env) || word === undefined) continue;
      if (await isProgram(word, here)) return findInCommand(rest.slice(index), here, depth);
    }
    return undefined;
  }
  if (shells.has(name)) {
    const inline = rest.findIndex((word) => word !== undefined && /^-\w*c$/.test(word));
    if (inline >= 0) return findInScript(rest[inline + 1] ?? '', here, depth + 1);
    const script = rest.find((word) => word !== undefined && !/^[-+]/.test(word));
    return script === undefined
      ? undefined
      : findInScript((await head(resolve(here.cwd, script))) ?? '', here, depth + 1);
  }
  return findByShebang(program, rest, here, depth);
}

/** Looks into a program of another name: it may be a script whose first line names a Python or a shell. */
async function findByShebang(
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
  return shells.has(basename(interpreter)) ? findInScript(text, place, depth + 1) : undefined;
}

function findManaged(program: string, rest: ShellWords, place: Place): PythonCommand | undefined {
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
    // The rest are arguments of the module or of the inline code.
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

/** Finds a program's file as a shell does; undefined when there is none. */
export async function which(program: string, place: Place): Promise<string | undefined> {
  const files = program.includes('/')
    ? [isAbsolute(program) ? program : join(place.cwd, program)]
    : (place.env.PATH ?? '').split(delimiter).map((folder) => resolve(place.cwd, folder, program));
  for (const file of files) {
    try {
      await access(file, constants.X_OK);
      if ((await stat(file)).isFile()) return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** A script that starts trials is shorter. */
const maxScriptBytes = 64 * 1024;

/** Reads the beginning of a text file; undefined when it can't be read. */
async function head(file: string): Promise<string | undefined> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(maxScriptBytes), 0, maxScriptBytes, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}
