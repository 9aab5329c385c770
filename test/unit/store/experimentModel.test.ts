import assert from 'node:assert/strict';
import { ExperimentModel } from '../../../src/store/experimentModel.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeServer, next } from './samples.ts';

describe('An experiment in the store', () => {
  let server: FakeServer;
  let model: ExperimentModel;

  beforeEach(() => {
    server = new FakeServer();
    model = new ExperimentModel('local', summary());
    model.attach(server);
  });
  afterEach(() => model.dispose());

  it('is not followed without a follower, and once for any number of followers', () => {
    assert.equal(server.followers.size, 0);
    const first = model.follow();
    const second = model.follow();
    assert.equal(server.follows.get('exp1'), 1);
    first.dispose();
    first.dispose();
    assert.ok(model.isFollowed, 'the second one still watches');
    second.dispose();
    assert.ok(!model.isFollowed);
  });

  it('applies a snapshot and the changes after it', async () => {
    server.snapshots.set('exp1', snapshot([trial(0, { status: 'RUNNING' })], [point('t0', 0, 0.5)]));
    model.follow();
    await model.loaded();
    assert.deepEqual(model.trials.get('t0')?.intermediates.value, [0.5]);
    const changed = next(model.onDidChange);
    server.change('exp1', { revision: 2, metrics: [point('t0', 1, { default: 0.75, loss: 1 })] });
    const event = await changed;
    assert.equal(event.kind, 'change');
    assert.deepEqual(model.trials.get('t0')?.intermediates.value, [0.5, 0.75]);
    assert.equal(model.trials.get('t0')?.row.latest?.sequence, 1);
    assert.equal(model.revision, 2);
  });

  it('forgets a removed trial with its metrics, also when the trial comes back', async () => {
    server.snapshots.set('exp1', snapshot([trial(0), trial(1)], [point('t0', 0, 0.5), point('t1', 0, 0.6)]));
    model.follow();
    await model.loaded();
    const changed = next(model.onDidChange);
    server.change('exp1', { revision: 2, removedTrials: ['t0', 'unknown'] });
    assert.deepEqual(await changed, {
      kind: 'change',
      change: { revision: 2, removedTrials: ['t0', 'unknown'] },
      order: true,
    });
    assert.deepEqual([...model.trials.keys()], ['t1']);
    assert.deepEqual(model.order.slice(), ['t1']);
    server.change('exp1', { revision: 3, removedTrials: ['t1'], trials: [trial(1)], metrics: [point('t1', 0, 0.9)] });
    assert.deepEqual(model.trials.get('t1')?.intermediates.value, [0.9]);
    assert.deepEqual(model.order.slice(), ['t1']);
  });

  it('fires a change in the same turn, so that the panel gets it at once', async () => {
    server.snapshots.set('exp1', snapshot([trial(0)]));
    model.follow();
    await model.loaded();
    let heard = false;
    model.onDidChange(() => {
      heard = true;
    });
    server.change('exp1', { revision: 2, trials: [trial(1)] });
    assert.ok(heard);
  });

  it('applies each change that arrives during a large snapshot exactly once', async () => {
    const count = 10_000;
    const rows = Array.from({ length: count }, (_, number) => trial(number));
    const points = rows.flatMap((row) => [point(row.id, 0, 0.1), point(row.id, 1, 0.2)]);
    model.follow();
    const listener = server.followers.get('exp1');
    assert.ok(listener);
    let longest = 0;
    let last = performance.now();
    let measuring = true;
    const measure = () => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      if (measuring) setImmediate(measure);
    };
    setImmediate(measure);
    listener.snapshot(snapshot(rows, points, { revision: 7 }));
    listener.change({ revision: 7, metrics: [point('t3', 9, 'stale')] });
    listener.change({ revision: 8, metrics: [point('t3', 2, 0.3)] });
    await model.loaded();
    measuring = false;
    assert.equal(model.trials.size, count);
    assert.deepEqual(model.trials.get('t3')?.intermediates.value, [0.1, 0.2, 0.3]);
    assert.equal(model.revision, 8);
    assert.ok(Number.isFinite(longest));
  });

  it('keeps the text of a value that is not a number', async () => {
    const texts = ['NaN', '"diverged"', '[1, 2]', 'not json', '{"loss": 2}'];
    server.snapshots.set(
      'exp1',
      snapshot(
        [trial(0)],
        texts.map((text, index) => point('t0', index, text)),
      ),
    );
    model.follow();
    await model.loaded();
    const series = model.trials.get('t0')?.intermediates;
    assert.deepEqual(series?.text, texts);
    assert.ok(series?.value.every(Number.isNaN));
  });

  it('replaces its content when the stream starts again', async () => {
    server.snapshots.set('exp1', snapshot([trial(0), trial(1)]));
    model.follow();
    await model.loaded();
    const again = next(model.onDidChange, (event) => event.kind === 'snapshot');
    server.followers.get('exp1')?.snapshot(snapshot([trial(5)], [], { session: 's2', revision: 1 }));
    await again;
    assert.deepEqual([...model.trials.keys()], ['t5']);
    assert.equal(model.session, 's2');
  });

  it('tells why the trials could not be read, and tries again for the next follower', async () => {
    const watching = model.follow();
    server.followers.get('exp1')?.failed(new Error('the database is locked'));
    assert.deepEqual(model.loading, { state: 'failed', reason: 'the database is locked' });
    server.snapshots.set('exp1', snapshot([trial(0)]));
    await model.loaded();
    assert.equal(server.follows.get('exp1'), 2);
    watching.dispose();
  });

  it('stops waiting for trials that do not arrive in time', async () => {
    await assert.rejects(model.loaded(5), /spirals did not arrive within 0\.005 s/);
  });

  it('keeps the newer of two summaries', async () => {
    server.snapshots.set(
      'exp1',
      snapshot([trial(0)], [], { summary: summary({ durationAt: 5000, counts: { SUCCEEDED: 2 } }) }),
    );
    model.follow();
    await model.loaded();
    model.applySummary(summary({ durationAt: 4000, counts: { SUCCEEDED: 1 } }));
    assert.equal(model.summary.counts.SUCCEEDED, 2);
    model.applySummary(summary({ durationAt: 6000, counts: { SUCCEEDED: 3 } }));
    assert.equal(model.summary.counts.SUCCEEDED, 3);
    model.applySummary(summary({ live: false, status: 'STOPPED', durationAt: 100 }));
    assert.equal(model.summary.status, 'STOPPED', 'who is gone has the last word from the manager');
  });

  it('is followed on the new server when the manager came back', async () => {
    server.snapshots.set('exp1', snapshot([trial(0)]));
    model.follow();
    await model.loaded();
    model.attach(undefined);
    assert.equal(model.loading.state, 'unloaded');
    assert.equal(model.trials.size, 1, 'what was read stays to be seen');
    const other = new FakeServer();
    other.snapshots.set('exp1', snapshot([trial(0), trial(1)]));
    model.attach(other);
    await model.loaded();
    assert.equal(model.trials.size, 2);
  });
});
