import assert from 'node:assert/strict';
import Fastify from 'fastify';
import { ExperimentApi } from '../../../src/client/api.ts';
import { followExperiment } from '../../../src/client/follow/follow.ts';
import type { ExperimentChange } from '../../../src/model/experiment/experiment.ts';
import { registerExperimentRoutes } from '../../../src/server/rest/experimentRoutes.ts';
import { ChangeStream } from '../../../src/server/sources/changes.ts';
import type { ExperimentSource } from '../../../src/server/sources/source.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { ExperimentModel } from '../../../src/store/experimentModel.ts';
import { Feed } from '../../../src/ui/panel/feed.ts';
import { ExperimentData } from '../../../webview/state/experimentData.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeServer } from '../store/samples.ts';

describe('a removed trial', () => {
  it('disappears from the client that follows the event stream', async () => {
    const trials = new ExperimentState('maximize');
    for (const id of ['a', 'b']) trials.applyEvent({ timestamp: 1, trialJobId: id, event: 'WAITING', sequenceId: 0 });
    const never = () => assert.fail('not needed');
    const changes = new ChangeStream();
    const source: ExperimentSource = {
      directory: '',
      trials,
      changes,
      summary: () => summary(),
      profile: () => ({
        params: { searchSpace: {} } as unknown as ReturnType<ExperimentSource['profile']>['params'],
        id: 'exp1',
        execDuration: 0,
        logDir: '',
        nextSequenceId: 0,
        revision: 0,
      }),
      imported: () => [],
      trialDirectory: never,
      files: never,
      manifest: never,
    };
    const server = Fastify({ forceCloseConnections: true });
    registerExperimentRoutes(server, source);
    const experiment = ExperimentApi.at(await server.listen({ host: '127.0.0.1', port: 0 }));
    const leave = new AbortController();
    try {
      const heard = await new Promise<ExperimentChange>((resolve, reject) => {
        const onSnapshot = () => changes.publish({ removedTrials: ['a'], trials: [{ ...trial(1), id: 'c' }] });
        followExperiment(experiment, { onSnapshot, onChange: resolve }, leave.signal).catch(reject);
      });
      assert.deepEqual([heard.removedTrials, heard.trials?.map(({ id }) => id)], [['a'], ['c']]);
    } finally {
      leave.abort();
      experiment.dispose();
      await server.close();
    }
  });

  it('disappears from the panel, and counts as new when it comes again', async () => {
    const link = new FakeServer();
    const model = new ExperimentModel('local', summary());
    model.attach(link);
    link.snapshots.set('exp1', snapshot([trial(0), trial(1)], [point('t0', 0, 0.5), point('t1', 0, 0.6)]));
    let page: ExperimentData | undefined;
    let told: (() => void) | undefined;
    const feed = new Feed(model, {
      snapshot: (value) => {
        page = new ExperimentData(value);
        told?.();
      },
      change: (change) => {
        assert.equal(page?.apply(change), 'applied');
        told?.();
      },
      failed: assert.fail,
    });
    const turn = () => new Promise<void>((resolve) => (told = resolve));
    try {
      if (!page) await turn();
      assert.ok(page);
      const data: ExperimentData = page;
      let heard = turn();
      link.change('exp1', { revision: 2, removedTrials: ['t0'] });
      await heard;
      assert.deepEqual([[...data.rows.keys()], [...data.curves.keys()]], [['t1'], ['t1']]);
      heard = turn();
      link.change('exp1', { revision: 3, trials: [trial(0)], metrics: [point('t0', 0, 0.9)] });
      await heard;
      assert.deepEqual([...data.rows.keys()], ['t1', 't0']);
      assert.deepEqual([...data.places.values()], [1, 2], 'no two arrived at one place');
      assert.equal(data.curves.get('t0')?.length, 1, 'none of its old points');
    } finally {
      feed.dispose();
      model.dispose();
    }
  });
});
