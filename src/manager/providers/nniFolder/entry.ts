/** An experiment in the list, and the states it can be in. */
import type { ExperimentSummary, ManifestEntry } from '../../../model/experiment/experiment.ts';
import type { StoredSource } from '../../../server/sources/storedSource.ts';
import { runsExperiment } from '../../../server/storage/manifest.ts';
import type { RunnerFeed } from './runnerFeed.ts';

export interface Entry {
  readonly id: string;
  /** The experiment's own folder. */
  readonly directory: string;
  manifest: ManifestEntry | undefined;
  /** The newest summary; undefined until anything is known. It outlives changes of state. */
  summary: ExperimentSummary | undefined;
  state: EntryState;
}

/**
 * `stamp` identifies the files that the summary was read from: while it stays the same, the experiment is not read again.
 *
 * From `unread` an entry may come to each of the others. `runner` becomes `ending` when the runner takes no connections, and `unread` when
 * its stream breaks. `ending` and `nni` become `unread` when their process has ended. The last three are left when their stamp changes.
 */
export type EntryState =
  | { kind: 'unread' }
  /** A runner of ours serves it. */
  | { kind: 'runner'; feed: RunnerFeed }
  /** Its runner takes no connections any more, but still lives. */
  | { kind: 'ending'; pid: number }
  /** A living NNI writes its database, which is followed. */
  | { kind: 'nni'; pid: number | undefined; source: StoredSource; stamp: string }
  /** Nothing runs it; its trials are read when a client asks for them. */
  | { kind: 'stored'; stamp: string }
  /** It has no database: an architecture search that NNI ran in one process. */
  | { kind: 'manifestOnly'; stamp: string }
  /** Its database can't be read. A locked one has no stamp: it is tried again. */
  | { kind: 'unreadable'; stamp: string | undefined };

/** Whether its runner is about to end. Until then nothing else can hold the experiment. */
export function isEnding({ id, state }: Pick<Entry, 'id' | 'state'>): boolean {
  return state.kind === 'ending' && runsExperiment(state.pid, id);
}

export function stampOf({ state }: Entry): string | undefined {
  return 'stamp' in state ? state.stamp : undefined;
}
