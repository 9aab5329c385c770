/** Puts a runner together: stored past, tuner, training service, REST. */
import { existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ExperimentConfig } from '../model/config/config.ts';
import { parseDuration } from '../model/config/duration.ts';
import type { ExperimentProfile, ManifestEntry } from '../model/experiment/experiment.ts';
import { optimizeModeOf } from '../model/experiment/optimizeMode.ts';
import { messageOf } from '../model/text/messageOf.ts';
import { createTuner } from '../search/createTuner.ts';
import { LogFile, type Logger, silentLogger } from '../server/log.ts';
import { EarlyStops } from '../server/sources/earlyStops.ts';
import { LiveSource } from '../server/sources/liveSource.ts';
import { ExperimentDatabase, nniUntilKey } from '../server/storage/experimentDatabase.ts';
import { ExperimentState } from '../server/storage/experimentState.ts';
import { holdExperiment, refuseIfHeld } from '../server/storage/holdExperiment.ts';
import { holderKey } from '../server/storage/holder.ts';
import { Journal } from '../server/storage/journal.ts';
import { LaunchError } from '../server/storage/launchError.ts';
import { experimentLayout, newExperimentBase, storedExperimentBase } from '../server/storage/layout.ts';
import { readManifest } from '../server/storage/manifest.ts';
import { ManifestWriter } from '../server/storage/manifestWriter.ts';
import { makeFolder } from '../system/makeFolder.ts';
import type { RunnerAccess } from '../wire/routes.ts';
import { TunerHost } from './drivers/tunerHost.ts';
import { Experiment, tunerStateKey } from './experiment.ts';
import { launchConfig, localService, logLevel } from './launchConfig.ts';
import { Listener } from './rest/serve.ts';
import { LocalTrainingService } from './trainingServices/local/localTrainingService.ts';
import type { TrialHandle } from './trainingServices/trainingService.ts';
import { detectTrialSdk } from './trialSdk/detect.ts';
import { findProcesses, readPast, type StoredTrial } from './trials/resume.ts';

export interface LaunchArguments {
  /** The experiments folder, with NNI's manifest in it. */
  root: string;
  id: string;
  action: 'create' | 'resume' | 'view';
  /** 0 picks a free one. */
  port: number;
  /** What holds where this machine does not tell whose a connection is. */
  access: RunnerAccess;
  debug: boolean;
}

export interface LaunchRequest {
  /** In canonical form. */
  config?: ExperimentConfig;
  /** The file it was read from, or is to be read from. Absolute. */
  configFile?: string;
}

/** A runner that serves. */
export interface Runner {
  port: number;
  /** Ends trials and experiment, frees the port, closes the database. */
  stop(): Promise<void>;
}

/** NNI's name of its manager's log. */
const logName = 'nnimanager.log';

/** What to undo when a launch fails half way, the last first. */
type Undo = (() => void | Promise<void>)[];

/**
 * Launches an experiment.
 *
 * @param shutDown called when a client asks for the end
 * @throws LaunchError, StorageError or Error with a message for a person; nothing is left running then
 */
export async function launch(args: LaunchArguments, request: LaunchRequest, shutDown: () => void): Promise<Runner> {
  const undo: Undo = [];
  try {
    const options = { ...args, root: resolve(args.root) };
    const entry = (await readManifest(options.root))[args.id];
    if (args.action === 'view') return await view(options, entry, shutDown, undo);
    return await run(options, request, entry, shutDown, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function run(
  args: LaunchArguments,
  request: LaunchRequest,
  entry: ManifestEntry | undefined,
  shutDown: () => void,
  undo: Undo,
): Promise<Runner> {
  const given = args.action === 'create' ? await launchConfig(request) : undefined;
  const base = given ? newExperimentBase(args.root, given) : storedExperimentBase(args.root, args.id, entry);
  const directory = experimentLayout.directory(base, args.id);
  const database = openDatabase(args, directory, undo);
  const holder = await holdExperiment(database, args.id, entry);
  const profile = given ? newProfile(args.id, directory, given) : storedProfile(database, args.id);
  const { params } = profile;
  const service = localService(params);
  // Asking a Python takes a while: the rest is made ready meanwhile, and only the first trial waits.
  const sdk = detectTrialSdk({ trialCommand: service.trialCommand, cwd: service.trialCodeDirectory, env: process.env });
  sdk.catch(() => undefined); // said below; a launch that fails before has another reason
  const listener = await Listener.open(args);
  undo.push(() => listener.close());
  const logFile = new LogFile(join(experimentLayout.logs(directory), logName), logLevel(params, args.debug), false);
  undo.push(() => logFile.close());
  const log = logFile.logger('Runner');
  log.info(`${args.action} ${args.id} as process ${process.pid}`);

  // What NNI wrote is read with its mix-ups undone, now and by whoever reads it later.
  const nniUntil = given ? 0 : Math.min(database.nniUntil(), Date.now());
  const state = new ExperimentState(optimizeModeOf(params), nniUntil);
  if (!given) {
    database.replayInto(state);
    new EarlyStops(directory).explain(state, params);
  }
  const source: LiveSource = new LiveSource(args.root, directory, database, state, {
    profile: () => experiment.profile,
    status: () => experiment.status,
    errors: () => experiment.errors,
  });
  source.port = listener.port;
  source.configFile = request.configFile ?? stringOr(database.getMeta('configFile'));
  const journal = new Journal({
    store: (batch) => source.store(batch),
    apply: (batch) => source.apply(batch),
    failed: (reason) => experiment.fail(`The experiment's database can't be written: ${reason}`),
  });
  undo.push(() => journal.dispose());
  const manifest = new ManifestWriter(args.root, args.id, entry, log);
  const tuner = createTuner(params);
  undo.push(() => tuner.dispose());
  const experiment: Experiment = new Experiment({
    profile,
    journal,
    log,
    tuner: (onFailure) => new TunerHost(tuner, params.tuner?.name ?? 'of this experiment', onFailure),
    service: (events) =>
      new LocalTrainingService({
        experimentId: args.id,
        experimentDirectory: directory,
        config: service,
        sdkEnvironment: sdk.then(({ environment }) => environment),
        events,
        log: logFile.logger('LocalService'),
      }),
    isTrial: (id) => state.has(id),
    seconds: (limit) => (limit === undefined ? undefined : parseDuration(limit)),
    statusChanged: (status) => {
      void manifest.write({ status, endTime: experiment.profile.endTime ?? 'N/A' });
      source.summaryChanged();
    },
  });
  undo.push(() => experiment.runs.dispose());
  await experiment.runs.service.prepare();
  catchStrays(log, (reason) => experiment.fail(reason));

  // From here on nothing can prevent the launch any more.
  const configFile = source.configFile === undefined ? {} : { configFile: source.configFile };
  const origin = { engine: 'trialdeck', ...(nniUntil > 0 ? { [nniUntilKey]: nniUntil } : {}) };
  journal.write({ meta: { ...origin, [holderKey]: { ...holder, port: listener.port }, ...configFile } });
  const past = given ? undefined : readPast(storedTrials(database, state), state.imported, tunerState(database));
  const started = experiment.start(
    past && { ...past.inheritance, ...(await findProcesses(past.unfinished, experiment.runs.service)) },
  );
  const known = manifest.write({
    ...(entry && !given ? {} : newEntry(args.id, profile)),
    port: listener.port,
    pid: process.pid,
    logDir: base,
    status: experiment.status,
    endTime: 'N/A',
  });
  sdk.then(
    (found) => {
      source.sdk = found.sdk;
      journal.write({ meta: { sdk: found.sdk } });
      source.summaryChanged();
    },
    (error) => log.error(`Which nni the trials will import is unknown: ${messageOf(error)}`),
  );
  await started;
  await Promise.all([known, listener.serve({ source, experiment, shutDown })]);
  return {
    port: listener.port,
    stop: async () => {
      await experiment.stop();
      source.changes.flush();
      await listener.close();
      await manifest.write({ status: 'STOPPED', endTime: experiment.profile.endTime ?? Date.now() });
      journal.dispose();
      database.close();
      log.info('Stopped');
      await logFile.close();
    },
  };
}

/** Serves a stored experiment as NNI's `view` does, without changing it. */
async function view(
  args: LaunchArguments,
  entry: ManifestEntry | undefined,
  shutDown: () => void,
  undo: Undo,
): Promise<Runner> {
  const directory = experimentLayout.directory(storedExperimentBase(args.root, args.id, entry), args.id);
  const path = experimentLayout.database(directory);
  if (!existsSync(path)) throw new LaunchError(`There is no experiment ${args.id} in ${args.root}.`);
  const database = ExperimentDatabase.openReadOnly(path);
  undo.push(() => database.close());
  await refuseIfHeld(database, args.id, entry);
  const profile = storedProfile(database, args.id);
  const state = new ExperimentState(optimizeModeOf(profile.params), database.nniUntil());
  database.replayInto(state);
  new EarlyStops(directory).explain(state, profile.params);
  const source = new LiveSource(args.root, directory, database, state, {
    profile: () => profile,
    status: () => 'VIEWED',
    errors: () => [],
  });
  source.configFile = stringOr(database.getMeta('configFile'));
  const listener = await Listener.open(args);
  undo.push(() => listener.close());
  source.port = listener.port;
  await listener.serve({ source, experiment: undefined, shutDown });
  catchStrays(silentLogger, () => undefined);
  const manifest = new ManifestWriter(args.root, args.id, entry, silentLogger);
  // NNI's view also overwrites the times.
  const fresh = entry ? {} : newEntry(args.id, profile);
  await manifest.write({ ...fresh, port: listener.port, pid: process.pid, status: 'VIEWED' });
  return {
    port: listener.port,
    stop: async () => {
      await listener.close();
      await manifest.write({ status: 'STOPPED' });
      database.close();
    },
  };
}

function openDatabase(args: LaunchArguments, directory: string, undo: Undo): ExperimentDatabase {
  const path = experimentLayout.database(directory);
  const stored = existsSync(path);
  if (args.action === 'create') {
    if (stored)
      throw new LaunchError(`There is an experiment ${args.id} already. Resume it, or choose another id.`, {
        code: 'exists',
      });
    // Whoever launches may have made the folder, for the output of this process.
    const made = existsSync(directory)
      ? [dirname(path), experimentLayout.checkpoint(directory), join(experimentLayout.logs(directory), logName)]
      : [directory];
    undo.push(() => {
      for (const each of made) rmSync(each, { recursive: true, force: true });
    });
  } else if (!stored) {
    throw new LaunchError(`There is no experiment ${args.id} in ${args.root}.`);
  }
  for (const folder of [experimentLayout.logs(directory), experimentLayout.checkpoint(directory)]) {
    try {
      makeFolder(folder);
    } catch (error) {
      throw new LaunchError(`The folder ${folder} can't be made: ${messageOf(error)}`);
    }
  }
  const database = ExperimentDatabase.openWritable(path);
  undo.push(() => database.close());
  return database;
}

function newProfile(id: string, directory: string, config: ExperimentConfig): ExperimentProfile {
  return {
    params: { ...config },
    id,
    execDuration: 0,
    startTime: Date.now(),
    logDir: directory,
    nextSequenceId: 0,
    revision: 0,
  };
}

function storedProfile(database: ExperimentDatabase, id: string): ExperimentProfile {
  const profile = database.readProfile();
  if (!profile) throw new LaunchError(`${database.path} holds no experiment.`);
  // A copied folder's database has the id of the original.
  return { ...profile, id };
}

function newEntry(id: string, profile: ExperimentProfile): Partial<ManifestEntry> {
  const { params, startTime } = profile;
  return {
    id,
    startTime: startTime ?? Date.now(),
    platform: params.trainingService.platform,
    experimentName: params.experimentName ?? '',
    tag: [],
    webuiUrl: [],
    prefixUrl: null,
  };
}

function* storedTrials(database: ExperimentDatabase, state: ExperimentState): Generator<StoredTrial> {
  const handles = database.handles();
  for (const row of state.rows()) {
    yield { row, record: state.record(row.id), handle: readHandle(handles.get(row.id)) };
  }
}

function readHandle(value: unknown): TrialHandle | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { trialId, metricsOffset } = value as Partial<TrialHandle>;
  return typeof trialId === 'string' && typeof metricsOffset === 'number' ? (value as TrialHandle) : undefined;
}

function tunerState(database: ExperimentDatabase): unknown {
  return database.getMeta(tunerStateKey);
}

function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What nobody expected ends the experiment with a reason, not the process with a stack trace. */
function catchStrays(log: Logger, fail: (reason: string) => void): void {
  const onStray = (error: unknown) => {
    log.error(error);
    fail(`Something unexpected went wrong: ${messageOf(error)}. See nnimanager.log.`);
  };
  process.on('uncaughtException', onStray);
  process.on('unhandledRejection', onStray);
}
