/** Runs NNI's own command line, which launches and ends experiments of a real NNI on this machine. */

import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { ManifestEntry } from '../../model/experiment/experiment.ts';
import { isExperimentId } from '../../model/experiment/experimentId.ts';
import { defined } from '../../model/json/defined.ts';
import { expandHome } from '../../model/text/expandHome.ts';
import { freePort } from '../../system/freePort.ts';
import { homeOf } from '../../system/homeFolder.ts';
import { isAlive } from '../../system/processTable.ts';
import { type ProgramResult, runProgram } from '../../system/program.ts';
import { manifestEntrySchema } from '../../wire/schemas/nni.ts';
import { parse } from '../../wire/schemas/schema.ts';
import { NnictlError, NnictlMissingError } from '../errors.ts';
import { hasGivenUp, nnictlReason } from './nnictlOutput.ts';

export interface FindNnictlOptions {
  /** Path of an `nnictl` from the settings. When it is given, nothing else is tried. */
  setting?: string | undefined;
  /** An interpreter; its `nnictl` lies beside it. */
  python?: string | undefined;
  /** Default: the environment of this process. */
  environment?: NodeJS.ProcessEnv | undefined;
  signal?: AbortSignal | undefined;
}

export interface NnictlOptions {
  /** Port of its REST. Default: a free one, because NNI's own default is often in use. */
  port?: number | undefined;
  debug?: boolean | undefined;
  /** In front of all its routes. NNI forgets it when it resumes. */
  urlPrefix?: string | undefined;
  /** For NNI and its trials. Default: the environment of this process. */
  environment?: NodeJS.ProcessEnv | undefined;
  /** Aborting ends `nnictl` and the processes it has started. */
  signal?: AbortSignal | undefined;
}

export interface NnictlLaunched {
  id: string;
  port: number;
  urlPrefix?: string;
  /** The process of NNI's manager, when NNI has noted it. */
  pid?: number;
}

/** `nnictl` itself waits some seconds for its manager, and 20 s for each answer. */
const launchTimeoutMs = 90_000;
/** NNI's manager may take a minute to end its trials. */
const stopTimeoutMs = 90_000;
/** Importing NNI takes many seconds on a slow disk. */
const versionTimeoutMs = 60_000;
/** NNI waits three seconds for its own manager, which is too short on a busy machine. */
const maxLaunches = 3;

const installWords =
  'Install NNI with "pip install nni==3.0" into the Python that is to run it, or set the path of nnictl.';

export class Nnictl {
  /** Absolute. */
  readonly path: string;
  /** As NNI prints it: `3.0`. */
  readonly version: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(path: string, version: string, environment: NodeJS.ProcessEnv) {
    this.path = path;
    this.version = version;
    this.#environment = environment;
  }

  /**
   * Finds `nnictl` by the setting, else beside the interpreter, else on the path, and asks for its version.
   *
   * @throws NnictlMissingError that names the places searched, or a version that this client can't work with
   */
  static async find(options: FindNnictlOptions = {}): Promise<Nnictl> {
    const { setting, python, signal, environment = process.env } = options;
    const candidates =
      setting !== undefined && setting !== ''
        ? [resolve(homeOf(environment), expandHome(setting, homeOf(environment)))]
        : [
            ...(python !== undefined && isAbsolute(python) ? nnictlBeside(python) : []),
            ...(environment.PATH ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : nnictlIn(folder))),
          ];
    const unfit: string[] = [];
    for (const path of candidates) {
      if (!(await isProgram(path))) continue;
      const version = await versionOf(path, environment, signal);
      if ('version' in version) return new Nnictl(path, version.version, environment);
      unfit.push(`${path} ${version.problem}`);
    }
    throw new NnictlMissingError(missingMessage(unfit, options));
  }

  /**
   * Starts an experiment.
   *
   * @throws NnictlError with what NNI says
   */
  async create(configFile: string, options: NnictlOptions = {}): Promise<NnictlLaunched> {
    const { urlPrefix } = options;
    const prefix = urlPrefix === undefined ? [] : ['--url_prefix', urlPrefix];
    return this.#launch('start the experiment', ['create', '--config', configFile, ...prefix], options);
  }

  /** Resumes a stopped experiment. NNI serves it without its prefix. */
  async resume(id: string, options: NnictlOptions = {}): Promise<NnictlLaunched> {
    return this.#launch('resume the experiment', ['resume', requireId(id)], options);
  }

  /** Serves a stopped experiment read-only. */
  async view(id: string, options: NnictlOptions = {}): Promise<NnictlLaunched> {
    const { debug: _, ...rest } = options;
    return this.#launch('view the experiment', ['view', requireId(id)], rest);
  }

  /** Ends an experiment and waits until its manager has ended. */
  async stop(id: string, options: Pick<NnictlOptions, 'environment' | 'signal'> = {}): Promise<void> {
    // For an unknown id, NNI prints an ERROR line and exits with code 0.
    await this.#run('stop the experiment', ['stop', requireId(id)], {
      ...options,
      deadline: stopTimeoutMs,
      strict: true,
    });
  }

  /** Removes a stopped experiment with all its files. */
  async delete(id: string, options: Pick<NnictlOptions, 'environment' | 'signal'> = {}): Promise<void> {
    const entry = (await readManifest(options.environment ?? this.#environment))[requireId(id)];
    const task = 'delete the experiment';
    // NNI would delete the files of a running experiment.
    if (entry?.pid !== undefined && entry.status !== 'STOPPED' && isAlive(entry.pid)) {
      throw new NnictlError(task, `experiment ${id} still runs (${entry.status}). Stop it first.`, 'nnictl', []);
    }
    // nnictl asks for confirmation.
    await this.#run(task, ['experiment', 'delete', id], { ...options, deadline: stopTimeoutMs, input: 'y\n' });
  }

  async #launch(task: string, args: string[], options: NnictlOptions): Promise<NnictlLaunched> {
    const environment = options.environment ?? this.#environment;
    for (let launch = 1; ; launch++) {
      const port = options.port || (await freePort());
      const before = await readManifest(environment);
      const command = [...args, '--port', String(port), ...(options.debug ? ['--debug'] : [])];
      try {
        const { lines } = await this.#run(task, command, { ...options, deadline: launchTimeoutMs });
        return await this.#launched(task, command, lines, port, options);
      } catch (error) {
        if (!(error instanceof NnictlError) || !hasGivenUp(error.output) || launch === maxLaunches) throw error;
        options.signal?.throwIfAborted();
        // A second launch would run the experiment twice.
        const after = await readManifest(environment);
        const isRegistered = Object.entries(after).some(
          ([id, entry]) => entry.port === port && entry.startTime !== before[id]?.startTime,
        );
        if (isRegistered) throw error;
      }
    }
  }

  async #launched(
    task: string,
    command: string[],
    lines: readonly string[],
    port: number,
    options: NnictlOptions,
  ): Promise<NnictlLaunched> {
    const entries = await readManifest(options.environment ?? this.#environment);
    const told = lines.map((line) => /Experiment ID: ([\w-]+)/.exec(line)?.[1]).find((id) => id !== undefined);
    const id = told ?? Object.keys(entries).find((key) => entries[key]?.port === port);
    if (id === undefined) {
      throw new NnictlError(task, 'nnictl did not say which experiment it started.', this.#commandText(command), lines);
    }
    const { pid, prefixUrl } = entries[id] ?? {};
    return { id, port, ...defined({ pid }), ...(prefixUrl ? { urlPrefix: prefixUrl } : {}) };
  }

  async #run(
    task: string,
    args: string[],
    options: {
      environment?: NodeJS.ProcessEnv | undefined;
      signal?: AbortSignal | undefined;
      deadline: number;
      input?: string;
      /** Fails on a line with `ERROR`, whatever the exit code. */
      strict?: boolean;
    },
  ): Promise<{ lines: readonly string[] }> {
    const { strict, environment = this.#environment, ...rest } = options;
    const active = await withOwnPython(environment, this.path);
    const result = await runProgram(this.path, args, { ...rest, environment: { ...active, ...plainOutput } });
    const lines = linesOf(result);
    const command = this.#commandText(args);
    if (result.timedOut) {
      const words = `nnictl did not end within ${options.deadline / 1000} s, so it was ended.`;
      throw new NnictlError(task, words, command, lines);
    }
    const said = strict && lines.some((line) => /(^|\] )ERROR: /.test(line));
    if (result.code === 0 && !said) return { lines };
    throw new NnictlError(task, nnictlReason(lines, result.code), command, lines);
  }

  #commandText(args: readonly string[]): string {
    return [this.path, ...args].map((part) => (/[^\w@%+=:,./-]/.test(part) ? `'${part}'` : part)).join(' ');
  }
}

/** Makes Python write UTF-8 in any locale, and each line at once. */
const plainOutput = { PYTHONIOENCODING: 'utf-8', PYTHONUTF8: '1', PYTHONUNBUFFERED: '1' };

function linesOf({ output }: ProgramResult): string[] {
  return stripVTControlCharacters(output)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function nnictlIn(folder: string): string[] {
  return process.platform === 'win32' ? [join(folder, 'nnictl.exe')] : [join(folder, 'nnictl')];
}

function nnictlBeside(python: string): string[] {
  const folder = dirname(python);
  return process.platform === 'win32' ? [...nnictlIn(folder), ...nnictlIn(join(folder, 'Scripts'))] : nnictlIn(folder);
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, process.platform === 'win32' ? constants.F_OK : constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Activates the virtual environment that nnictl lies in, unless another one is active. NNI's trials run the `python3` of the path, which
 * must have `nni`.
 */
async function withOwnPython(environment: NodeJS.ProcessEnv, path: string): Promise<NodeJS.ProcessEnv> {
  const folder = dirname(path);
  const virtual = dirname(folder);
  if (environment.VIRTUAL_ENV || !(await isReadable(join(virtual, 'pyvenv.cfg')))) return environment;
  return { ...environment, VIRTUAL_ENV: virtual, PATH: [folder, environment.PATH].filter(Boolean).join(delimiter) };
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(
  path: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<{ version: string } | { problem: string }> {
  const result = await runProgram(path, ['--version'], {
    environment: { ...environment, ...plainOutput },
    signal,
    deadline: versionTimeoutMs,
  });
  const lines = linesOf(result);
  if (result.timedOut) return { problem: `does not answer within ${versionTimeoutMs / 1000} s` };
  const version = lines.map((line) => /^v?(\d+\.\d+[\w.+-]*)$/.exec(line)?.[1]).find((text) => text !== undefined);
  if (version === undefined) return { problem: `can't be run: ${nnictlReason(lines, result.code)}` };
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 3 || (major === 2 && minor >= 10)) return { version };
  return { problem: `is of NNI ${version}; 2.10 and 3.0 can be worked with` };
}

function missingMessage(unfit: readonly string[], { setting, python }: FindNnictlOptions): string {
  if (unfit.length > 0) return `${unfit.join('; ')}. ${installWords}`;
  if (setting) return `there is no program at ${setting}, which is set as nnictl. ${installWords}`;
  const beside = python === undefined ? '' : `beside ${python} or `;
  return `there is no nnictl ${beside}on the path, so no NNI is installed there. ${installWords}`;
}

/** Refuses a text that is not an id. It goes into a command line, and NNI takes a prefix of ids, or `abc*`, for several experiments. */
function requireId(id: string): string {
  if (isExperimentId(id)) return id;
  throw new RangeError(`"${id}" is no id of an experiment.`);
}

/** Reads NNI's list of all experiments, which lies in the home folder wherever the experiments are. */
async function readManifest(environment: NodeJS.ProcessEnv): Promise<Record<string, ManifestEntry>> {
  const home = homeOf(environment);
  const entries: Record<string, ManifestEntry> = {};
  try {
    const value: unknown = JSON.parse(await readFile(join(home, 'nni-experiments', '.experiment'), 'utf8'));
    for (const [id, entry] of Object.entries(Object(value) as object)) {
      const known = parse(manifestEntrySchema, entry);
      if (known) entries[id] = known;
    }
  } catch {
    // The list does not exist before the first experiment.
  }
  return entries;
}
