import assert from 'node:assert/strict';
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { eventually } from '../../harness/eventually.ts';

/** Experiments that NNI 3.0 ran and recorded wrongly. */
const defects = fileURLToPath(new URL('../../fixtures/nni-3.0/defects', import.meta.url));

describe('the record of NNI 3.0', () => {
  let folder: string;
  let opened: StoredSource[];

  beforeEach(async () => {
    folder = await freshFolder('nni-truth');
    opened = [];
  });
  afterEach(async () => {
    for (const each of opened) each.dispose();
    await removeFolder(folder);
  });

  /** A copy of one of them, as a manager reads it. */
  async function open(name: string, status: ExperimentSummary['status'], live: boolean): Promise<StoredSource> {
    const directory = join(folder, name);
    await cp(join(defects, name), directory, { recursive: true });
    return read(directory, status, live);
  }

  function read(directory: string, status: ExperimentSummary['status'], live: boolean): StoredSource {
    const circumstances = () => ({ status, errors: [], live });
    const stored = new StoredSource({ id: 'abcd1234', directory, circumstances, manifest: async () => [] });
    opened.push(stored);
    return stored;
  }

  const rowOf = (stored: StoredSource, id: string): TrialRow => stored.trials.row(id) ?? assert.fail();

  it('is shown with the parameters that each trial ran with, and a mark where it says otherwise', async () => {
    const stored = await open('mixedUp', 'STOPPED', false);
    const rows = stored.trials.rows();
    assert.equal(rows.length, 6);
    // These trials reported their x as their result.
    for (const { parameters, final } of rows) assert.equal(String(parameters.x), final);
    const marked = rows.filter(({ recordedParameters }) => recordedParameters);
    assert.deepEqual(marked.map(({ id }) => id).sort(), ['AXU1N', 'JKqnc', 'PXOHf', 'njP2M']);
    for (const { parameters, recordedParameters } of marked) assert.notDeepEqual(recordedParameters, parameters);
  });

  it('is exported, and sent over REST, with the real parameters', async () => {
    const { trials } = await open('mixedUp', 'STOPPED', false);
    const exported = trials.exportData();
    assert.equal(exported.length, 6);
    for (const { parameter, value } of exported) assert.equal(String(parameter.x), value);
    for (const { hyperParameters, finalMetricData } of trials.jobs()) {
      const { parameter_id: id, parameters, ...rest } = JSON.parse(hyperParameters[0] ?? '');
      assert.equal(`"${parameters.x}"`, finalMetricData?.[0]?.data);
      assert.equal(String(id), finalMetricData?.[0]?.parameterId);
      assert.deepEqual(rest, { parameter_source: 'algorithm', parameter_index: 0 });
    }
  });

  it('is corrected also after a runner of ours has taken it over, whose own records are right', async () => {
    const directory = join(folder, 'mixedUp');
    await cp(join(defects, 'mixedUp'), directory, { recursive: true });
    const writer = ExperimentDatabase.openWritable(join(directory, 'db', 'nni.sqlite'));
    const takenOver = Date.now();
    const record = (id: number) => ({ parameter_id: id, parameter_source: 'algorithm', parameters: { x: id } });
    writer.transaction(() => {
      writer.setMeta('engine', 'trialdeck');
      writer.setMeta('nniUntil', takenOver);
      for (const [trialJobId, id] of [
        ['ours1', 90],
        ['ours2', 91],
      ] as const) {
        writer.storeEvent({ timestamp: takenOver, trialJobId, event: 'RUNNING', data: JSON.stringify(record(id)) });
      }
      // It says it ran what was another's: that is the trial's own doing.
      const metric = { timestamp: takenOver, type: 'FINAL', sequence: 0, data: '"1"' } as const;
      writer.storeMetric({ ...metric, trialJobId: 'ours1', parameterId: '91' });
    });
    writer.close();
    const stored = read(directory, 'STOPPED', false);
    assert.ok(rowOf(stored, 'AXU1N').recordedParameters);
    assert.deepEqual(rowOf(stored, 'ours1').parameters, { x: 90 });
    assert.equal(rowOf(stored, 'ours1').recordedParameters, undefined);
  });

  it('is corrected as soon as a followed trial reports', async () => {
    const directory = join(folder, 'mixedUp');
    await cp(join(defects, 'mixedUp'), directory, { recursive: true });
    const path = join(directory, 'db', 'nni.sqlite');
    const other = new DatabaseSync(path);
    const metrics = other.prepare('SELECT * FROM MetricData').all();
    other.exec('DELETE FROM MetricData');
    const stored = read(directory, 'RUNNING', true);
    assert.ok(stored.trials.rows().every(({ recordedParameters }) => recordedParameters === undefined));
    const told = new Map<string, TrialRow>();
    stored.changes.listen({
      change: ({ trials = [] }) => {
        for (const row of trials) told.set(row.id, row);
      },
      ended: () => undefined,
    });
    stored.follow(() => undefined, assert.ifError);
    const insert = other.prepare('INSERT INTO MetricData VALUES (?, ?, ?, ?, ?, ?)');
    for (const { timestamp, trialJobId, parameterId, type, sequence, data } of metrics) {
      insert.run(timestamp ?? 0, trialJobId ?? '', parameterId ?? '', type ?? '', sequence ?? 0, data ?? '');
    }
    other.close();
    await eventually('the row that is put right', () => told.get('AXU1N')?.recordedParameters !== undefined);
    assert.equal(String(told.get('AXU1N')?.parameters.x), told.get('AXU1N')?.final);
  });

  it('is explained with the assessor where that stopped a trial', async () => {
    const stored = await open('earlyStopped', 'DONE', false);
    assert.deepEqual(stored.summary().counts, { SUCCEEDED: 3, EARLY_STOPPED: 2 });
    for (const id of ['hecrb', 'O9aGp']) {
      assert.equal(rowOf(stored, id).status, 'EARLY_STOPPED');
      assert.equal(rowOf(stored, id).message, 'stopped early by Medianstop');
    }
    assert.deepEqual(stored.trials.statistics().at(-1), { trialJobStatus: 'EARLY_STOPPED', trialJobNumber: 2 });
  });

  it('is explained where a trial ran too long', async () => {
    const directory = join(folder, 'long');
    await mkdir(join(directory, 'log'), { recursive: true });
    const writer = ExperimentDatabase.openWritable(join(directory, 'db', 'nni.sqlite'));
    const params = { maxTrialDuration: '5m' } as never;
    writer.storeProfile({ params, id: 'abcd1234', execDuration: 0, logDir: folder, nextSequenceId: 1, revision: 0 });
    writer.storeEvent({ timestamp: 1, trialJobId: 'Abcde', event: 'RUNNING', sequenceId: 0 });
    writer.storeEvent({ timestamp: 2, trialJobId: 'Abcde', event: 'USER_CANCELED' });
    writer.close();
    const line =
      '[2026-11-25 04:40:01] INFO (NNIManager) Trial job Abcde has been canceled because it is over max trial duration.';
    await writeFile(join(directory, 'log', 'nnimanager.log'), `${line}\n`);
    const { status, message } = rowOf(read(directory, 'DONE', false), 'Abcde');
    assert.deepEqual([status, message], ['EARLY_STOPPED', 'ran longer than maxTrialDuration (5m)']);
  });

  it('stays as it is for trials that a person or the end of the experiment cancelled', async () => {
    const stored = await open('earlyStopped', 'RUNNING', true);
    const other = new DatabaseSync(join(stored.directory, 'db', 'nni.sqlite'));
    const insert = other.prepare(
      'INSERT INTO TrialJobEvent(timestamp, trialJobId, event, sequenceId) VALUES (1, ?, ?, ?)',
    );
    for (const event of ['RUNNING', 'USER_TO_CANCEL', 'USER_CANCELED']) insert.run('byMe', event, 5);
    for (const event of ['RUNNING', 'USER_CANCELED']) insert.run('atEnd', event, 6);
    other.close();
    const log = join(stored.directory, 'log', 'nnimanager.log');
    await appendFile(log, '[2026-11-25 04:40:00] INFO (NNIManager) cancelTrialJob: "byMe"\n');
    await appendFile(log, '[2026-11-25 04:40:01] INFO (NNIManager) cancelTrialJob: atEnd\n');
    stored.refresh();
    assert.equal(rowOf(stored, 'byMe').status, 'USER_CANCELED');
    assert.equal(rowOf(stored, 'atEnd').status, 'USER_CANCELED');
  });

  it('is explained also when the log comes after the database', async () => {
    const stored = await open('earlyStopped', 'RUNNING', true);
    const other = new DatabaseSync(join(stored.directory, 'db', 'nni.sqlite'));
    other.exec(
      "INSERT INTO TrialJobEvent(timestamp, trialJobId, event, sequenceId) VALUES (1, 'later', 'USER_CANCELED', 7)",
    );
    other.close();
    stored.refresh();
    assert.equal(rowOf(stored, 'later').status, 'USER_CANCELED');
    stored.follow(() => undefined, assert.ifError);
    const log = join(stored.directory, 'log', 'nnimanager.log');
    await appendFile(log, '[2026-11-25 04:40:00] INFO (NNIManager) cancelTrialJob: "later"\n');
    await eventually('the early stop', () => rowOf(stored, 'later').status === 'EARLY_STOPPED');
  });

  it('is marked as stalled, with the reason, until the experiment goes on', async () => {
    const stored = await open('stringResult', 'RUNNING', true);
    const [reason] = stored.summary().errors;
    assert.match(reason ?? '', /Incorrect final result.*Stop the experiment and resume it\.$/);
    const told: ExperimentSummary[] = [];
    stored.changes.listen({ change: ({ summary }) => summary && told.push(summary), ended: () => undefined });
    stored.follow(() => undefined, assert.ifError);
    await appendFile(
      join(stored.directory, 'log', 'dispatcher.log'),
      '[2026-11-25 04:41:07] INFO (nni.runtime.msg_dispatcher_base/MainThread) Dispatcher started\n',
    );
    const log = join(stored.directory, 'log', 'nnimanager.log');
    await appendFile(log, '[2026-11-25 04:41:00] INFO (main) Start NNI manager\n');
    await eventually('that it goes on', () => told.at(-1)?.errors.length === 0);
  });

  it('is not marked for a dead tuner while no trial could start anyway, or after the stop', async () => {
    const stored = await open('mixedUp', 'STOPPED', false);
    assert.deepEqual(stored.summary().errors, []);
    const other = new DatabaseSync(join(stored.directory, 'db', 'nni.sqlite'));
    const insert = other.prepare("INSERT INTO TrialJobEvent(timestamp, trialJobId, event) VALUES (1, ?, 'RUNNING')");
    for (const id of ['r1', 'r2', 'r3', 'r4']) insert.run(id);
    other.close();
    assert.deepEqual(read(stored.directory, 'RUNNING', true).summary().errors, []);
  });

  it('is explained where the tuner could not start', async () => {
    const directory = join(folder, 'misspelt');
    await cp(join(defects, 'misspeltArgument'), directory, { recursive: true });
    await cp(join(defects, 'stringResult', 'db'), join(directory, 'db'), { recursive: true });
    assert.match(read(directory, 'ERROR', true).summary().errors.join(), /unexpected keyword argument 'optimise_mode'/);
  });

  it('gets a number of its own for each trial where a resumed NNI counted anew', async () => {
    const stored = await open('earlyStopped', 'RUNNING', true);
    const other = new DatabaseSync(join(stored.directory, 'db', 'nni.sqlite'));
    const insert = other.prepare(
      "INSERT INTO TrialJobEvent(timestamp, trialJobId, event, sequenceId) VALUES (1, ?, 'RUNNING', ?)",
    );
    for (const [id, number] of [
      ['new1', 1],
      ['new2', 2],
      ['new3', 12],
      ['new4', 3],
    ] as const)
      insert.run(id, number);
    other.close();
    stored.refresh();
    assert.deepEqual(
      stored.trials.rows().map(({ number }) => number),
      [0, 1, 2, 3, 4, 5, 6, 12, 13],
    );
    assert.equal(stored.trials.job('new1')?.sequenceId, 5);
  });
});
