/** Launches a runner: opens its experiment, builds the parts, serves them. */
import { resolve } from 'node:path';
import type { ExperimentConfig } from '../model/config/config.ts';
import type { ManifestEntry } from '../model/experiment/experiment.ts';
import type { RunnerAccess } from '../model/experiment/runnerAccess.ts';
import { messageOf } from '../model/text/messageOf.ts';
import type { SearchSession } from '../search/search.ts';
import { LogFile, type Logger, silentLogger } from '../server/log.ts';
import { EarlyStops } from '../server/sources/earlyStops.ts';
import { LiveSource } from '../server/sources/liveSource.ts';
import { totalsOf } from '../server/sources/source.ts';
import { Journal } from '../server/storage/journal.ts';
import { experimentLayout } from '../server/storage/layout.ts';
import { readManifest } from '../server/storage/manifest.ts';
import { ManifestWriter, newManifestEntry } from '../server/storage/manifestWriter.ts';
import {
  createExperiment,
  type HeldExperiment,
  holderMeta,
  type Place,
  resumeExperiment,
  type Undo,
  viewExperiment,
} from '../server/storage/openExperiment.ts';
import { storeBatch } from '../server/storage/storeBatch.ts';
import { storeTotals } from '../server/storage/trialTotals.ts';
import { SearchDriver } from './drivers/search.ts';
import { SearchPast } from './drivers/searchPast.ts';
import { openSearch } from './drivers/searchThread.ts';
import { RunnerEvents } from './events.ts';
import { launchConfig, logLevel } from './launchConfig.ts';
import { ExperimentLifecycle } from './lifecycle.ts';
import { Listener } from './rest/serve.ts';
import type { PlatformParts } from './trainingServices/platform.ts';
import { createPlatform } from './trainingServices/registry.ts';
import { findProcesses, readPast, type StoredPast, type StoredTrial } from './trials/resume.ts';

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
  /** The file the config was read from, or is to be read from. Absolute. */
  configFile?: string;
}

/** A runner that serves. */
export interface Runner {
  port: number;
  /** Ends trials and experiment, frees the port, closes the database. */
  stop(): Promise<void>;
}

/** What every step of a launch may need. */
interface Launch {
  args: LaunchArguments;
  request: LaunchRequest;
  place: Place;
  /** Called when a client asks for the end. */
  shutDown(): void;
  /** What to undo, the last first, when a later step fails. */
  undo: Undo;
}

/**
 * Launches an experiment.
 *
 * @param shutDown called when a client asks for the end
 * @throws LaunchError, StorageError or Error with a message for a person; nothing is left running then
 */
export async function launch(given: LaunchArguments, request: LaunchRequest, shutDown: () => void): Promise<Runner> {
  const undo: Undo = [];
  try {
    const args = { ...given, root: resolve(given.root) };
    const place = { ...args, entry: (await readManifest(args.root))[args.id] };
    const launch = { args, request, place, shutDown, undo };
    return await (args.action === 'view' ? view(launch) : run(launch));
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function run(launch: Launch): Promise<Runner> {
  const held = await openExperiment(launch);
  const logFile = openLog(launch, held);
  const log = logFile.logger('Runner');
  const platform = openPlatform(launch, held, logFile);
  const search = await openSearch(held.profile.params);
  launch.undo.push(() => search.dispose());
  const listener = await openListener(launch);
  const { source, journal } = openSource(launch, held, listener.port);
  const manifest = new ManifestWriter(launch.place.root, launch.place.id, launch.place.entry, log);
  const past = held.isNew ? undefined : readPast(storedTrials(held));
  const experiment = buildExperiment(launch, held, { source, journal, platform, manifest, search, past, log });
  await experiment.runs.service.prepare();
  catchStrays(log, (reason) => experiment.fail(reason));

  // From here on nothing can prevent the launch.
  recordRunner(held, journal, source);
  const started = experiment.start(
    past && { ...past.inheritance, ...(await findProcesses(past.unfinished, experiment.runs.service)) },
  );
  const listed = manifest.write({ ...firstEntry(launch, held), port: listener.port, status: experiment.status });
  recordSdk(platform, { source, journal, log });
  await started;
  await Promise.all([listed, listener.serve({ source, experiment, shutDown: launch.shutDown })]);
  return {
    port: listener.port,
    stop: async () => {
      await experiment.stop();
      source.changes.flush();
      await listener.close();
      await manifest.write({ status: 'STOPPED', endTime: experiment.profile.endTime ?? Date.now() });
      journal.dispose();
      storeTotals(held.database, totalsOf(source.trials), log);
      held.database.close();
      log.info('Stopped');
      await logFile.close();
    },
  };
}

/** Serves a stored experiment as NNI's `view` does, without changing it. */
async function view(launch: Launch): Promise<Runner> {
  const { root, id, entry } = launch.place;
  const { directory, database, profile, state } = await viewExperiment(launch.place, launch.undo);
  new EarlyStops(directory).explain(state, profile.params);
  const source = new LiveSource(root, directory, state, { profile, status: 'VIEWED', errors: [] });
  source.configFile = stringOrUndefined(database.getMeta('configFile'));
  const listener = await openListener(launch);
  source.port = listener.port;
  await listener.serve({ source, experiment: undefined, shutDown: launch.shutDown });
  catchStrays(silentLogger, () => undefined);
  const manifest = new ManifestWriter(root, id, entry, silentLogger);
  // NNI's view also overwrites the times.
  const fresh = entry ? {} : newManifestEntry(id, profile);
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

async function openExperiment({ args, request, place, undo }: Launch): Promise<HeldExperiment> {
  if (args.action === 'create') return createExperiment(place, await launchConfig(request), undo);
  const held = await resumeExperiment(place, undo);
  new EarlyStops(held.directory).explain(held.state, held.profile.params);
  return held;
}

function openLog({ args, undo }: Launch, { directory, profile }: HeldExperiment): LogFile {
  const logFile = new LogFile(experimentLayout.runnerLog(directory), logLevel(profile.params, args.debug), false);
  undo.push(() => logFile.close());
  logFile.logger('Runner').info(`${args.action} ${args.id} as process ${process.pid}`);
  return logFile;
}

function openPlatform({ place }: Launch, { directory, profile }: HeldExperiment, logFile: LogFile): PlatformParts {
  const platform = createPlatform({
    experimentId: place.id,
    experimentDirectory: directory,
    config: profile.params,
    logger: (part) => logFile.logger(part),
  });
  // recordSdk handles it. If the launch fails earlier, that error is the one to report.
  platform.sdk.catch(() => undefined);
  return platform;
}

async function openListener({ args, undo }: Launch): Promise<Listener> {
  const listener = await Listener.open(args);
  undo.push(() => listener.close());
  return listener;
}

/** Makes the source that is served, and the journal that stores its changes. */
function openSource(
  { place, request, undo }: Launch,
  { directory, database, profile, state }: HeldExperiment,
  port: number,
): { source: LiveSource; journal: Journal } {
  const source = new LiveSource(place.root, directory, state, { profile, status: 'INITIALIZED', errors: [] });
  source.port = port;
  source.configFile = request.configFile ?? stringOrUndefined(database.getMeta('configFile'));
  const journal = new Journal({
    store: (batch) => storeBatch(database, batch),
    apply: (batch) => source.apply(batch),
  });
  undo.push(() => journal.dispose());
  return { source, journal };
}

interface Parts {
  source: LiveSource;
  journal: Journal;
  platform: PlatformParts;
  manifest: ManifestWriter;
  search: SearchSession;
  past: StoredPast | undefined;
  log: Logger;
}

function buildExperiment(
  { undo }: Launch,
  { database, profile, state }: HeldExperiment,
  { source, journal, platform, manifest, search, past, log }: Parts,
): ExperimentLifecycle {
  const events = new RunnerEvents();
  const searchPast = past && new SearchPast(database, state, past.nextSetId);
  const driver = new SearchDriver(search, searchPast);
  const experiment = new ExperimentLifecycle({ profile, journal, log, events, driver, platform, trials: state });
  undo.push(() => experiment.runs.dispose());
  events.on('statusChanged', (status) => {
    void manifest.write({ status, endTime: experiment.profile.endTime ?? 'N/A' });
    source.summaryChanged();
  });
  source.show(experiment, (trialId) => experiment.runs.service.files(trialId));
  return experiment;
}

/** Stores which process runs the experiment, where it answers, and which rows NNI wrote. */
function recordRunner(held: HeldExperiment, journal: Journal, { configFile, port }: LiveSource): void {
  journal.write({ meta: { ...holderMeta(held, port), ...(configFile === undefined ? {} : { configFile }) } });
}

/** The manifest's entry of an experiment that begins, or begins again. */
function firstEntry({ place }: Launch, { isNew, base, profile }: HeldExperiment): Partial<ManifestEntry> {
  const known = place.entry && !isNew ? {} : newManifestEntry(place.id, profile);
  return { ...known, pid: process.pid, logDir: base, endTime: 'N/A' };
}

function* storedTrials({ database, state }: HeldExperiment): Generator<StoredTrial> {
  const runs = database.runs();
  for (const row of state.rows()) {
    const { id } = row;
    yield { row, record: state.record(id), stored: runs.get(id), reports: () => state.metrics(id, 'PERIODICAL') };
  }
}

/** Stores which `nni` the trials import, as soon as that is known. */
function recordSdk({ sdk }: PlatformParts, { source, journal, log }: Pick<Parts, 'source' | 'journal' | 'log'>): void {
  sdk.then(
    (found) => {
      source.sdk = found;
      journal.write({ meta: { sdk: found } });
      source.summaryChanged();
    },
    (error) => log.error(`Which nni the trials will import is unknown: ${messageOf(error)}`),
  );
}

function stringOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Ends the experiment with a reason, not the process with a stack trace, when something unexpected goes wrong. */
function catchStrays(log: Logger, fail: (reason: string) => void): void {
  const onStray = (error: unknown) => {
    log.error(error);
    fail(`Something unexpected went wrong: ${messageOf(error)}. See nnimanager.log.`);
  };
  process.on('uncaughtException', onStray);
  process.on('unhandledRejection', onStray);
}
