import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { StorageError } from '../../../src/server/storage/storageError.ts';

describe('a followed stored experiment', () => {
  let folder: string;
  let experiment: StoredSource | undefined;

  beforeEach(async () => {
    folder = await freshFolder('stored-experiment');
  });
  afterEach(async () => {
    experiment?.dispose();
    experiment = undefined;
    await removeFolder(folder);
  });

  it('reports that its database can not be read any more, and the process lives on', async () => {
    const path = join(folder, 'db', 'nni.sqlite');
    const writer = ExperimentDatabase.openWritable(path);
    writer.storeProfile({
      params: { experimentName: 'test' } as unknown as ExperimentProfile['params'],
      id: 'abcd1234',
      execDuration: 0,
      logDir: folder,
      nextSequenceId: 0,
      revision: 0,
    });
    writer.close();
    experiment = new StoredSource({
      id: 'abcd1234',
      directory: folder,
      circumstances: () => ({ status: 'RUNNING', errors: [], live: true }),
      manifest: async () => [],
    });
    const followed = experiment;
    const failure = new Promise((resolve) => followed.follow(() => undefined, resolve));
    const other = new DatabaseSync(path);
    other.exec('DROP TABLE MetricData');
    other.close();
    const reason = await failure;
    assert.ok(reason instanceof StorageError);
    assert.equal(reason.kind, 'corrupt');
  });
});
