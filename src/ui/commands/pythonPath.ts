/** An environment in which a chosen Python comes first. Free of vscode. */
import { delimiter, dirname } from 'node:path';

export interface Python {
  /** Absolute path of the interpreter. */
  executable: string;
  /** Folder of the virtual environment, when it is one. */
  virtualEnvironment?: string | undefined;
}

/** Variables that choose interpreters, libraries and devices: what a person set up in the shell that opened the window. */
const inherited =
  /^(PATH|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|CONDA_[A-Z_]+|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|CUDA_[A-Z_]+|HIP_VISIBLE_DEVICES)$/i;

export function inheritedEnvironment(all: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value !== undefined && inherited.test(name) ? [[name, value]] : [],
    ),
  );
}

/** Variables of the editor and of a package manager's script, which mean something else to the Node.js and Python of NNI. */
const editors = /^(npm_|VSCODE_|ELECTRON_|NODE_)/i;

/** For NNI, which is no child of the editor in any other way: all of this window's environment but what is the editor's own. */
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
  // The home of one interpreter must not be another's.
  delete result.PYTHONHOME;
  return result;
}
