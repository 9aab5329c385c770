/** Opens a new or a stored experiment, and makes this process its holder: a runner, or a program that runs trials itself. */
import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ExperimentConfig } from '../../model/config/config.ts';
import type { ExperimentProfile, ManifestEntry } from '../../model/experiment/experiment.ts';
import { optimizeModeOf } from '../../model/experiment/optimizeMode.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { makeFolder } from '../../system/makeFolder.ts';
import { ExperimentDatabase, nniUntilKey } from './experimentDatabase.ts';
import { ExperimentState } from './experimentState.ts';
import { holdExperiment, refuseIfHeld } from './holdExperiment.ts';
import { type Holder, holderKey } from './holder.ts';
import { LaunchError } from './launchError.ts';
import { experimentLayout, newExperimentBase, storedExperimentBase } from './layout.ts';
import { totalsKey } from './trialTotals.ts';

/** Undoes the steps of a launch that fails half way, the last step first. */
export type Undo = (() => void | Promise<void>)[];

export interface Place {
  /** The experiments folder, with NNI's manifest in it. */
  root: string;
  id: string;
  /** The experiment's entry in the manifest. */
  entry: ManifestEntry | undefined;
}

export interface ViewedExperiment {
  /** The experiment's own folder. */
  directory: string;
  database: ExperimentDatabase;
  profile: ExperimentProfile;
  state: ExperimentState;
}

export interface HeldExperiment extends ViewedExperiment {
  holder: Holder;
  /** The folder that the experiment's own folder lies in. */
  base: string;
  isNew: boolean;
  /** Until when NNI's own manager ran it, in epoch milliseconds; 0 where it never did. */
  nniUntil: number;
}

/**
 * Creates an experiment and makes this process its only writer.
 *
 * @throws LaunchError when there is one with this id already
 */
export async function createExperiment(place: Place, config: ExperimentConfig, undo: Undo): Promise<HeldExperiment> {
  const base = newExperimentBase(place.root, config);
  const directory = experimentLayout.directory(base, place.id);
  const path = experimentLayout.database(directory);
  if (existsSync(path)) {
    throw new LaunchError(`There is an experiment ${place.id} already. Resume it, or choose another id.`, {
      code: 'exists',
    });
  }
  // The launcher may have made the folder, for the output of this process.
  const made = existsSync(directory)
    ? [dirname(path), experimentLayout.checkpoint(directory), experimentLayout.runnerLog(directory)]
    : [directory];
  undo.push(() => {
    for (const each of made) rmSync(each, { recursive: true, force: true });
  });
  const database = openWritable(directory, undo);
  const holder = await holdExperiment(database, place.id, place.entry);
  const profile = newProfile(place.id, directory, config);
  const state = new ExperimentState(optimizeModeOf(profile.params));
  return { directory, base, database, holder, profile, state, isNew: true, nniUntil: 0 };
}

/**
 * Opens a stored experiment and makes this process its only writer.
 *
 * @throws LaunchError when there is none, or when a living process holds it
 */
export async function resumeExperiment(place: Place, undo: Undo): Promise<HeldExperiment> {
  const base = storedExperimentBase(place.root, place.id, place.entry);
  const directory = storedDirectory(place);
  const database = openWritable(directory, undo);
  const holder = await holdExperiment(database, place.id, place.entry);
  // NNI's rows are read with its mix-ups undone, now and by every later reader.
  const nniUntil = Math.min(database.nniUntil(), Date.now());
  return { directory, base, holder, isNew: false, nniUntil, ...replay(place.id, database, nniUntil) };
}

/**
 * Opens a stored experiment for reading.
 *
 * @throws LaunchError when there is none, or when a living process holds it
 */
export async function viewExperiment(place: Place, undo: Undo): Promise<ViewedExperiment> {
  const directory = storedDirectory(place);
  const database = ExperimentDatabase.openReadOnly(experimentLayout.database(directory));
  undo.push(() => database.close());
  await refuseIfHeld(database, place.id, place.entry);
  return { directory, ...replay(place.id, database, database.nniUntil()) };
}

/**
 * What the database keeps of a held experiment's holder.
 *
 * @param port of its REST; absent for a process that serves none
 */
export function holderMeta({ holder, nniUntil }: HeldExperiment, port?: number): Readonly<Record<string, unknown>> {
  return {
    engine: 'trialdeck',
    ...(nniUntil > 0 ? { [nniUntilKey]: nniUntil } : {}),
    [holderKey]: { ...holder, ...(port === undefined ? {} : { port }) },
    // Totals that an earlier holder stored will soon be wrong.
    [totalsKey]: null,
  };
}

function storedDirectory({ root, id, entry }: Place): string {
  const directory = experimentLayout.directory(storedExperimentBase(root, id, entry), id);
  if (existsSync(experimentLayout.database(directory))) return directory;
  throw new LaunchError(`There is no experiment ${id} in ${root}.`);
}

function replay(
  id: string,
  database: ExperimentDatabase,
  nniUntil: number,
): Pick<ViewedExperiment, 'database' | 'profile' | 'state'> {
  const stored = database.readProfile();
  if (!stored) throw new LaunchError(`${database.path} holds no experiment.`);
  // A copied folder's database has the id of the original.
  const profile = { ...stored, id };
  const state = new ExperimentState(optimizeModeOf(profile.params), nniUntil);
  database.replayInto(state);
  return { database, profile, state };
}

function openWritable(directory: string, undo: Undo): ExperimentDatabase {
  for (const folder of [experimentLayout.logs(directory), experimentLayout.checkpoint(directory)]) {
    try {
      makeFolder(folder);
    } catch (error) {
      throw new LaunchError(`The folder ${folder} can't be made: ${messageOf(error)}`);
    }
  }
  const database = ExperimentDatabase.openWritable(experimentLayout.database(directory));
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
