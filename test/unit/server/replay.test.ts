import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';

const fixtures = join(projectRoot, 'test/fixtures/nni-3.0');
const recorded = (name: string) => JSON.parse(readFileSync(join(fixtures, 'rest/hpo', `${name}.json`), 'utf8'));

describe('the replay of a database that NNI wrote', () => {
  const database = ExperimentDatabase.openReadOnly(join(fixtures, 'experiments/hfc6tdyj/db/nni.sqlite'));
  const state = new ExperimentState('maximize');
  database.replayInto(state);
  after(() => database.close());

  it('gives the trials NNI itself answered with', () => {
    // NNI names a file that does not exist; ours is the one it wrote.
    const jobs = recorded('trial-jobs').map((job: { stderrPath?: string }) =>
      job.stderrPath ? { ...job, stderrPath: job.stderrPath.replace(/stderr$/, 'trial.stderr') } : job,
    );
    assert.deepEqual(state.jobs(), jobs);
  });
  it('gives the metrics', () => assert.deepEqual(state.metrics(), recorded('metric-data')));
  it('gives the newest metrics', () =>
    assert.deepEqual(
      new Set(state.latestMetrics().map((m) => JSON.stringify(m))),
      new Set(recorded('metric-data-latest').map((m: unknown) => JSON.stringify(m))),
    ));
  it('gives the metrics of a range of trials', () =>
    assert.deepEqual(state.metricRange(0, 3), recorded('metric-data-range__0__3')));
  it('gives the statistics', () => assert.deepEqual(state.statistics(), recorded('job-statistics')));
  it('gives the exported data', () => assert.deepEqual(state.exportData(), recorded('export-data')));
  it('gives the profile', () => {
    // The answer was recorded before the last revision.
    const { revision: _stored, ...profile } = database.readProfile() ?? assert.fail();
    const { revision: _recorded, ...expected } = recorded('experiment');
    assert.deepEqual(profile, expected);
  });
});
