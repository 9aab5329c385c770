/**
 * Finds or installs the real NNI 3.0 for comparisons: in the Python that TRIALDECK_NNI_PYTHON names, else in `.cache/nni-3.0`,
 * which `node test/harness/realNni.ts` makes (some hundred megabytes from the Python package index).
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { cacheFolder } from '../../scripts/folders.ts';

const environment = join(cacheFolder, 'nni-3.0');

export interface RealNni {
  /** The interpreter with NNI. */
  python: string;
  nnictl: string;
}

/** The real NNI; undefined when this machine has none. Installs nothing. */
export function findRealNni(): RealNni | undefined {
  const python = process.env.TRIALDECK_NNI_PYTHON || join(environment, 'bin', 'python');
  const nnictl = join(dirname(python), 'nnictl');
  return existsSync(python) && existsSync(nnictl) ? { python, nnictl } : undefined;
}

/** A script for NNI’s Python that behaves as `nnictl` does, with longer timeouts. */
export const patientProgram = fileURLToPath(new URL('patientNnictl.py', import.meta.url));

/** `nnictl create`, `resume` or `view`, with more time for its manager and tuner to come up than NNI gives them. */
export async function launchWithNnictl(nni: RealNni, args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  await execa(nni.python, [patientProgram, ...args], { env, extendEnv: false });
}

/** The printed reason of a skipped comparison. */
export const noRealNni =
  'No real NNI 3.0 to compare with: set TRIALDECK_NNI_PYTHON to a Python that has it, or run: node test/harness/realNni.ts';

/**
 * Finds or installs the real NNI.
 * @returns undefined when it can't be installed here; `say` has been told why
 */
export async function installRealNni(say: (line: string) => void): Promise<RealNni | undefined> {
  const found = findRealNni();
  if (found) return found;
  say(`Installing NNI 3.0 in ${environment} for comparison; this takes a minute or two.`);
  try {
    await execa('python3', ['-m', 'venv', environment]);
    const python = join(environment, 'bin', 'python');
    // NNI 3.0 is of 2023: it wants numpy 1, and pkg_resources, which setuptools 81 dropped.
    await execa(python, ['-m', 'pip', 'install', '--quiet', 'nni==3.0', 'numpy<2', 'setuptools<81'], {
      timeout: 600_000,
    });
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    say(`NNI 3.0 could not be installed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  return findRealNni();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const nni = await installRealNni(console.log);
  console.log(nni ? `NNI 3.0: ${nni.python}` : noRealNni);
  process.exitCode = nni ? 0 : 1;
}
