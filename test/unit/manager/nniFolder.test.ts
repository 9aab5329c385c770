import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshFolder, projectRoot, removeFolder } from '../../../scripts/folders.ts';
import { NniFolder } from '../../../src/manager/providers/nniFolder/nniFolder.ts';
import { Providers } from '../../../src/manager/providers/providers.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { experimentLayout } from '../../../src/server/storage/layout.ts';

describe('the folder of experiments', () => {
  let root: string;
  const cacheFile = () => join(root, '.trialdeck', 'summaries.json');
  const database = () => experimentLayout.database(join(root, 'hfc6tdyj'));

  beforeEach(async () => {
    root = await freshFolder('nni-folder');
    cpSync(join(projectRoot, 'test/fixtures/nni-3.0/experiments'), root, { recursive: true });
  });
  afterEach(() => removeFolder(root));

  /** Lists the folder once, as a manager does at its start. */
  async function list(version = '1.0.0'): Promise<ExperimentSummary[]> {
    const folder = new NniFolder({ root, runnerScript: '', version, log: silentLogger });
    try {
      await folder.open();
      return folder.list().map((summary) => ({ ...summary, durationAt: 0 }));
    } finally {
      folder.dispose();
    }
  }
  const counts = (summaries: ExperimentSummary[]) => summaries.find(({ id }) => id === 'hfc6tdyj')?.counts;

  it('is listed from the last manager’s cache until a database changes', async () => {
    const first = await list();
    assert.deepEqual(counts(first), { SUCCEEDED: 11, FAILED: 1 });
    const remembered = readFileSync(cacheFile(), 'utf8');
    assert.deepEqual(await list(), first);
    // Shows that the list comes from there.
    writeFileSync(cacheFile(), remembered.replace('"SUCCEEDED":11', '"SUCCEEDED":7'));
    assert.deepEqual(counts(await list()), { SUCCEEDED: 7, FAILED: 1 });
    const writer = ExperimentDatabase.openWritable(database());
    writer.storeEvent({ timestamp: Date.now(), trialJobId: 'late', event: 'WAITING', sequenceId: 12 });
    writer.close();
    assert.deepEqual(counts(await list()), { WAITING: 1, SUCCEEDED: 11, FAILED: 1 });
  });

  it('is read anew when the cache is damaged or of another version', async () => {
    const first = await list();
    for (const text of ['{', '[]', '{"version":"1.0.0","experiments":{"x":{}}}']) {
      writeFileSync(cacheFile(), text);
      assert.deepEqual(await list(), first, text);
    }
    writeFileSync(cacheFile(), readFileSync(cacheFile(), 'utf8').replace('"SUCCEEDED":11', '"SUCCEEDED":7'));
    assert.deepEqual(await list('1.0.1'), first);
  });

  it('answers for an experiment from its database', async () => {
    const folder = new NniFolder({ root, runnerScript: '', version: '1.0.0', log: silentLogger });
    const providers = new Providers([folder]);
    try {
      await providers.open();
      assert.equal(providers.of('hfc6tdyj'), folder);
      assert.equal(providers.of('unknown'), undefined);
      assert.equal(folder.process('hfc6tdyj'), undefined, 'no process runs it');
      assert.equal(folder.source('hfc6tdyj')?.trials.size, 12);
      assert.equal(folder.source('unknown'), undefined);
    } finally {
      providers.dispose();
    }
  });
});
