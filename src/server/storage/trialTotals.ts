/**
 * The totals of an experiment's trials, read from its database without replaying it. They equal those of a replay
 * ({@link TrialTally}): SQL counts the trials whose last event is their state, and only the others are replayed.
 */

import * as v from 'valibot';
import { type BestResult, betterResult } from '../../model/experiment/bestResult.ts';
import type { OptimizeMode } from '../../model/experiment/experiment.ts';
import type { TrialTotals } from '../../model/experiment/summary.ts';
import { messageOf } from '../../model/text/messageOf.ts';
import { unwrapMetricData } from '../../model/trial/metric.ts';
import { type TrialStatus, trialStatuses } from '../../model/trial/trial.ts';
import type { Logger } from '../log.ts';
import type { ExperimentDatabase } from './experimentDatabase.ts';
import { type StatusEvent, type TalliedTrial, TrialTally } from './trialTally.ts';

export interface TotalsOptions {
  optimizeMode: OptimizeMode;
  /** {@link ExperimentDatabase.nniUntil} */
  nniUntil: number;
  /** Corrects what NNI recorded wrongly, see EarlyStops. */
  explain(tally: Pick<TrialTally<TalliedTrial>, 'unexplainedCancels' | 'stoppedEarly'>): void;
}

export const totalsSchema = v.object({
  counts: v.record(v.picklist(trialStatuses), v.number()),
  best: v.exactOptional(
    v.object({ trialId: v.string(), trialNumber: v.number(), value: v.number(), time: v.number() }),
  ),
});
const storedTotalsSchema = v.object({ ...totalsSchema.entries, event: v.number(), metric: v.number() });

/** Key of the totals that a runner stored in its database. */
export const totalsKey = 'totals';

/** The totals that a runner stored, if nothing was stored after them. Throws StorageError. */
export function readStoredTotals(database: ExperimentDatabase): TrialTotals | undefined {
  const stored = v.safeParse(storedTotalsSchema, database.getMeta(totalsKey));
  if (!stored.success) return undefined;
  const { event, metric, ...totals } = stored.output;
  const end = database.logEnd();
  return end.event === event && end.metric === metric ? totals : undefined;
}

/** Stores the totals in the database, for lists. Without them a list counts the rows. */
export function storeTotals(database: ExperimentDatabase, totals: TrialTotals, log: Pick<Logger, 'warning'>): void {
  try {
    database.transaction(() => database.setMeta(totalsKey, { ...database.logEnd(), ...totals }));
  } catch (error) {
    log.warning(`The totals are not stored: ${messageOf(error)}`);
  }
}

type Rows = Record<string, unknown>[];

/** Events of trials. Imported results are not of a trial, whatever their id. */
const ofTrials = "trialJobId <> '' AND event IS NOT 'IMPORT_DATA'";

/** After any of these events a trial is in the state of that name; a cancel is judged by what was before it. */
const plainEvents = trialStatuses.filter((status) => status !== 'USER_CANCELED');

const irregularTrials = `SELECT DISTINCT trialJobId FROM TrialJobEvent
  WHERE ${ofTrials} AND coalesce(event, '') NOT IN (${plainEvents.map((event) => `'${event}'`).join(', ')})`;

const eventsOfTrials = `SELECT timestamp, trialJobId, event, sequenceId FROM TrialJobEvent WHERE ${ofTrials}`;
const finals = "SELECT rowid AS at, timestamp, trialJobId, data FROM MetricData WHERE type = 'FINAL'";

/** Reads counts and best result. Throws StorageError. */
export function readTotals(database: ExperimentDatabase, options: TotalsOptions): TrialTotals {
  return database.atOneMoment(() => {
    const [numbers] = database.query(
      `SELECT count(*) AS trials, count(DISTINCT number) AS numbers, min(number) AS lowest FROM (
        SELECT sequenceId AS number, min(rowid) FROM TrialJobEvent
        WHERE ${ofTrials} AND typeof(sequenceId) IN ('integer', 'real') GROUP BY trialJobId)`,
    );
    // NNI gave a number twice: the number of a trial depends on all trials before it.
    if (numbers?.trials !== numbers?.numbers || Number(numbers?.lowest ?? 0) < 0)
      return replayTotals(database, options);
    const counts = countTrials(database, options);
    const best = findBest(database, options.optimizeMode);
    return best ? { counts, best: { ...best, trialNumber: firstNumber(database, best.trialId) } } : { counts };
  });
}

function countTrials(database: ExperimentDatabase, options: TotalsOptions): TrialTotals['counts'] {
  const tally = newTally(options);
  const hasIrregular = database.query(irregularTrials).length > 0;
  if (hasIrregular) {
    applyEvents(tally, database.query(`${eventsOfTrials} AND trialJobId IN (${irregularTrials}) ORDER BY rowid`));
    options.explain(tally);
  }
  const counts = tally.counts();
  const regular = database.query(
    `SELECT event, count(*) AS trials FROM (
      SELECT trialJobId, event, max(rowid) FROM TrialJobEvent WHERE ${ofTrials} GROUP BY trialJobId)
    ${hasIrregular ? `WHERE trialJobId NOT IN (${irregularTrials})` : ''} GROUP BY event`,
  );
  const found = new Map<unknown, number>(regular.map((row) => [row.event, Number(row.trials)]));
  const sums = trialStatuses.map((status): [TrialStatus, number] => [
    status,
    (counts[status] ?? 0) + (found.get(status) ?? 0),
  ]);
  return Object.fromEntries(sums.filter(([, count]) => count > 0));
}

/** The best final result, without the number of its trial. */
function findBest(database: ExperimentDatabase, mode: OptimizeMode): BestResult | undefined {
  let best: BestResult | undefined;
  for (const row of database.query(`${finals} AND ${candidates(mode)} ORDER BY rowid`)) {
    const better = betterOf(best, row, mode);
    if (better === best && !isMisread(row)) continue;
    // This result does not count, and may have hidden one that does.
    if (isMisread(row) || !isTrial(database, row.trialJobId) || !isFirst(database, row))
      return findBestOfAll(database, mode);
    best = better;
  }
  return best;
}

function findBestOfAll(database: ExperimentDatabase, mode: OptimizeMode): BestResult | undefined {
  const seen = new Set<unknown>();
  let best: BestResult | undefined;
  for (const row of database.query(`${finals} ORDER BY rowid`)) {
    if (seen.has(row.trialJobId)) continue;
    seen.add(row.trialJobId);
    const better = betterOf(best, row, mode);
    if (better !== best && isTrial(database, row.trialJobId)) best = better;
  }
  return best;
}

function isTrial(database: ExperimentDatabase, id: unknown): boolean {
  const sql = `SELECT 1 FROM TrialJobEvent WHERE trialJobId = ? AND ${ofTrials} LIMIT 1`;
  return database.query(sql, String(id)).length > 0;
}

/** Whether a final result is the first one of its trial. */
function isFirst(database: ExperimentDatabase, { at, trialJobId }: Record<string, unknown>): boolean {
  return database.query(`${finals} AND trialJobId = ? ORDER BY rowid LIMIT 1`, String(trialJobId))[0]?.at === at;
}

/** SQLite's idea of a plain number: it starts like a number. */
const looksPlain = `(data GLOB '"[0-9]*' OR data GLOB '"-[0-9]*')`;

/** Whether SQLite takes the value for a number that it is not, such as `"12 apples"` or `"1e999"`. */
function isMisread({ data }: Record<string, unknown>): boolean {
  const text = String(data ?? '');
  return /^"-?\d/.test(text) && !Number.isFinite(Number(unwrapMetricData(text)));
}

/**
 * SQL for the final results that may be the best: all that are not plain numbers, and the highest (lowest) plain number. SQLite may read
 * the last digit of a number differently, so that near ones are included.
 */
function candidates(mode: OptimizeMode): string {
  const value = 'CAST(substr(data, 2) AS REAL)';
  const [extreme, compare, sign] = mode === 'maximize' ? ['max', '>=', '-'] : ['min', '<=', '+'];
  const limit = `SELECT ${extreme}(${value}) AS most FROM MetricData WHERE type = 'FINAL' AND ${looksPlain}`;
  return `(NOT ${looksPlain} OR ${value} ${compare} (SELECT most ${sign} abs(most) * 1e-12 FROM (${limit})))`;
}

function betterOf(best: BestResult | undefined, row: Record<string, unknown>, mode: OptimizeMode) {
  const final = unwrapMetricData(String(row.data ?? ''));
  return betterResult(best, { id: String(row.trialJobId ?? ''), number: -1, final }, Number(row.timestamp ?? 0), mode);
}

function firstNumber(database: ExperimentDatabase, trialId: string): number {
  const [row] = database.query(
    `SELECT sequenceId FROM TrialJobEvent
    WHERE trialJobId = ? AND ${ofTrials} AND typeof(sequenceId) IN ('integer', 'real') ORDER BY rowid LIMIT 1`,
    trialId,
  );
  return Number(row?.sequenceId ?? -1);
}

function replayTotals(database: ExperimentDatabase, options: TotalsOptions): TrialTotals {
  const tally = newTally(options);
  applyEvents(
    tally,
    database.query(
      `SELECT timestamp, trialJobId, event, sequenceId FROM TrialJobEvent WHERE ${ofTrials} ORDER BY rowid`,
    ),
  );
  for (const row of database.query(
    "SELECT timestamp, trialJobId, data FROM MetricData WHERE type = 'FINAL' ORDER BY rowid",
  )) {
    const trial = tally.trials.get(String(row.trialJobId ?? ''));
    if (trial) tally.applyFinal(trial, unwrapMetricData(String(row.data ?? '')), Number(row.timestamp ?? 0));
  }
  options.explain(tally);
  const { best } = tally;
  return best ? { counts: tally.counts(), best } : { counts: tally.counts() };
}

function newTally({ optimizeMode, nniUntil }: TotalsOptions): TrialTally<TalliedTrial> {
  return new TrialTally(optimizeMode, nniUntil, (trial) => trial);
}

function applyEvents(tally: TrialTally<TalliedTrial>, rows: Rows): void {
  for (const row of rows) {
    const event: StatusEvent = { timestamp: Number(row.timestamp ?? 0), event: String(row.event ?? '') };
    if (typeof row.sequenceId === 'number') event.sequenceId = row.sequenceId;
    tally.applyEvent(String(row.trialJobId), event);
  }
}
