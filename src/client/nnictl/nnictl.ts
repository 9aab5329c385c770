/** NNI's own command line, which launches and ends experiments of a real NNI on this machine. */

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
import { gaveUp, nnictlReason } from './nnictlOutput.ts';

export interface FindNnictlOptions {
  /** Path of an `nnictl` that a person has set; where it is given, nothing else is tried. */
  setting?: string | undefined;
  /** An interpreter; its `nnictl` lies beside it. */
  python?: string | undefined;
  /** Default: that of this process. */
  environment?: NodeJS.ProcessEnv | undefined;
  signal?: AbortSignal | undefined;
}

export interface NnictlOptions {
  /** Of its REST; a free one by default, as NNI's own default is often taken. */
  port?: number | undefined;
  debug?: boolean | undefined;
  /** In front of all its routes. NNI forgets it when it resumes. */
  urlPrefix?: string | undefined;
  /** For NNI and its trials. Default: that of this process. */
  environment?: NodeJS.ProcessEnv | undefined;
  /** Aborting ends `nnictl` and what it has started so far. */
  signal?: AbortSignal | undefined;
}

export interface NnictlLaunched {
  id: string;
  port: number;
  urlPrefix?: string;
  /** The process of NNI's manager, when NNI has noted it. */
  pid?: number;
}

/** Milliseconds. `nnictl` itself waits for its manager some seconds, and 20 s for each answer. */
const longestLaunch = 90_000;
/** NNI's manager may take a minute to end its trials. */
const longestStop = 90_000;
/** Importing NNI takes seconds where the disk is slow. */
const longestVersion = 60_000;
/** NNI waits three seconds for its own manager, which is not enough on a busy machine. */
const launches = 3;

const installWords =
  'Install NNI with "pip install nni==3.0" into the Python that is to run it, or set the path of nnictl.';

export class Nnictl {
  /** Absolute. */
  readonly path: string;
  /** As NNI tells it: `3.0`. */
  readonly version: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(path: string, version: string, environment: NodeJS.ProcessEnv) {
    this.path = path;
    this.version = version;
    this.#environment = environment;
  }

  /**
   * Finds it by the setting, else beside the interpreter, else on the path, and asks for its version.
   *
   * @throws NnictlMissingError that says where it was looked for, or that it is a version this client can't work with
   */
  static async find(options: FindNnictlOptions = {}): Promise<Nnictl> {
    const { setting, python, signal, environment = process.env } = options;
    const candidates =
      setting !== undefined && setting !== ''
        ? [resolve(homeOf(environment), expandHome(setting, homeOf(environment)))]
        : [
            ...(python !== undefined && isAbsolute(python) ? besides(python) : []),
            ...(environment.PATH ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : named(folder))),
          ];
    const unfit: string[] = [];
    for (const path of candidates) {
      if (!(await isProgram(path))) continue;
      const version = await versionOf(path, environment, signal);
      if ('version' in version) return new Nnictl(path, version.version, environment);
      unfit.push(`${path} ${version.problem}`);
    }
    throw new NnictlMissingError(missing(unfit, options));
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

  /** Goes on with a stopped one. NNI serves it without its prefix. */
  async resume(id: string, options: NnictlOptions = {}): Promise<NnictlLaunched> {
    return this.#launch('resume the experiment', ['resume', checked(id)], options);
  }

  /** Serves a stopped one read-only. */
  async view(id: string, options: NnictlOptions = {}): Promise<NnictlLaunched> {
    const { debug: _, ...rest } = options;
    return this.#launch('view the experiment', ['view', checked(id)], rest);
  }

  /** Ends an experiment and waits until its manager has ended. */
  async stop(id: string, options: Pick<NnictlOptions, 'environment' | 'signal'> = {}): Promise<void> {
    // Of an unknown id NNI says so, and that it went well.
    await this.#run('stop the experiment', ['stop', checked(id)], { ...options, deadline: longestStop, strict: true });
  }

  /** Removes a stopped experiment with all its files. */
  async delete(id: string, options: Pick<NnictlOptions, 'environment' | 'signal'> = {}): Promise<void> {
    const entry = (await manifest(options.environment ?? this.#environment))[checked(id)];
    const task = 'delete the experiment';
    // NNI would take the files from under a running one.
    if (entry?.pid !== undefined && entry.status !== 'STOPPED' && isAlive(entry.pid)) {
      throw new NnictlError(task, `experiment ${id} still runs (${entry.status}). Stop it first.`, 'nnictl', []);
    }
    // It asks before it does so.
    await this.#run(task, ['experiment', 'delete', id], { ...options, deadline: longestStop, input: 'y\n' });
  }

  async #launch(task: string, args: string[], options: NnictlOptions): Promise<NnictlLaunched> {
    const environment = options.environment ?? this.#environment;
    for (let launch = 1; ; launch++) {
      const port = options.port || (await freePort());
      const before = await manifest(environment);
      const command = [...args, '--port', String(port), ...(options.debug ? ['--debug'] : [])];
      try {
        const { lines } = await this.#run(task, command, { ...options, deadline: longestLaunch });
        return await this.#launched(task, command, lines, port, options);
      } catch (error) {
        if (!(error instanceof NnictlError) || !gaveUp(error.output) || launch === launches) throw error;
        options.signal?.throwIfAborted();
        // Twice the same experiment would be worse than none.
        const after = await manifest(environment);
        const registered = Object.entries(after).some(
          ([id, entry]) => entry.port === port && entry.startTime !== before[id]?.startTime,
        );
        if (registered) throw error;
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
    const entries = await manifest(options.environment ?? this.#environment);
    const told = lines.map((line) => /Experiment ID: ([\w-]+)/.exec(line)?.[1]).find((id) => id !== undefined);
    const id = told ?? Object.keys(entries).find((key) => entries[key]?.port === port);
    if (id === undefined) {
      throw new NnictlError(task, 'nnictl did not say which experiment it started.', this.#shown(command), lines);
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
      /** A line that says `ERROR` is one, whatever the exit code. */
      strict?: boolean;
    },
  ): Promise<{ lines: readonly string[] }> {
    const { strict, environment = this.#environment, ...rest } = options;
    const active = await withOwnPython(environment, this.path);
    const result = await runProgram(this.path, args, { ...rest, environment: { ...active, ...plainOutput } });
    const lines = linesOf(result);
    const command = this.#shown(args);
    if (result.timedOut) {
      const words = `nnictl did not end within ${options.deadline / 1000} s, so it was ended.`;
      throw new NnictlError(task, words, command, lines);
    }
    const said = strict && lines.some((line) => /(^|\] )ERROR: /.test(line));
    if (result.code === 0 && !said) return { lines };
    throw new NnictlError(task, nnictlReason(lines, result.code), command, lines);
  }

  #shown(args: readonly string[]): string {
    return [this.path, ...args].map((part) => (/[^\w@%+=:,./-]/.test(part) ? `'${part}'` : part)).join(' ');
  }
}

/** Python writes UTF-8, whatever the locale, and each line at once. */
const plainOutput = { PYTHONIOENCODING: 'utf-8', PYTHONUTF8: '1', PYTHONUNBUFFERED: '1' };

function linesOf({ output }: ProgramResult): string[] {
  return stripVTControlCharacters(output)
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function named(folder: string): string[] {
  return process.platform === 'win32' ? [join(folder, 'nnictl.exe')] : [join(folder, 'nnictl')];
}

function besides(python: string): string[] {
  const folder = dirname(python);
  return process.platform === 'win32' ? [...named(folder), ...named(join(folder, 'Scripts'))] : named(folder);
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, process.platform === 'win32' ? constants.F_OK : constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Where no virtual environment is active, the one that nnictl lies in is, as in a terminal in which it was activated: NNI's trials run
 * the `python3` of the path, which must be one that has `nni`.
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
    deadline: longestVersion,
  });
  const lines = linesOf(result);
  if (result.timedOut) return { problem: `does not answer within ${longestVersion / 1000} s` };
  const version = lines.map((line) => /^v?(\d+\.\d+[\w.+-]*)$/.exec(line)?.[1]).find((text) => text !== undefined);
  if (version === undefined) return { problem: `can't be run: ${nnictlReason(lines, result.code)}` };
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === 3 || (major === 2 && minor >= 10)) return { version };
  return { problem: `is of NNI ${version}; 2.10 and 3.0 can be worked with` };
}

function missing(unfit: readonly string[], { setting, python }: FindNnictlOptions): string {
  if (unfit.length > 0) return `${unfit.join('; ')}. ${installWords}`;
  if (setting) return `there is no program at ${setting}, which is set as nnictl. ${installWords}`;
  const beside = python === undefined ? '' : `beside ${python} or `;
  return `there is no nnictl ${beside}on the path, so no NNI is installed there. ${installWords}`;
}

/** An id goes into a command line, and NNI takes the beginning of one, or `abc*`, for more than one. */
function checked(id: string): string {
  if (isExperimentId(id)) return id;
  throw new RangeError(`"${id}" is no id of an experiment.`);
}

/** NNI's list of all experiments; it is in the home folder, wherever they are. */
async function manifest(environment: NodeJS.ProcessEnv): Promise<Record<string, ManifestEntry>> {
  const home = homeOf(environment);
  const entries: Record<string, ManifestEntry> = {};
  try {
    const value: unknown = JSON.parse(await readFile(join(home, 'nni-experiments', '.experiment'), 'utf8'));
    for (const [id, entry] of Object.entries(Object(value) as object)) {
      const known = parse(manifestEntrySchema, entry);
      if (known) entries[id] = known;
    }
  } catch {
    // There is none before the first experiment.
  }
  return entries;
}
