/** The log of an experiment: NNI's two tables in the order their rows were stored. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { type LogRow, logStart, sequenceOf } from '../../../src/server/storage/logPosition.ts';

const event = (name: string, timestamp = 0) => ({ timestamp, trialJobId: 'a', event: name });
const metric = (value: string, timestamp = 0) => ({
  timestamp,
  trialJobId: 'a',
  parameterId: '0',
  type: 'PERIODICAL' as const,
  sequence: 0,
  data: value,
});
const nameOf = (row: LogRow) => row.event?.event ?? row.metric?.data;

describe('the log of an experiment', () => {
  let folder: string;
  let database: ExperimentDatabase;
  beforeEach(async () => {
    folder = await freshFolder('log');
    database = ExperimentDatabase.openWritable(join(folder, 'nni.sqlite'));
  });
  afterEach(async () => {
    database.close();
    await removeFolder(folder);
  });

  const readAll = (from = { ...logStart }, withMetrics = true, maxRows = 1000) => {
    const rows: LogRow[] = [];
    const end = database.logEnd();
    let at = from;
    for (;;) {
      const page = database.readLog(at, end, withMetrics, maxRows);
      const last = page.at(-1);
      if (!last) return rows;
      rows.push(...page);
      at = last.at;
    }
  };

  it('has events and metrics in stored order, from any place on, in pages of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (kinds, maxRows) => {
        const before = database.logEnd();
        for (const [index, isEvent] of kinds.entries()) {
          // Times run backwards: they must not decide.
          database.transaction(() =>
            isEvent ? database.storeEvent(event(`${index}`, -index)) : database.storeMetric(metric(`${index}`, -index)),
          );
        }
        const all = readAll(before, true, maxRows);
        assert.deepEqual(
          all.map(nameOf),
          kinds.map((_, index) => `${index}`),
        );
        assert.deepEqual(
          all.map(({ at }) => sequenceOf(at) - sequenceOf(before)),
          kinds.map((_, index) => index + 1),
        );
        for (const [index, { at }] of all.entries()) assert.deepEqual(readAll(at, true, maxRows), all.slice(index + 1));
        assert.deepEqual(
          readAll(before, false, maxRows),
          all.filter((row) => row.event),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('has the rows of another program in order of their times', () => {
    const other = new DatabaseSync(database.path);
    const insertEvent = other.prepare('INSERT INTO TrialJobEvent (timestamp, trialJobId, event) VALUES (?, ?, ?)');
    const insertMetric = other.prepare(
      "INSERT INTO MetricData (timestamp, trialJobId, type, sequence, data) VALUES (?, 'a', 'PERIODICAL', 0, ?)",
    );
    for (const [time, name] of [
      [10, 'WAITING'],
      [20, 'RUNNING'],
      [40, 'SUCCEEDED'],
    ] as const) {
      insertEvent.run(time, 'a', name);
    }
    insertMetric.run(25, '1');
    insertMetric.run(30, '2');
    other.close();
    database.storeEvent(event('WAITING'));
    database.storeMetric(metric('3', 50));
    assert.deepEqual(readAll().map(nameOf), ['WAITING', 'RUNNING', '1', '2', 'SUCCEEDED', 'WAITING', '3']);
  });

  it('keeps the reports of a trial that runs again', () => {
    database.storeMetric(metric('1'));
    database.storeMetric({ ...metric('2'), type: 'FINAL' });
    database.putMetricsAside('a', 1);
    database.storeMetric(metric('3'));
    assert.deepEqual(
      readAll().map((row) => [nameOf(row), row.metric?.type]),
      [
        ['1', 'PERIODICAL'],
        ['3', 'PERIODICAL'],
      ],
    );
  });

  it('numbers rows on after a transaction that was rolled back', () => {
    database.storeMetric(metric('1'));
    assert.throws(() =>
      database.transaction(() => {
        database.storeMetric(metric('2'));
        throw new Error('disk full');
      }),
    );
    database.storeEvent(event('WAITING'));
    assert.deepEqual(
      readAll().map((row) => [nameOf(row), row.at]),
      [
        ['1', { event: 0, metric: 1 }],
        ['WAITING', { event: 1, metric: 1 }],
      ],
    );
  });
});
