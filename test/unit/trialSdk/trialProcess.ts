/** Runs real Python scripts as trials, against the bundled `nni` or another. */
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const bundled = fileURLToPath(new URL('../../../src/runner/trialSdk', import.meta.url));
export const fixtures = fileURLToPath(new URL('../../fixtures/trialSdk', import.meta.url));

export interface Trial {
  folder: string;
  env: Record<string, string>;
}

const folders: string[] = [];

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trialdeck-sdk-'));
  folders.push(folder);
  return folder;
}

export async function removeTemporaryFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** A fresh trial folder with its parameters, and the environment a trial on the file channel gets. */
export async function newTrial(parameters: unknown = { x: 0.5 }): Promise<Trial> {
  const folder = await temporaryFolder();
  const record = { parameter_id: 3, parameter_source: 'algorithm', parameters, parameter_index: 0 };
  await writeFile(join(folder, 'parameter.cfg'), JSON.stringify(record));
  return {
    folder,
    env: {
      NNI_PLATFORM: 'local',
      NNI_EXP_ID: 'exp1',
      NNI_TRIAL_JOB_ID: 'T3',
      NNI_TRIAL_SEQ_ID: '7',
      NNI_SYS_DIR: folder,
      NNI_OUTPUT_DIR: folder,
      PYTHONPATH: bundled,
    },
  };
}

export interface Outcome {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs `python args` with the trial's environment on top of ours (less any Python or NNI setting of the caller's). */
export async function python(
  args: string[],
  env: Record<string, string> = {},
  interpreter = 'python3',
): Promise<Outcome> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NNI_|PYTHON)/.test(name));
  const result = await execa(interpreter, args, {
    env: { ...Object.fromEntries(inherited), PYTHONDONTWRITEBYTECODE: '1', ...env },
    extendEnv: false,
    reject: false,
    timeout: 90_000,
    stdin: 'ignore',
  });
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** The trial's metric file, byte for byte; empty when there is none. */
export async function metricBytes(trial: Trial): Promise<Buffer> {
  return readFile(join(trial.folder, '.nni', 'metrics')).catch(() => Buffer.alloc(0));
}

/** The trial's log: what it printed and logged. */
export async function trialLog(trial: Trial): Promise<string> {
  return readFile(join(trial.folder, 'trial.log'), 'utf8');
}

/** Splits a metric file into whole frames, head and end of line included. Throws where it holds anything else. */
export function splitFrames(bytes: Buffer): string[] {
  const frames: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const head = bytes.toString('latin1', at, at + 8);
    if (!/^ME\d{6}$/.test(head)) throw new Error(`no frame at byte ${at}: ${head}`);
    const end = at + 8 + Number(head.slice(2));
    if (end > bytes.length || bytes[end - 1] !== 10) throw new Error(`broken frame at byte ${at}`);
    frames.push(bytes.toString('utf8', at, end));
    at = end;
  }
  return frames;
}

export interface Metric {
  parameter_id: number | null;
  trial_job_id: string;
  type: string;
  sequence: number;
  value: string;
}

export function decodeFrames(bytes: Buffer): Metric[] {
  return splitFrames(bytes).map((frame) => JSON.parse(frame.slice(8)) as Metric);
}

/** A folder to put on PYTHONPATH that has nothing but the numpy of the given site-packages folder. */
export async function onlyNumpy(sitePackages: string): Promise<string> {
  const folder = await temporaryFolder();
  await symlink(join(sitePackages, 'numpy'), join(folder, 'numpy'));
  await symlink(join(sitePackages, 'numpy.libs'), join(folder, 'numpy.libs'));
  return folder;
}
