/** Starts runners. A runner outlives the manager that started it. */

import { fork } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import type { ConfigProblem, ExperimentConfig } from '../model/config/config.ts';
import { type ConfigReading, readConfig, readConfigObject } from '../model/config/readConfig.ts';
import type { ExperimentSummary, ManifestEntry } from '../model/experiment/experiment.ts';
import { defined } from '../model/json/defined.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { httpError } from '../server/security/httpError.ts';
import { experimentLayout, newExperimentBase, storedExperimentBase } from '../server/storage/layout.ts';
import { readRunnerToken } from '../server/storage/runnerToken.ts';
import { storageError } from '../server/storage/storageError.ts';
import { compileCacheEnvironment } from '../system/compileCache.ts';
import { configFiles } from '../system/configFiles.ts';
import { makeFolder } from '../system/makeFolder.ts';
import type { LaunchRequest } from '../wire/routes.ts';
import type { Launched } from '../wire/schemas/manager.ts';

/** The launcher asks a runner to end that has not answered in this time. */
const answerTimeoutMs = 30_000;
/** The launcher kills a runner that still lives this long after it was asked to end. */
const endTimeoutMs = 20_000;

const answerSchema = v.variant('type', [
  v.object({ type: v.literal('ready'), port: v.number(), pid: v.number() }),
  v.object({
    type: v.literal('failed'),
    error: v.string(),
    code: v.optional(v.picklist(['portInUse', 'held', 'exists'])),
    problems: v.optional(v.array(v.any())),
  }),
]);

export interface LauncherOptions {
  root: string;
  /** The runner's bundle. */
  script: string;
  folder: LaunchFolder;
}

/** The part of an experiments folder that a launch needs. */
export interface LaunchFolder {
  hold(id: string): (() => void) | undefined;
  refresh(): Promise<void>;
  summary(id: string): ExperimentSummary | undefined;
  manifestEntry(id: string): ManifestEntry | undefined;
}

export class Launcher {
  #options: LauncherOptions;
  /** Ids of new experiments whose folders may not exist yet. */
  #given = new Set<string>();

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /** Resolves when the runner serves. Throws an HttpError: 400 with problems, 404, 409, or 500 with the runner's own message. */
  async launch(request: LaunchRequest): Promise<Launched> {
    if (request.action === 'create') return this.#create(request);
    const id = request.id ?? '';
    const release = this.#options.folder.hold(id);
    if (!release) throw httpError(409, `Experiment ${id} is being started or deleted already.`);
    try {
      return await this.#goOn(id, request);
    } finally {
      release();
    }
  }

  async #goOn(id: string, request: LaunchRequest): Promise<Launched> {
    const { folder } = this.#options;
    // The runner may have ended, or the folder appeared, a moment ago.
    await folder.refresh();
    const summary = folder.summary(id);
    if (!summary) throw httpError(404, `There is no experiment ${id} in ${this.#options.root}.`);
    if (summary.status === 'STOPPING')
      throw httpError(409, `Experiment ${id} is still stopping; try again in a moment.`);
    if (summary.live && summary.status === 'VIEWED')
      throw httpError(409, `Experiment ${id} is open for viewing at port ${summary.port}; stop that first.`);
    if (summary.live) throw httpError(409, `Experiment ${id} is running already.`);
    if (summary.type === 'nas')
      throw httpError(409, `Experiment ${id} searches an architecture; only its results can be shown.`);
    return this.#start(id, request, {});
  }

  async #create(request: LaunchRequest): Promise<Launched> {
    const reading = await this.#read(request);
    const { config } = reading;
    if (!config) {
      const first = reading.problems.find(({ severity }) => severity === 'error');
      throw withProblems(first?.message ?? "The config can't be used.", reading.problems);
    }
    const id = this.#newId();
    return this.#start(id, request, {
      config,
      ...defined({ configFile: request.configFile }),
    });
  }

  async #read(request: LaunchRequest): Promise<ConfigReading> {
    if (request.configFile !== undefined) {
      const text = await readFile(request.configFile, 'utf8').catch((error: unknown) => {
        throw httpError(400, `The config file can't be read: ${messageOf(error)}`);
      });
      return readConfig({ text, file: request.configFile }, configFiles, { engine: 'embedded' });
    }
    if (request.config !== undefined) {
      return readConfigObject(request.config, request.baseDirectory ?? homedir(), configFiles, { engine: 'embedded' });
    }
    throw httpError(400, 'Give a configFile or a config.');
  }

  async #start(
    id: string,
    request: LaunchRequest,
    message: { config?: ExperimentConfig; configFile?: string },
  ): Promise<Launched> {
    const { root, script, folder } = this.#options;
    const directory = experimentLayout.directory(this.#baseOf(id, message.config), id);
    const logs = experimentLayout.logs(directory);
    const output = openLogs(logs, request.action);
    const [stdout = 'ignore', stderr = 'ignore'] = output;
    const args = ['--experiments-directory', root, '--experiment-id', id, '--action', request.action];
    args.push('--port', String(request.port ?? 0), ...(request.debug ? ['--debug'] : []));
    if (request.runnerAccess !== undefined) args.push('--runner-access', request.runnerAccess);
    try {
      const child = fork(script, args, {
        cwd: root,
        detached: true,
        execArgv: [],
        env: { ...runnerEnvironment(request.environment), ...compileCacheEnvironment(root) },
        stdio: ['ignore', stdout, stderr, 'ipc'],
      });
      const launched = await new Promise<Launched>((resolve, reject) => {
        let late = false;
        let timer = setTimeout(() => {
          late = true;
          // A runner that is killed at once would leave trials behind.
          child.kill('SIGTERM');
          timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
        }, answerTimeoutMs);
        child.once('message', (value: unknown) => {
          if (late) return;
          clearTimeout(timer);
          const answer = v.safeParse(answerSchema, value);
          if (!answer.success) reject(httpError(500, 'The runner gave an answer that makes no sense.'));
          else if (answer.output.type === 'ready') {
            const { port, pid } = answer.output;
            const token = readRunnerToken(root, id, pid);
            resolve({ id, port, pid, ...(token === undefined ? {} : { token }) });
          } else {
            reject(failure(answer.output));
          }
        });
        child.once('error', (error) => {
          clearTimeout(timer);
          reject(httpError(500, `The runner could not be started: ${error.message}`));
        });
        child.once('exit', (code, signal) => {
          clearTimeout(timer);
          if (late) return reject(httpError(500, `The runner did not answer within ${answerTimeoutMs / 1000} s.`));
          reject(
            httpError(
              500,
              `The runner ended at once (${signal ?? `exit ${code}`}). ${lastLine(join(logs, 'nnictl_stderr.log'))}`,
            ),
          );
        });
        // As text: the channel itself would not keep how numbers are written.
        const config = message.config && JSON.stringify(message.config);
        child.send({ type: 'launch', ...message, config });
      });
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      await folder.refresh();
      return launched;
    } catch (error) {
      // Leave nothing of an experiment that never started.
      if (request.action === 'create' && !existsSync(experimentLayout.database(directory)))
        rmSync(directory, { recursive: true, force: true });
      throw error;
    } finally {
      output.forEach(closeSync);
      this.#given.delete(id);
    }
  }

  #baseOf(id: string, config: ExperimentConfig | undefined): string {
    const { root, folder } = this.#options;
    return config ? newExperimentBase(root, config) : storedExperimentBase(root, id, folder.manifestEntry(id));
  }

  #newId(): string {
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
    for (;;) {
      let id = '';
      while (id.length < 8) id += letters[randomInt(letters.length)];
      if (this.#given.has(id) || this.#options.folder.summary(id)) continue;
      this.#given.add(id);
      return id;
    }
  }
}

/**
 * The manager's environment, overridden by the caller's. Without the token, which would open the manager to everything that a trial starts.
 */
function runnerEnvironment(given: LaunchRequest['environment']): NodeJS.ProcessEnv {
  const { TRIALDECK_TOKEN: _token, ...environment } = { ...process.env, ...given };
  // Inside VS Code this process is Electron; the variable makes its child a Node.
  return { ...environment, ELECTRON_RUN_AS_NODE: '1' };
}

/**
 * Where a runner's output goes, under nnictl's file names: standard output, then errors. Nowhere when an experiment is only viewed in a
 * read-only folder. Throws HttpError.
 */
function openLogs(folder: string, action: LaunchRequest['action']): number[] {
  try {
    makeFolder(folder);
    return [openSync(join(folder, 'nnictl_stdout.log'), 'a'), openSync(join(folder, 'nnictl_stderr.log'), 'a')];
  } catch (error) {
    const { kind, message } = storageError(error, folder);
    if (action === 'view' && kind === 'readOnly') return [];
    throw httpError(400, kind === 'missing' ? `The folder ${folder} can't be made.` : message);
  }
}

function withProblems(message: string, problems: ConfigProblem[]): Error {
  return Object.assign(httpError(400, message), { problems });
}

/** Turns a runner's error into an HttpError: a conflict where something else stands in the way, else a fault that the person can mend. */
function failure({
  error,
  code,
  problems,
}: {
  error: string;
  code?: unknown;
  problems?: unknown[] | undefined;
}): Error {
  return Object.assign(httpError(code === undefined ? 400 : 409, error), problems ? { problems } : {});
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
