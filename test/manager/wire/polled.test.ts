/** A real NNI that a window connects to by its address: what polling has told of it is what its database holds in the end. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { Store } from '../../../src/store/store.ts';
import { eventually } from '../../harness/eventually.ts';
import { freePort, Home } from '../../harness/home.ts';
import { findRealNni, launchWithNnictl, noRealNni, type RealNni } from '../../harness/realNni.ts';
import { FakeConnector } from '../../unit/store/samples.ts';
import { wireFixtures } from './backends.ts';

const generous = 120_000;

describe('a real NNI at its address', function () {
  this.timeout(400_000);
  let nni: RealNni;
  let home: Home;
  let store: Store;

  before(function () {
    const found = findRealNni();
    if (!found) {
      console.log(`  ${noRealNni}`);
      this.skip();
    }
    nni = found;
  });
  beforeEach(async () => {
    home = await Home.make();
    store = new Store({ local: new FakeConnector(undefined), localLabel: 'here', mayStart: () => false });
    store.setVisible(true);
  });
  afterEach(async () => {
    store?.dispose();
    await home?.dispose();
  });

  it('is followed from its first trial to its last under an unknown prefix, and stopped', async () => {
    const config = {
      experimentName: 'polled',
      searchSpace: { mode: { _type: 'choice', _value: ['metrics', 'silent', 'fail'] } },
      trialCommand: 'python3 trial.py',
      trialCodeDirectory: wireFixtures,
      trialConcurrency: 1,
      maxTrialNumber: 3,
      tuner: { name: 'GridSearch' },
      trainingService: { platform: 'local' },
    };
    const file = join(home.path, 'config.json');
    await writeFile(file, JSON.stringify(config));
    const port = await freePort();
    const environment = home.environment(nni.python);
    const args = ['create', '--config', file, '--port', String(port), '--url_prefix', 'my/pre'];
    await launchWithNnictl(nni, args, environment);

    const address = `127.0.0.1:${port}`;
    const connection = store.addEndpoint({ id: 'nni', label: 'NNI', address, token: async () => undefined });
    await connection.show();
    assert.equal(connection.status.state, 'connected', JSON.stringify(connection.status));
    const [model] = connection.models.values();
    assert.ok(model);
    const { id, name, engine, urlPrefix, standalone } = model.summary;
    assert.deepEqual([name, engine, urlPrefix, standalone], ['polled', 'nni', 'my/pre', true]);
    const watching = model.follow();
    const done = () => model.summary.status === 'DONE' && model.summary.counts.SUCCEEDED === 2;
    await eventually('the end of the experiment', done, generous);
    await eventually(
      'all trials',
      () => model.trials.size === 3 && [...model.trials.values()].every(({ row }) => row.endTime !== undefined),
      generous,
    );
    // One more round reads what came with the last trial.
    await store.show();
    const stored = () =>
      new StoredSource({
        id,
        directory: model.summary.directory,
        circumstances: () => ({ status: 'DONE', errors: [], live: true }),
        manifest: async () => [],
      });
    await eventually(
      'the same rows as in the database',
      () => {
        const experiment = stored();
        const rows = JSON.stringify(experiment.trials.rows().map((row) => Object.entries(row).sort()));
        experiment.dispose();
        return rows === JSON.stringify([...model.trials.values()].map(({ row }) => Object.entries(row).sort()));
      },
      generous,
    );
    watching.dispose();

    await store.stop('nni', id);
    assert.equal(connection.status.state, 'idle');
    assert.deepEqual([model.summary.status, model.summary.live], ['STOPPED', false]);
    // A second request for it gets the answer that nothing is there.
    await connection.retry();
    await eventually('it to be missed', () => connection.status.state === 'lost', generous);
    assert.equal(model.trials.size, 3, 'what was read stays');
  });
});
