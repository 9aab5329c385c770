import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freshFolder, projectRoot, removeFolder } from '../../../scripts/folders.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import { asFloat } from '../../../src/model/json/writtenNumber.ts';
import type { MetricDataRecord } from '../../../src/model/trial/trial.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';

const profile = (revision: number, more: Partial<ExperimentProfile> = {}): ExperimentProfile => ({
  params: { experimentName: 'test' } as unknown as ExperimentProfile['params'],
  id: 'abcd1234',
  execDuration: revision * 10,
  logDir: '/experiments/abcd1234',
  nextSequenceId: revision,
  revision,
  ...more,
});
const event = (trialJobId: string, name: string) => ({ timestamp: 1, trialJobId, event: name });
const metric = (trialJobId: string, value: string): MetricDataRecord => ({
  timestamp: 2,
  trialJobId,
  parameterId: null,
  type: 'FINAL',
  sequence: 0,
  data: JSON.stringify(value),
});

describe('the database of an experiment', () => {
  let folder: string;
  let path: string;
  const opened: ExperimentDatabase[] = [];
  const open = (how: 'openWritable' | 'openReadOnly', at = path) => {
    const database = ExperimentDatabase[how](at);
    opened.push(database);
    return database;
  };
  const replay = (database: ExperimentDatabase) => {
    const state = new ExperimentState('maximize');
    return { state, position: database.replayInto(state) };
  };

  beforeEach(async () => {
    folder = await freshFolder('database');
    path = join(folder, 'db', 'nni.sqlite');
  });
  afterEach(async () => {
    for (const database of opened.splice(0)) database.close();
    await removeFolder(folder);
  });

  it('keeps everything stored, and gives the profile of the highest revision', () => {
    const writer = open('openWritable');
    assert.equal(writer.readProfile(), undefined);
    writer.storeProfile(profile(1, { startTime: 5 }));
    writer.storeProfile(profile(3, { startTime: 5, endTime: 9 }));
    writer.storeProfile(profile(2));
    writer.storeEvent({
      ...event('a', 'RUNNING'),
      data: '{}',
      sequenceId: 0,
      logPath: '/a',
      message: 'é\u0000',
      environmentId: 'e',
    });
    writer.storeMetric(metric('a', '{"default": NaN}'));
    writer.setMeta('tunerState', { taken: 3 });
    writer.setRun({ trialId: 'a', handle: { pid: 4 }, attempt: 2, position: [7], stop: { status: 'USER_CANCELED' } });
    writer.setRun({ trialId: 'b', attempt: 1 });
    writer.setRun({ trialId: 'c', attempt: 1 });
    writer.removeRun('b');
    const reader = open('openReadOnly');
    assert.deepEqual(reader.readProfile(), profile(3, { startTime: 5, endTime: 9 }));
    assert.deepEqual(reader.getMeta('tunerState'), { taken: 3 });
    assert.equal(reader.getMeta('none'), undefined);
    const a = { trialId: 'a', handle: { pid: 4 }, attempt: 2, position: [7], stop: { status: 'USER_CANCELED' } };
    assert.deepEqual([...writer.runs().values()], [a, { trialId: 'c', attempt: 1 }]);
    const { state, position } = replay(reader);
    assert.deepEqual(state.metrics(), [metric('a', '{"default": NaN}')]);
    assert.equal(position.profile, 3);
  });

  it('keeps how numbers of the search space and of parameters are written', () => {
    const database = open('openWritable');
    const searchSpace = { x: { _type: 'choice' as const, _value: [asFloat(1), 1] } };
    const params = { trialConcurrency: 2, searchSpace } as unknown as ExperimentProfile['params'];
    database.storeProfile(profile(0, { params }));
    const data =
      '{"parameter_id":0,"parameter_source":"algorithm","parameters":{"x":1.0,"n":1,"net":{"_name":"a","k":2.0}},"parameter_index":0}';
    // NNI's tuners write spaces; its manager has none.
    database.storeEvent({ ...event('a', 'WAITING'), data: data.replaceAll(':', ': ').replaceAll(',', ', ') });
    assert.equal(JSON.stringify(database.readProfile()?.params), JSON.stringify(params));
    assert.match(JSON.stringify(params), /"_value":\[1\.0,1\]/);
    const { state } = replay(database);
    assert.deepEqual(state.job('a')?.hyperParameters, [data]);
    assert.equal(JSON.stringify(state.record('a')), data);
  });

  it('stores all of a transaction or nothing', () => {
    const writer = open('openWritable');
    assert.throws(
      () =>
        writer.transaction(() => {
          writer.storeEvent(event('a', 'RUNNING'));
          throw new Error('the disk is full');
        }),
      /the disk is full/,
    );
    assert.equal(replay(writer).state.size, 0);
    writer.transaction(() => writer.storeEvent(event('a', 'RUNNING')));
    assert.equal(replay(writer).state.size, 1);
  });

  it('is followed from any position, with only what is new', () => {
    const writer = open('openWritable');
    const reader = open('openReadOnly');
    writer.storeEvent(event('a', 'RUNNING'));
    writer.storeMetric(metric('a', '1'));
    const { state, position } = replay(reader);
    writer.storeEvent(event('a', 'SUCCEEDED'));
    writer.storeEvent(event('b', 'RUNNING'));
    writer.storeMetric(metric('b', '2'));
    writer.storeMetric(metric('nobody', '3'));
    writer.storeProfile(profile(1));
    const heard: string[] = [];
    const next = reader.replayInto(state, position, {
      trial: (id) => heard.push(id),
      metric: ({ data }) => heard.push(data),
    });
    assert.deepEqual(heard, ['a', 'b', '"2"']);
    assert.equal(next.profile, 1);
    assert.deepEqual(reader.replayInto(state, next), next, 'nothing more');
    assert.deepEqual(state.rows(), replay(reader).state.rows(), 'as if read at once');
  });

  it('is read in one state, whatever is stored meanwhile', () => {
    const writer = open('openWritable');
    const reader = open('openReadOnly');
    writer.storeEvent(event('a', 'RUNNING'));
    const state = new ExperimentState('maximize');
    const position = reader.replayInto(state, undefined, {
      trial: () =>
        writer.transaction(() => {
          writer.storeEvent(event('b', 'RUNNING'));
          writer.storeMetric(metric('b', '2'));
        }),
      metric: () => assert.fail('it was stored later'),
    });
    reader.replayInto(state, position);
    assert.deepEqual(
      state.metrics().map(({ data }) => data),
      ['"2"'],
      'a metric of a trial that was not known yet is not passed over',
    );
  });

  it('has NNI’s tables to the letter, so that NNI opens it', () => {
    open('openWritable');
    const tables = (at: string) => {
      const database = new DatabaseSync(at, { readOnly: true });
      const columns = ['TrialJobEvent', 'MetricData', 'ExperimentProfile'].map((table) =>
        database
          .prepare(`SELECT name, lower(type) AS type FROM pragma_table_info('${table}')`)
          .all()
          .map((row) => ({ ...row })),
      );
      database.close();
      return columns;
    };
    const theirs = join(projectRoot, 'test/fixtures/nni-3.0/experiments/hfc6tdyj/db/nni.sqlite');
    const same = (type: unknown) => String(type).replace(/^int$/, 'integer');
    const plain = (columns: ReturnType<typeof tables>) =>
      columns.map((table) => table.map(({ name, type }) => `${name} ${same(type)}`));
    assert.deepEqual(plain(tables(path)), plain(tables(theirs)));
  });

  it('is read when NNI wrote it, also where nothing may be written beside it', async () => {
    const theirs = join(projectRoot, 'test/fixtures/nni-3.0/experiments');
    for (const id of ['hfc6tdyj', 'fcqgwob9']) {
      const copy = join(folder, id, 'nni.sqlite');
      await mkdir(join(folder, id));
      await copyFile(join(theirs, id, 'db', 'nni.sqlite'), copy);
      await chmod(copy, 0o444);
      await chmod(join(folder, id), 0o555);
      const reader = open('openReadOnly', copy);
      assert.equal(reader.readProfile()?.id, id);
      assert.ok(replay(reader).state.size > 0);
      assert.equal(reader.getMeta('engine'), undefined);
      await chmod(join(folder, id), 0o755);
    }
  });

  it('is read from a read-only folder when it is finished', async () => {
    const writer = ExperimentDatabase.openWritable(path);
    writer.storeProfile(profile(1));
    writer.close();
    await chmod(path, 0o444);
    await chmod(join(folder, 'db'), 0o555);
    assert.equal(open('openReadOnly').readProfile()?.revision, 1);
    await chmod(join(folder, 'db'), 0o755);
  });

  it('is named missing, damaged or of another kind', async () => {
    assert.throws(() => open('openReadOnly'), { kind: 'missing', message: `${path} does not exist.` });
    await mkdir(join(folder, 'db'));
    await writeFile(path, 'this is no database, though it is long enough to look like one. '.repeat(100));
    assert.throws(() => open('openReadOnly').readProfile(), { kind: 'corrupt', message: /is damaged/ });
    assert.throws(() => open('openWritable'), { kind: 'corrupt', message: /is damaged/ });
    await writeFile(path, '');
    assert.throws(() => open('openReadOnly').readProfile(), { kind: 'corrupt', message: /holds no experiment/ });
  });

  it('is named damaged when it was cut off', async () => {
    const writer = ExperimentDatabase.openWritable(path);
    for (let i = 0; i < 500; i++) writer.storeMetric(metric('a', 'x'.repeat(500)));
    writer.close();
    await truncate(path, Math.floor((await readFile(path)).length / 2));
    assert.throws(() => replay(open('openReadOnly')), { kind: 'corrupt' });
  });

  it('is named locked while another program holds it, and stores nothing', () => {
    const writer = open('openWritable');
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    assert.throws(() => writer.transaction(() => writer.storeEvent(event('a', 'RUNNING'))), { kind: 'locked' });
    other.exec('ROLLBACK');
    other.close();
    writer.transaction(() => writer.storeEvent(event('a', 'RUNNING')));
    assert.equal(replay(writer).state.size, 1);
  });

  it('can be read while it is written', () => {
    const writer = open('openWritable');
    writer.storeEvent(event('a', 'RUNNING'));
    writer.transaction(() => {
      writer.storeEvent(event('b', 'RUNNING'));
      assert.equal(replay(open('openReadOnly')).state.size, 1);
    });
    assert.equal(replay(open('openReadOnly')).state.size, 2);
  });
});
