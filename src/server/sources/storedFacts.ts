/** The facts about an experiment that its database holds, read without a replay: enough for its summary. */
import type { ExperimentProfile, ExperimentSummary, TrialSdk } from '../../model/experiment/experiment.ts';
import { optimizeModeOf } from '../../model/experiment/optimizeMode.ts';
import { type Circumstances, summarise, type TrialTotals } from '../../model/experiment/summary.ts';
import { ExperimentDatabase } from '../storage/experimentDatabase.ts';
import { type Holder, readHolder } from '../storage/holder.ts';
import { experimentLayout } from '../storage/layout.ts';
import { StorageError } from '../storage/storageError.ts';
import { readStoredTotals, readTotals } from '../storage/trialTotals.ts';
import { EarlyStops } from './earlyStops.ts';
import { findTrouble } from './nniTrouble.ts';

export interface StoredFacts extends OwnFacts {
  profile: ExperimentProfile;
  totals: TrialTotals;
  /** The runner that holds the experiment, or held it last. */
  holder?: Holder;
  /** Epoch milliseconds. */
  readAt: number;
}

/** What our own tables hold; a database of NNI has none of them. */
export interface OwnFacts {
  engine: 'trialdeck' | 'nni';
  configFile?: string;
  sdk?: TrialSdk;
}

/** The state that the database does not hold: whether a process runs the experiment, and which. */
export type ProcessFacts = Pick<Circumstances, 'status' | 'errors' | 'live' | 'port' | 'pid' | 'urlPrefix'>;

/**
 * Reads the facts about the experiment of a folder.
 *
 * @param id that of the folder: a copied folder's database still has the id of the original
 * @throws StorageError, `missing` also when no profile is stored yet
 */
export function readStoredFacts(directory: string, id: string): StoredFacts {
  const database = ExperimentDatabase.openReadOnly(experimentLayout.database(directory));
  try {
    const profile = database.readProfile();
    if (!profile) throw new StorageError('missing', `${database.path} holds no experiment yet.`);
    const { params } = profile;
    const holder = readHolder(database);
    const totals =
      readStoredTotals(database) ??
      readTotals(database, {
        optimizeMode: optimizeModeOf(params),
        nniUntil: database.nniUntil(),
        explain: (tally) => void new EarlyStops(directory).explain(tally, params),
      });
    return {
      ...readOwnFacts(database),
      profile: { ...profile, id },
      totals,
      ...(holder ? { holder } : {}),
      readAt: Date.now(),
    };
  } finally {
    database.close();
  }
}

/** Reads which program runs the experiment of a folder, or ran it last: all that a list needs while a runner answers. Throws StorageError. */
export function readOwner(directory: string): Pick<StoredFacts, 'engine' | 'holder'> {
  const database = ExperimentDatabase.openReadOnly(experimentLayout.database(directory));
  try {
    const { engine } = readOwnFacts(database);
    const holder = readHolder(database);
    return holder ? { engine, holder } : { engine };
  } finally {
    database.close();
  }
}

export function readOwnFacts(database: ExperimentDatabase): OwnFacts {
  const configFile = database.getMeta('configFile');
  const sdk = database.getMeta('sdk');
  return {
    engine: database.getMeta('engine') === 'trialdeck' ? 'trialdeck' : 'nni',
    ...(typeof configFile === 'string' && configFile !== '' ? { configFile } : {}),
    ...(isSdk(sdk) ? { sdk } : {}),
  };
}

function isSdk(value: unknown): value is TrialSdk {
  return typeof value === 'object' && value !== null && 'kind' in value && 'version' in value && 'python' in value;
}

/** @param trouble why NNI makes no progress or has failed, see {@link findTrouble} */
export function summariseStored(
  facts: Omit<StoredFacts, 'holder'>,
  directory: string,
  process: ProcessFacts,
  trouble: string | undefined,
): ExperimentSummary {
  const { engine, configFile, sdk, readAt } = facts;
  return summarise(facts.profile, facts.totals, {
    ...process,
    errors: trouble === undefined ? process.errors : [...process.errors, trouble],
    engine,
    directory,
    durationAt: readAt,
    ...(configFile === undefined ? {} : { configFile }),
    ...(sdk === undefined ? {} : { sdk }),
  });
}

/** The summary of an experiment whose trials are not read. */
export function summariseFacts(facts: StoredFacts, directory: string, process: ProcessFacts): ExperimentSummary {
  return summariseStored(facts, directory, process, findTrouble(directory, facts, process));
}
