/**
 * An experiment's `db/nni.sqlite`: NNI's tables, ours beside them (`Trialdeck…`), over node:sqlite. The runner is the only writer.
 */

import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parseConfig } from '../../model/config/config.ts';
import type { ExperimentProfile } from '../../model/experiment/experiment.ts';
import { presentConfig } from '../../model/experiment/profileConfig.ts';
import type { JsonValue } from '../../model/json/jsonValue.ts';
import { parseWrittenJson } from '../../model/json/parseJson.ts';
import type { MetricDataRecord, MetricType } from '../../model/trial/trial.ts';
import type { ExperimentState, TrialEventRow } from './experimentState.ts';
import { type LogPosition, type LogRow, mergeLog } from './logPosition.ts';
import { StorageError, storageError } from './storageError.ts';
import { runOfVersion010, type StoredRun } from './storedRun.ts';

/** How long a reader waits for a lock. The wait holds up everything else in this process. */
const readerTimeoutMs = 100;

/** The position that a follower of a database has read up to. */
export interface ReadPosition {
  event: number;
  metric: number;
  /** Revision of the newest profile. */
  profile: number;
}

/** Key of the time at which a runner of ours took an experiment over from NNI. */
export const nniUntilKey = 'nniUntil';

const schema = `
CREATE TABLE IF NOT EXISTS TrialJobEvent (timestamp integer, trialJobId text, event text, data text, logPath text, sequenceId integer, message text, environmentId text);
CREATE INDEX IF NOT EXISTS TrialJobEvent_trialJobId ON TrialJobEvent(trialJobId);
CREATE INDEX IF NOT EXISTS TrialJobEvent_event ON TrialJobEvent(event);
CREATE TABLE IF NOT EXISTS MetricData (timestamp integer, trialJobId text, parameterId text, type text, sequence integer, data text);
CREATE INDEX IF NOT EXISTS MetricData_trialJobId ON MetricData(trialJobId);
CREATE INDEX IF NOT EXISTS MetricData_type ON MetricData(type);
CREATE TABLE IF NOT EXISTS ExperimentProfile (params text, id text, execDuration integer, startTime integer, endTime integer, logDir text, nextSequenceId integer, revision integer);
CREATE INDEX IF NOT EXISTS ExperimentProfile_id ON ExperimentProfile(id);
CREATE TABLE IF NOT EXISTS TrialdeckMeta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE IF NOT EXISTS TrialdeckHandle (trialJobId text PRIMARY KEY, handle text NOT NULL);
CREATE TABLE IF NOT EXISTS TrialdeckRun (trialJobId text PRIMARY KEY, handle text, attempt integer NOT NULL, position text, stop text);
CREATE TABLE IF NOT EXISTS TrialdeckEventOrder (event integer PRIMARY KEY, metricsBefore integer NOT NULL);
`;

export class ExperimentDatabase {
  readonly path: string;
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  /** Row number of the newest metric, once it is known. */
  #newestMetric: number | undefined;
  #closed: () => void;

  private constructor(path: string, database: DatabaseSync, closed: () => void = () => undefined) {
    this.path = path;
    this.#database = database;
    this.#closed = closed;
  }

  /** Creates the file and its folder, or opens it for writing. Throws StorageError. */
  static openWritable(path: string): ExperimentDatabase {
    const Database = sqlite();
    try {
      mkdirSync(dirname(path), { recursive: true });
      const database = new Database(path);
      try {
        database.exec('PRAGMA busy_timeout = 250; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
        database.exec(schema);
      } catch (error) {
        database.close();
        throw error;
      }
      return new ExperimentDatabase(path, database);
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** Opens for reading only, also in a read-only folder, and never changes how the writer keeps its journal. Throws StorageError. */
  static openReadOnly(path: string): ExperimentDatabase {
    const Database = sqlite();
    if (!existsSync(path)) throw new StorageError('missing', `${path} does not exist.`);
    try {
      const database = new Database(path, { readOnly: true });
      try {
        database.exec(`PRAGMA busy_timeout = ${readerTimeoutMs};`);
        database.prepare('SELECT 1 FROM sqlite_master').get();
        return new ExperimentDatabase(path, database);
      } catch (error) {
        database.close();
        if (storageError(error, path).kind === 'locked') throw error;
        // A killed writer left a journal that needs recovery, which a read-only connection may not do.
        if (journalsOf(path).some(existsSync)) return ExperimentDatabase.#openCopy(path, Database);
        // A finished database in WAL mode in a folder where nothing can be created: no process writes it, so it can be read as it is.
        const immutable = new Database(`${pathToFileURL(path).href}?immutable=1`, { readOnly: true });
        return new ExperimentDatabase(path, immutable);
      }
    } catch (error) {
      throw storageError(error, path);
    }
  }

  /** Reads the database as it was at the call; rows appended later are not seen. */
  static #openCopy(path: string, Database: typeof DatabaseSync): ExperimentDatabase {
    const folder = mkdtempSync(join(tmpdir(), 'trialdeck-database-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    try {
      const copy = join(folder, basename(path));
      for (const from of [path, ...journalsOf(path)].filter(existsSync)) {
        const to = join(folder, basename(from));
        copyFileSync(from, to);
        chmodSync(to, 0o600);
      }
      const database = new Database(copy);
      database.prepare('SELECT 1 FROM sqlite_master').get();
      return new ExperimentDatabase(path, database, remove);
    } catch (error) {
      remove();
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
    this.#closed();
  }

  /** Stores everything or nothing. Throws StorageError. */
  transaction(action: () => void): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        action();
        this.#database.exec('COMMIT');
      } catch (error) {
        this.#newestMetric = undefined;
        this.#rollBack();
        throw error;
      }
    } catch (error) {
      throw storageError(error, this.path);
    }
  }

  /** Also stores how many metrics came before: NNI's two tables do not tell. */
  storeEvent(row: TrialEventRow): void {
    const { lastInsertRowid } = this.#prepare('INSERT INTO TrialJobEvent VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      row.timestamp,
      row.trialJobId,
      row.event,
      row.data ?? null,
      row.logPath ?? null,
      row.sequenceId ?? null,
      row.message ?? null,
      row.environmentId ?? null,
    );
    this.#newestMetric ??= this.#newestRow('MetricData');
    this.#prepare('INSERT OR REPLACE INTO TrialdeckEventOrder VALUES (?, ?)').run(lastInsertRowid, this.#newestMetric);
  }

  storeMetric(row: MetricDataRecord): void {
    const { lastInsertRowid } = this.#prepare('INSERT INTO MetricData VALUES (?, ?, ?, ?, ?, ?)').run(
      row.timestamp,
      row.trialJobId,
      row.parameterId,
      row.type,
      row.sequence,
      row.data,
    );
    this.#newestMetric = Number(lastInsertRowid);
  }

  /** The end of the log. Throws StorageError. */
  logEnd(): LogPosition {
    return this.#reading(() => ({ event: this.#newestRow('TrialJobEvent'), metric: this.#newestRow('MetricData') }));
  }

  /** Data of the first event of this name after a row of `TrialJobEvent`; undefined when there is none. Throws StorageError. */
  firstEventData(name: string, after: number): string | undefined {
    return this.#reading(() => {
      const row = this.#prepare(
        'SELECT data FROM TrialJobEvent WHERE event = ? AND rowid > ? ORDER BY rowid LIMIT 1',
      ).get(name, after);
      return typeof row?.data === 'string' ? row.data : undefined;
    });
  }

  /**
   * A page of the log: the rows after `from`, at most up to `to`, in the order they were stored. Empty at the end.
   * Throws StorageError.
   *
   * @param withMetrics false leaves out the metrics, which are most of the rows
   */
  readLog(from: LogPosition, to: LogPosition, withMetrics: boolean, maxRows = 1000): LogRow[] {
    return this.#reading(() => {
      const events = this.#prepare(
        `SELECT TrialJobEvent.rowid AS at, TrialJobEvent.*, metricsBefore FROM TrialJobEvent
        LEFT JOIN TrialdeckEventOrder ON TrialdeckEventOrder.event = TrialJobEvent.rowid
        WHERE TrialJobEvent.rowid > ? AND TrialJobEvent.rowid <= ? ORDER BY TrialJobEvent.rowid LIMIT ?`,
      ).all(from.event, to.event, maxRows);
      const metrics = withMetrics
        ? this.#prepare(
            `SELECT rowid AS at, * FROM MetricData WHERE rowid > ? AND rowid <= ?
            AND (type IN ('PERIODICAL', 'FINAL') OR type LIKE 'PERIODICAL@%') ORDER BY rowid LIMIT ?`,
          ).all(from.metric, to.metric, maxRows)
        : [];
      return mergeLog(
        from,
        events.map((row) => ({
          row: Number(row.at),
          event: toEvent(row),
          ...(typeof row.metricsBefore === 'number' ? { metricsBefore: row.metricsBefore } : {}),
        })),
        metrics.flatMap((row) => {
          // The search also got what a trial reported in an earlier attempt.
          const metric = toMetric({ ...row, type: String(row.type).replace(/@.*/, '') });
          return metric ? [{ row: Number(row.at), metric }] : [];
        }),
        { events: events.length === maxRows, metrics: metrics.length === maxRows },
      );
    });
  }

  /** Appends a revision, as NNI does; the highest is current. */
  storeProfile(profile: ExperimentProfile): void {
    this.#prepare('INSERT INTO ExperimentProfile VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      JSON.stringify(profile.params),
      profile.id,
      profile.execDuration,
      profile.startTime ?? null,
      profile.endTime ?? null,
      profile.logDir,
      profile.nextSequenceId,
      profile.revision,
    );
  }

  /** Undefined while NNI (or a runner) has not stored one yet. */
  readProfile(): ExperimentProfile | undefined {
    return this.#reading(() => {
      const row = this.#prepare('SELECT * FROM ExperimentProfile ORDER BY revision DESC LIMIT 1').get();
      if (!row) return undefined;
      const profile: ExperimentProfile = {
        params: presentConfig(parseConfig(String(row.params)), parseWrittenJson),
        id: String(row.id),
        execDuration: Number(row.execDuration ?? 0),
        logDir: String(row.logDir ?? ''),
        nextSequenceId: Number(row.nextSequenceId ?? 0),
        revision: Number(row.revision ?? 0),
      };
      if (typeof row.startTime === 'number') profile.startTime = row.startTime;
      if (typeof row.endTime === 'number') profile.endTime = row.endTime;
      return profile;
    });
  }

  setMeta(key: string, value: unknown): void {
    this.#prepare('INSERT OR REPLACE INTO TrialdeckMeta VALUES (?, ?)').run(key, JSON.stringify(value));
  }

  /** Undefined where the database has none, as in every database that NNI wrote. */
  getMeta(key: string): unknown {
    return this.#reading(() => {
      if (!this.#hasOurTables()) return undefined;
      const row = this.#prepare('SELECT value FROM TrialdeckMeta WHERE key = ?').get(key);
      return row ? parseWrittenJson(String(row.value)) : undefined;
    });
  }

  /**
   * Until when NNI's own manager wrote this database, in epoch milliseconds: 0 where it never did, infinite where no runner of ours has
   * taken the experiment over. Throws StorageError.
   */
  nniUntil(): number {
    if (this.getMeta('engine') !== 'trialdeck') return Number.POSITIVE_INFINITY;
    const value = this.getMeta(nniUntilKey);
    return typeof value === 'number' ? value : 0;
  }

  /**
   * Keeps the metrics of an earlier attempt out of every count and chart. They stay on record under a type that no reader
   * knows, so that row numbers are never used twice.
   */
  putMetricsAside(trialId: string, attempt: number): void {
    this.#prepare(
      "UPDATE MetricData SET type = type || '@' || ? WHERE trialJobId = ? AND type IN ('PERIODICAL', 'FINAL')",
    ).run(attempt, trialId);
  }

  setRun({ trialId, handle, attempt, position, stop }: StoredRun): void {
    const text = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
    this.#prepare('INSERT OR REPLACE INTO TrialdeckRun VALUES (?, ?, ?, ?, ?)').run(
      trialId,
      text(handle),
      attempt,
      text(position),
      text(stop),
    );
  }

  removeRun(trialId: string): void {
    this.#prepare('DELETE FROM TrialdeckRun WHERE trialJobId = ?').run(trialId);
    this.#prepare('DELETE FROM TrialdeckHandle WHERE trialJobId = ?').run(trialId);
  }

  /** Runs by trial id, also those that version 0.1.0 stored in `TrialdeckHandle`. Only a writable database has them all. */
  runs(): Map<string, StoredRun> {
    return this.#reading(() => {
      const runs = new Map<string, StoredRun>();
      for (const row of this.#prepare('SELECT * FROM TrialdeckHandle').all()) {
        const trialId = String(row.trialJobId);
        const run = runOfVersion010(trialId, parseJson(row.handle) ?? null);
        if (run) runs.set(trialId, run);
      }
      for (const row of this.#prepare('SELECT * FROM TrialdeckRun').all()) {
        const trialId = String(row.trialJobId);
        const run: StoredRun = { trialId, attempt: Number(row.attempt) };
        const [handle, position, stop] = [parseJson(row.handle), parseJson(row.position), parseJson(row.stop)];
        if (handle !== undefined) run.handle = handle;
        if (position !== undefined) run.position = position;
        if (stop !== undefined) run.stop = stop;
        runs.set(trialId, run);
      }
      return runs;
    });
  }

  /**
   * Feeds all rows after `from` (all rows without it) into `state`, in the order they were stored, and calls `changed` for each trial and
   * metric that changed. Returns the position reached.
   */
  replayInto(
    state: ExperimentState,
    from: ReadPosition = { event: 0, metric: 0, profile: -1 },
    changed?: { trial(id: string): void; metric(row: MetricDataRecord): void },
  ): ReadPosition {
    // Read both tables in one transaction: a writer may store a new trial and its metrics between two statements, or lock the database.
    return this.atOneMoment(() => {
      const position = { ...from };
      const events = this.#prepare('SELECT rowid AS at, * FROM TrialJobEvent WHERE rowid > ? ORDER BY rowid');
      for (const row of events.iterate(from.event)) {
        position.event = Number(row.at);
        const trialId = state.applyEvent(toEvent(row));
        if (trialId !== undefined) changed?.trial(trialId);
      }
      const metrics = this.#prepare('SELECT rowid AS at, * FROM MetricData WHERE rowid > ? ORDER BY rowid');
      for (const row of metrics.iterate(from.metric)) {
        position.metric = Number(row.at);
        const metric = toMetric(row);
        if (metric && state.applyMetric(metric)) changed?.metric(metric);
      }
      const newest = this.#prepare('SELECT max(revision) AS revision FROM ExperimentProfile').get();
      position.profile = Number(newest?.revision ?? -1);
      return position;
    });
  }

  /** All rows of a query. Throws StorageError. */
  query(sql: string, ...parameters: SQLInputValue[]): Record<string, unknown>[] {
    return this.#reading(() => this.#prepare(sql).all(...parameters));
  }

  /**
   * Runs `action` on one state of the database, whatever other programs write meanwhile. Only the first read waits for a lock. Throws
   * StorageError.
   */
  atOneMoment<T>(action: () => T): T {
    return this.#reading(() => {
      this.#database.exec('BEGIN');
      try {
        return action();
      } finally {
        this.#rollBack();
      }
    });
  }

  /** SQLite rolls back by itself when the disk is full or fails. That first error is the one to report. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back already
    }
  }

  #newestRow(table: 'TrialJobEvent' | 'MetricData'): number {
    return Number(this.#prepare(`SELECT max(rowid) AS row FROM ${table}`).get()?.row ?? 0);
  }

  #hasOurTables(): boolean {
    return this.#prepare("SELECT 1 FROM sqlite_master WHERE name = 'TrialdeckMeta'").get() !== undefined;
  }

  #reading<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storageError(error, this.path);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** SQLite's journals: what is not in the database yet, or not out of it again. */
function journalsOf(path: string): string[] {
  return [`${path}-wal`, `${path}-journal`];
}

/** Loads `node:sqlite`. Throws a StorageError in plain words where this Node has none. */
function sqlite(): typeof DatabaseSync {
  try {
    return (createRequire(import.meta.url)('node:sqlite') as { DatabaseSync: typeof DatabaseSync }).DatabaseSync;
  } catch (error) {
    throw new StorageError(
      'unsupported',
      `This Node (${process.version}) has no SQLite. Trialdeck needs Node 22.13 or newer, or VS Code 1.105 or newer.`,
      error,
    );
  }
}

/** Undefined for an empty column. */
function parseJson(text: unknown): JsonValue | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as JsonValue) : undefined;
}

function toEvent(row: Record<string, unknown>): TrialEventRow {
  const event: TrialEventRow = {
    timestamp: Number(row.timestamp ?? 0),
    trialJobId: String(row.trialJobId ?? ''),
    event: String(row.event ?? ''),
  };
  if (typeof row.data === 'string') event.data = row.data;
  if (typeof row.logPath === 'string') event.logPath = row.logPath;
  if (typeof row.sequenceId === 'number') event.sequenceId = row.sequenceId;
  if (typeof row.message === 'string') event.message = row.message;
  if (typeof row.environmentId === 'string') event.environmentId = row.environmentId;
  return event;
}

function toMetric(row: Record<string, unknown>): MetricDataRecord | undefined {
  const type = row.type as MetricType;
  if (type !== 'PERIODICAL' && type !== 'FINAL') return undefined;
  return {
    timestamp: Number(row.timestamp ?? 0),
    trialJobId: String(row.trialJobId ?? ''),
    parameterId: row.parameterId === null ? null : String(row.parameterId),
    type,
    sequence: Number(row.sequence ?? 0),
    data: String(row.data ?? ''),
  };
}
