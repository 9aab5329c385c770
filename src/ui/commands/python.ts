/**
 * The environment for launching an experiment: this window's, with the selected Python first on the path. The Python
 * extension is optional.
 */
import { extensions, type Uri } from 'vscode';
import { inheritedEnvironment, type Python, withPython } from './pythonPath.ts';

/** The part of the Python extension's API that Trialdeck uses (ms-python.python, `environments`). */
interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<PythonEnvironment | undefined>;
  };
}
interface PythonEnvironment {
  executable: { uri?: Uri };
  environment?: { type: string; folderUri: Uri };
}

/** After this time a launch goes on without the Python extension's answer. */
const timeoutMs = 3_000;

/** @param resource the config file: interpreters are selected per folder. */
export async function launchEnvironment(resource: Uri): Promise<Record<string, string>> {
  const environment = inheritedEnvironment(process.env);
  const python = await selectedPython(resource);
  return python ? withPython(environment, python) : environment;
}

/** The interpreter selected in the Python extension; undefined without one, or when the extension is too slow. */
export function selectedPython(resource: Uri | undefined): Promise<Python | undefined> {
  return withPatience(askForPython(resource));
}

async function askForPython(resource: Uri | undefined): Promise<Python | undefined> {
  const extension = extensions.getExtension<PythonApi>('ms-python.python');
  if (!extension) return undefined;
  const { environments } = extension.isActive ? extension.exports : await extension.activate();
  if (!environments) return undefined;
  const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(resource));
  const executable = resolved?.executable.uri?.fsPath;
  if (!executable) return undefined;
  const isVirtual = resolved?.environment?.type === 'VirtualEnvironment';
  return { executable, virtualEnvironment: isVirtual ? resolved.environment?.folderUri.fsPath : undefined };
}

async function withPatience<T>(work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([work.catch(() => undefined), limit]);
  } finally {
    clearTimeout(timer);
  }
}
