/** The past of a resumed search: the experiment's log as events of a search, and the checkpoint in it. */
import { parseWrittenJson } from '../../model/json/parseJson.ts';
import type { SearchSpace } from '../../model/space/searchSpace.ts';
import { unwrapMetricData } from '../../model/trial/metric.ts';
import { isEnded, type TrialRow } from '../../model/trial/trial.ts';
import type { Decision, Report } from '../../search/algorithm.ts';
import type { SearchSession } from '../../search/search.ts';
import type { ExperimentDatabase } from '../../server/storage/experimentDatabase.ts';
import type { ExperimentState, TrialEventRow } from '../../server/storage/experimentState.ts';
import { type LogPosition, type LogRow, logStart } from '../../server/storage/logPosition.ts';
import { readStoredImport } from '../trials/importedResults.ts';
import { latestReport } from '../trials/resume.ts';
import { usableReport } from '../trials/verdict.ts';
import type { HostedEvent, LoggedEvent, StoredCheckpoint } from './searchHost.ts';

/** The checkpoint is stored under this name, in the transaction that stores the trials it led to. */
export const checkpointKey = 'searchCheckpoint';
/** Under this name version 0.1.0 stored the tuner's state. */
export const tunerStateKey = 'tunerState';
/** Name of the log's event for a changed search space. It belongs to no trial, so NNI passes over it. */
export const spaceEvent = 'UPDATE_SEARCH_SPACE';

/** Rows of the log that a resumed search is told at a time: few enough that the runner answers between two pages. */
const pageRows = 250;

export function spaceEventData(from: SearchSpace, to: SearchSpace): string {
  return JSON.stringify({ from, to });
}

export class SearchPast {
  /** One above the highest numeric id of a set. */
  readonly nextId: number;
  readonly checkpoint: StoredCheckpoint | undefined;
  /** A runner of version 0.1.0 had this experiment last. */
  readonly isOfVersion010: boolean;
  /** The search space that {@link spaceFor} and {@link pages} gave last. */
  lastSpace: SearchSpace | undefined;
  readonly #database: ExperimentDatabase;
  readonly #state: ExperimentState;
  readonly #end: LogPosition;

  constructor(database: ExperimentDatabase, state: ExperimentState, nextId: number) {
    this.#database = database;
    this.#state = state;
    this.nextId = nextId;
    this.#end = database.logEnd();
    const tunerState = database.getMeta(tunerStateKey);
    // A runner of this version takes it away with its first checkpoint, so it is newer than any.
    this.isOfVersion010 = tunerState !== undefined && tunerState !== null;
    this.checkpoint = this.isOfVersion010
      ? { at: { ...logStart }, state: { tuner: tunerState }, stops: [] }
      : readCheckpoint(database.getMeta(checkpointKey));
  }

  /** The search space that was in force where {@link pages} begin. @param present the profile's */
  spaceFor(needs: SearchSession['needs'], present: SearchSpace): SearchSpace {
    const change = readSpaceChange(this.#database.firstEventData(spaceEvent, this.#startFor(needs).event));
    const space = change?.from ?? present;
    this.lastSpace = space;
    return space;
  }

  *pages(needs: SearchSession['needs']): Generator<readonly LoggedEvent[]> {
    const ended = new Set<string>();
    const proposed = new Set<string>();
    let at = this.#startFor(needs);
    for (;;) {
      const rows = this.#database.readLog(at, this.#end, needs.reports, pageRows);
      const last = rows.at(-1);
      if (!last) return;
      at = last.at;
      const events = rows.flatMap((row) => this.#eventsOf(row, proposed, ended));
      for (const { event } of events) if (event.kind === 'space') this.lastSpace = event.space;
      if (events.length > 0) yield events;
    }
  }

  #startFor(needs: SearchSession['needs']): LogPosition {
    return needs.history || !this.checkpoint ? { ...logStart } : this.checkpoint.at;
  }

  #eventsOf({ at, event, metric }: LogRow, proposed: Set<string>, ended: Set<string>): LoggedEvent[] {
    if (metric) {
      const report = metric.type === 'PERIODICAL' ? usableReport(unwrapMetricData(metric.data)) : undefined;
      const trialId = metric.trialJobId;
      // NNI may store a report after its trial's end.
      if (!report || ended.has(trialId) || !this.#state.has(trialId)) return [];
      return [{ at, event: { kind: 'reported', set: this.#setOf(trialId), trialId, step: metric.sequence, report } }];
    }
    const told = this.#toldOf(event, proposed, ended);
    return told ? [{ at, event: told }] : [];
  }

  #toldOf(event: TrialEventRow, proposed: Set<string>, ended: Set<string>): HostedEvent | undefined {
    if (event.event === 'IMPORT_DATA') return { kind: 'imported', results: readStoredImport(event.data ?? '[]') };
    if (event.event === spaceEvent) {
      const change = readSpaceChange(event.data);
      return change && { kind: 'space', space: change.to };
    }
    const trialId = event.trialJobId;
    const row = trialId === '' ? undefined : this.#state.row(trialId);
    if (!row) return undefined;
    const set = this.#setOf(trialId);
    if (event.data !== undefined && set !== null && !proposed.has(trialId)) {
      proposed.add(trialId);
      return { kind: 'proposed', set, trialId, parameters: this.#parametersOf(row) };
    }
    // NNI may store a cancel after the end that counts.
    if (!isEnded(row.status) || row.endTime !== event.timestamp || ended.has(trialId)) return undefined;
    if (!endEvents.has(event.event)) return undefined;
    ended.add(trialId);
    return {
      kind: 'ended',
      set,
      trialId,
      parameters: this.#parametersOf(row),
      status: row.status,
      ...this.#worth(row),
    };
  }

  #setOf(trialId: string): number | string | null {
    return this.#state.record(trialId)?.parameter_id ?? null;
  }

  /** The parameters that an ended trial ran with, which NNI's record may have wrong; else those that the trial is to run with. */
  #parametersOf(row: TrialRow): TrialRow['parameters'] {
    return isEnded(row.status) ? row.parameters : (this.#state.record(row.id)?.parameters ?? row.parameters);
  }

  #worth(row: TrialRow): { final?: Report; latest?: Report } {
    const final = row.final === undefined ? undefined : usableReport(row.final);
    if (row.status === 'SUCCEEDED') return final ? { final } : {};
    if (row.status !== 'EARLY_STOPPED') return {};
    const text = latestReport(this.#state.metrics(row.id, 'PERIODICAL'));
    const latest = final ?? (text === undefined ? undefined : usableReport(text));
    return latest ? { latest } : {};
  }
}

const endEvents: ReadonlySet<string> = new Set([
  'SUCCEEDED',
  'FAILED',
  'USER_CANCELED',
  'EARLY_STOPPED',
  'SYS_CANCELED',
]);

function readSpaceChange(data: string | undefined): { from: SearchSpace; to: SearchSpace } | undefined {
  const value = data === undefined ? undefined : parseWrittenJson(data);
  if (!isObject(value) || !isObject(value.from) || !isObject(value.to)) return undefined;
  // Only a runner writes these events, from spaces it has checked.
  return { from: value.from as SearchSpace, to: value.to as SearchSpace };
}

function readCheckpoint(value: unknown): StoredCheckpoint | undefined {
  if (!isObject(value) || !isObject(value.at) || !Array.isArray(value.stops)) return undefined;
  const { event, metric } = value.at;
  if (typeof event !== 'number' || typeof metric !== 'number') return undefined;
  const stops = value.stops.flatMap((stop: unknown): Decision[] =>
    isObject(stop) && typeof stop.trialId === 'string' && typeof stop.reason === 'string'
      ? [{ trialId: stop.trialId, reason: stop.reason }]
      : [],
  );
  return { at: { event, metric }, ...('state' in value ? { state: value.state } : {}), stops };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
