import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { projectRoot } from '../../../scripts/folders.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import { trialStatuses } from '../../../src/model/trial/trial.ts';
import { readStoredFacts, summariseFacts } from '../../../src/server/sources/storedFacts.ts';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { ExperimentDatabase, nniUntilKey } from '../../../src/server/storage/experimentDatabase.ts';
import { experimentLayout } from '../../../src/server/storage/layout.ts';
import { totalsKey } from '../../../src/server/storage/trialTotals.ts';

const stopped = { status: 'STOPPED', errors: [], live: false } as const;

/** Both summaries of one folder, without the times of reading. */
function summaries(directory: string, process: Parameters<typeof summariseFacts>[2] = stopped) {
  const listed = summariseFacts(readStoredFacts(directory, 'exp'), directory, process);
  const manifest = async () => [];
  const source = new StoredSource({ id: 'exp', directory, circumstances: () => process, manifest });
  try {
    return [listed, source.summary()].map(({ durationAt: _, ...rest }) => rest);
  } finally {
    source.dispose();
  }
}

describe('the summary of a stored experiment, read without a replay', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'trialdeck-totals-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('equals that of the replay, for everything that NNI recorded', () => {
    const fixtures = join(projectRoot, 'test/fixtures/nni-3.0');
    const directories = ['experiments', 'defects']
      .flatMap((name) => readdirSync(join(fixtures, name)).map((each) => join(fixtures, name, each)))
      .filter((directory) => existsSync(experimentLayout.database(directory)));
    assert.ok(directories.length >= 5);
    for (const recorded of directories) {
      const directory = join(folder, `recorded-${recorded.split('/').at(-1)}`);
      cpSync(recorded, directory, { recursive: true });
      for (const status of ['STOPPED', 'ERROR'] as const) {
        const [listed, replayed] = summaries(directory, { ...stopped, status });
        assert.deepEqual(listed, replayed, `${recorded} ${status}`);
      }
    }
  });

  it('knows which trials NNI stopped early', () => {
    const directory = join(folder, 'recorded-earlyStopped');
    const { totals } = readStoredFacts(directory, 'exp');
    assert.ok((totals.counts.EARLY_STOPPED ?? 0) > 0);
    assert.equal(totals.counts.USER_CANCELED, undefined);
  });

  it('equals that of the replay, for any rows of any writer', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', ''];
    const event = fc.record({
      trialJobId: fc.constantFrom(...ids),
      event: fc.constantFrom(...trialStatuses, 'USER_TO_CANCEL', 'ADD_RESUMED', 'ADD_CUSTOMIZED', 'IMPORT_DATA'),
      timestamp: fc.integer({ min: 0, max: 100 }),
      sequenceId: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
    });
    const text = fc.oneof(
      fc.double({ min: -1e6, max: 1e6 }).map(String),
      fc.constantFrom('0', '-0', '1e3', '1e999', '-Infinity', 'NaN', 'true', 'null', '[]', '9 lives', '2024-01-01'),
      fc.constantFrom('{"default": 0.5, "loss": 1}', '{"default": NaN}', '{"loss": 3}', '"0.7"', 'best'),
    );
    const metric = fc.record({
      trialJobId: fc.constantFrom(...ids, 'stranger'),
      type: fc.constantFrom('FINAL' as const, 'FINAL' as const, 'PERIODICAL' as const),
      timestamp: fc.integer({ min: 0, max: 100 }),
      data: fc.oneof(
        text.map((value) => JSON.stringify(value)),
        text,
      ),
    });
    const writer = fc.record({
      engine: fc.constantFrom(undefined, 'trialdeck'),
      /** When a runner of ours took it over from NNI. */
      nniUntil: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
      mode: fc.constantFrom('maximize', 'minimize'),
    });
    let count = 0;
    const property = fc.property(
      fc.array(event, { maxLength: 25 }),
      fc.array(metric, { maxLength: 15 }),
      writer,
      (events, metrics, { engine, nniUntil, mode }) => {
        const directory = join(folder, `any${count++}`);
        const database = ExperimentDatabase.openWritable(experimentLayout.database(directory));
        database.transaction(() => {
          const params = {
            tuner: { name: 'Random', classArgs: { optimize_mode: mode } },
            assessor: { name: 'Median' },
          };
          database.storeProfile({ ...profile, params: params as unknown as ExperimentProfile['params'] });
          if (engine !== undefined) database.setMeta('engine', engine);
          if (nniUntil !== undefined) database.setMeta(nniUntilKey, nniUntil);
          for (const { sequenceId, ...row } of events) {
            database.storeEvent({ ...row, ...(sequenceId === undefined ? {} : { sequenceId }) });
          }
          for (const row of metrics) database.storeMetric({ ...row, parameterId: null, sequence: 0 });
        });
        database.close();
        const [listed, replayed] = summaries(directory);
        rmSync(directory, { recursive: true });
        assert.deepEqual(listed, replayed);
      },
    );
    fc.assert(property, { numRuns: 60 });
  });

  it('comes from the runner’s last totals when nothing was stored after them', () => {
    const directory = join(folder, 'kept');
    const database = ExperimentDatabase.openWritable(experimentLayout.database(directory));
    try {
      database.transaction(() => {
        database.storeProfile(profile);
        database.setMeta('engine', 'trialdeck');
        database.storeEvent({ timestamp: 1, trialJobId: 'a', event: 'WAITING', sequenceId: 0 });
        database.setMeta(totalsKey, { ...database.logEnd(), counts: { SUCCEEDED: 7 } });
      });
      assert.deepEqual(readStoredFacts(directory, 'exp').totals, { counts: { SUCCEEDED: 7 } });
      database.storeEvent({ timestamp: 2, trialJobId: 'a', event: 'RUNNING' });
      assert.deepEqual(
        readStoredFacts(directory, 'exp').totals,
        { counts: { RUNNING: 1 } },
        'it went on, and was killed',
      );
    } finally {
      database.close();
    }
  });
});

const profile: ExperimentProfile = {
  params: { searchSpace: {}, trialCommand: 'true' } as unknown as ExperimentProfile['params'],
  id: 'exp',
  execDuration: 1,
  logDir: '',
  nextSequenceId: 0,
  revision: 0,
};
