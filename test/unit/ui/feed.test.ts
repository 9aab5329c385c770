import assert from 'node:assert/strict';
import type { ExperimentChange, ExperimentSnapshot } from '../../../src/model/experiment/experiment.ts';
import { decodeMetric } from '../../../src/model/trial/metric.ts';
import { ExperimentModel } from '../../../src/store/experimentModel.ts';
import { Feed } from '../../../src/ui/panel/feed.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeServer } from '../store/samples.ts';

/** A page that keeps all it is sent. */
class Page {
  readonly snapshots: ExperimentSnapshot[] = [];
  readonly changes: ExperimentChange[] = [];
  readonly failures: string[] = [];
  #heard: (() => void)[] = [];

  snapshot = (value: ExperimentSnapshot) => {
    this.snapshots.push(value);
    this.#tell();
  };
  change = (value: ExperimentChange) => {
    this.changes.push(value);
    this.#tell();
  };
  failed = (reason: string) => {
    this.failures.push(reason);
    this.#tell();
  };

  async until(wanted: () => boolean): Promise<void> {
    while (!wanted()) await new Promise<void>((resolve) => this.#heard.push(resolve));
  }

  get points(): string[] {
    const first = this.snapshots.at(-1)?.metrics;
    const known = first?.trial.map((index, at) => `${first.trialIds[index]} ${first.sequence[at]} ${first.data[at]}`);
    const later = this.changes.flatMap((change) => change.metrics ?? []);
    return [...(known ?? []), ...later.map((entry) => `${entry.trialId} ${entry.sequence} ${entry.data}`)];
  }

  #tell(): void {
    for (const heard of this.#heard.splice(0)) heard();
  }
}

describe("the panel's feed", () => {
  let server: FakeServer;
  let model: ExperimentModel;
  let page: Page;
  let feed: Feed | undefined;

  beforeEach(() => {
    server = new FakeServer();
    model = new ExperimentModel('local', summary());
    model.attach(server);
    page = new Page();
  });
  afterEach(() => {
    feed?.dispose();
    model.dispose();
  });

  it('sends a snapshot, then each change in order of arrival', async () => {
    server.snapshots.set('exp1', snapshot([trial(0, { status: 'RUNNING' })], [point('t0', 0, 0.5)]));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    assert.deepEqual(page.snapshots[0]?.metrics.data, ['0.5']);
    await new Promise((resolve) => setTimeout(resolve, 15));
    server.change('exp1', { revision: 2, metrics: [point('t0', 1, 0.6)] });
    assert.equal(page.changes.length, 1, 'no timer between a metric and the page');
  });

  it('numbers its messages without a gap and merges a burst', async () => {
    server.snapshots.set('exp1', snapshot([trial(0, { status: 'RUNNING' })]));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    for (let sequence = 0; sequence < 100; sequence++) {
      server.change('exp1', {
        revision: 2 + sequence * 3,
        metrics: [point('t0', sequence, sequence)],
        trials: [trial(0, { status: 'RUNNING', intermediates: sequence + 1 })],
      });
    }
    await page.until(() => page.points.length === 100);
    assert.ok(page.changes.length < 20, `${page.changes.length} messages`);
    const revisions = [page.snapshots[0]?.revision, ...page.changes.map((change) => change.revision)];
    assert.deepEqual(
      revisions,
      revisions.map((_, index) => index + 1),
    );
    assert.equal(page.changes.at(-1)?.trials?.[0]?.intermediates, 100);
    assert.equal(new Set(page.points).size, 100);
  });

  it('sends a large experiment in pieces and loses no change that arrives meanwhile', async () => {
    const count = 6000;
    const rows = Array.from({ length: count }, (_, number) => trial(number));
    const points = rows.flatMap((row) => [
      point(row.id, 0, 0.1),
      point(row.id, 1, 0.2),
      point(row.id, 2, 0.3, 'FINAL'),
    ]);
    server.snapshots.set('exp1', snapshot(rows, points));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    server.change('exp1', { revision: 2, metrics: [point('t7', 3, 0.4)], trials: [trial(count)] });
    await page.until(() => page.points.includes('t7 3 0.4'));
    assert.equal(page.points.length, count * 3 + 1);
    assert.equal(new Set(page.points).size, count * 3 + 1);
    const sent = [...(page.snapshots[0]?.trials ?? []), ...page.changes.flatMap((change) => change.trials ?? [])];
    assert.equal(new Set(sent.map((row) => row.id)).size, count + 1);
  });

  it('restarts with the stream, without pieces of the old snapshot', async () => {
    const rows = Array.from({ length: 5000 }, (_, number) => trial(number));
    server.snapshots.set('exp1', snapshot(rows));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    server.followers.get('exp1')?.snapshot(snapshot([trial(9000)], [], { session: 's2' }));
    await page.until(() => page.snapshots.length === 2);
    const after = page.changes.filter((change) => change.revision > (page.snapshots[1]?.revision ?? 0));
    assert.deepEqual(after, []);
    assert.deepEqual(
      page.snapshots[1]?.trials.map((row) => row.id),
      ['t9000'],
    );
  });

  it('sends only the numbers of a huge result', async () => {
    const large = `{"default": 0.25, "nan": NaN, "junk": "${'x'.repeat(100_000)}"}`;
    server.snapshots.set('exp1', snapshot([trial(0, { final: large })], [point('t0', 0, large)]));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    server.change('exp1', { revision: 2, metrics: [point('t0', 1, 'y'.repeat(100_000))] });
    await page.until(() => page.changes.length === 1);
    assert.ok(JSON.stringify([page.snapshots, page.changes]).length < 20_000);
    const light = decodeMetric(page.snapshots[0]?.trials[0]?.final ?? '');
    assert.equal(light.default, 0.25);
    assert.ok(Number.isNaN(light.entries.nan));
    assert.equal(decodeMetric(page.snapshots[0]?.metrics.data[0] ?? '').default, 0.25);
    assert.equal(decodeMetric(page.changes[0]?.metrics?.[0]?.data ?? '').default, undefined);
    assert.equal(model.trials.get('t0')?.row.final, large, 'the store keeps it as it came');
  });

  it('gives the reason when the trials cannot be read', async () => {
    feed = new Feed(model, page);
    server.followers.get('exp1')?.failed(new Error('the database is locked'));
    assert.deepEqual(page.failures, ['the database is locked']);
  });

  it('releases the experiment when the page is hidden', async () => {
    server.snapshots.set('exp1', snapshot([trial(0)]));
    feed = new Feed(model, page);
    await page.until(() => page.snapshots.length === 1);
    feed.dispose();
    assert.ok(!model.isFollowed);
    server.change('exp1', { revision: 2, trials: [trial(1)] });
    assert.equal(page.changes.length, 0);
  });
});
