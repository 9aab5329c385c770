/** Builds an environment with a chosen Python first on the path. Free of vscode. */
import { delimiter, dirname } from 'node:path';

export interface Python {
  /** Absolute path of the interpreter. */
  executable: string;
  /** Folder of the virtual environment, if the interpreter is in one. */
  virtualEnvironment?: string | undefined;
}

/** Variables that choose interpreters, libraries and devices, as set in the shell that opened the window. */
const inherited =
  /^(PATH|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|CONDA_[A-Z_]+|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_[A-Z_]+|HIP_VISIBLE_DEVICES)$/i;

export function inheritedEnvironment(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value !== undefined && inherited.test(name) ? [[name, value]] : [],
    ),
  );
}

/** Variables of the editor or of a package manager, which would change how NNI's Node.js and Python behave. */
const editors = /^(npm_|VSCODE_|ELECTRON_|NODE_)/i;

/** The environment for NNI: this window's, without the editor's own variables. */
export function wholeEnvironment(
  all: Readonly<Record<string, string | undefined>>,
  python: Python | undefined,
): Record<string, string> {
  const environment = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value !== undefined && !editors.test(name) ? [[name, value]] : [])),
  );
  return python ? withPython(environment, python) : environment;
}

export function withPython(environment: Readonly<Record<string, string>>, python: Python): Record<string, string> {
  // Windows spells it `Path`.
  const pathName = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const folders = (environment[pathName] ?? '').split(delimiter).filter((folder) => folder !== '');
  const bin = dirname(python.executable);
  const result: Record<string, string> = {
    ...environment,
    [pathName]: [bin, ...folders.filter((folder) => folder !== bin)].join(delimiter),
  };
  if (python.virtualEnvironment) result.VIRTUAL_ENV = python.virtualEnvironment;
  else delete result.VIRTUAL_ENV;
  // PYTHONHOME of another interpreter would break this one.
  delete result.PYTHONHOME;
  return result;
}
