/** The TensorBoard of an experiment: that of the Python of its trials, else the one on the PATH. */
import { execa } from 'execa';
import { findPython, type PythonCommand, which } from '../python/pythonCommand.ts';

export interface Program {
  argv: [string, ...string[]];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Of a Python's answer. */
const answerTimeoutMs = 20_000;

/** Prints the interpreter's path and whether it has TensorBoard. It does not import TensorBoard, which takes seconds. */
const question = `
import sys
try:
    from importlib.util import find_spec
    found = find_spec('tensorboard') is not None
except ImportError:
    found = False
print('trialdeck:' + '\\t'.join([sys.executable or '', str(found)]))
`;

/** No TensorBoard was found. The message says where, and how to install it. */
export class NoTensorBoardError extends Error {
  constructor(python: string | undefined) {
    super(
      python === undefined
        ? 'TensorBoard is not installed: there is none on the PATH. Install it with "pip install tensorboard".'
        : `TensorBoard is not installed in the Python of the trials, and there is none on the PATH. Install it with "${python} -m pip install tensorboard".`,
    );
    this.name = 'NoTensorBoardError';
  }
}

/**
 * Finds the TensorBoard without starting it.
 *
 * @param trials how the experiment's trials are run
 * @throws NoTensorBoardError
 */
export async function findTensorBoard(trials: {
  trialCommand: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
}): Promise<Program> {
  const { env, cwd } = trials;
  const command = trials.trialCommand === '' ? undefined : await findPython(trials.trialCommand, { cwd, env });
  const python = command && (await ask(command));
  if (command && python?.found) {
    return { argv: [...command.argv, '-m', 'tensorboard.main'], cwd: command.cwd, env: command.env };
  }
  const program = await which('tensorboard', { cwd, env });
  if (program !== undefined) return { argv: [program], cwd, env };
  throw new NoTensorBoardError(python?.executable);
}

async function ask(command: PythonCommand): Promise<{ executable: string; found: boolean } | undefined> {
  const [program, ...prefix] = command.argv;
  const { stdout } = await execa(program, [...prefix, '-c', question], {
    cwd: command.cwd,
    env: command.env,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: answerTimeoutMs,
    maxBuffer: 1_000_000,
  });
  const line = /^trialdeck:(.*)\t(.*)$/m.exec(stdout ?? '');
  return line ? { executable: line[1] || command.argv.join(' '), found: line[2] === 'True' } : undefined;
}
