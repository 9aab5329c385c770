import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Store } from '../../../src/store/store.ts';
import { eventually } from '../../harness/eventually.ts';
import { FakeConnector } from './samples.ts';

const trials = 3000;
const points = 20;

/** The longest time in which nobody else had a turn. */
class Blocks {
  longest = 0;
  #last = performance.now();
  #over = false;

  constructor() {
    const beat = () => {
      const now = performance.now();
      this.longest = Math.max(this.longest, now - this.#last);
      this.#last = now;
      if (!this.#over) setImmediate(beat);
    };
    beat();
  }

  end(): number {
    this.#over = true;
    return Math.round(this.longest);
  }
}

describe('A real NNI with thousands of trials', () => {
  let server: Worker;
  let store: Store;
  let port = 0;

  before(async () => {
    server = new Worker(new URL('./largeServer.cjs', import.meta.url), { workerData: { trials, points } });
    const [ready] = (await once(server, 'message')) as [{ port: number }];
    port = ready.port;
    // Loading code is another matter.
    await Promise.all([import('../../../src/client/index.ts'), import('axios')]);
    store = new Store({ local: new FakeConnector(undefined), localLabel: 'here', mayStart: () => false });
  });
  after(async () => {
    store.dispose();
    await server.terminate();
  });

  it('is read completely without blocking the event loop', async function () {
    this.timeout(120_000);
    const blocks = new Blocks();
    const connection = store.addEndpoint({
      id: 'large',
      label: 'large',
      address: `http://127.0.0.1:${port}`,
      token: async () => undefined,
    });
    store.setVisible(true);
    await connection.connect({ start: false });
    const model = connection.models.get('large123');
    assert.ok(model);
    assert.deepEqual(model.summary.counts, { SUCCEEDED: trials, RUNNING: 1 });
    const listed = blocks.end();
    const others = new Blocks();
    const watching = model.follow();
    await model.loaded(60_000);
    assert.equal(model.trials.size, trials + 1);
    assert.equal(model.trials.get(`T${trials - 1}`)?.intermediates.length, points - 1);
    assert.equal(model.order.slice(0, 1)[0], `T${trials - 1}`);
    const read = others.end();
    // Not asserted: a machine that is busy with something else would be blamed for it.
    console.log(`      longest block: ${listed} ms for the list, ${read} ms for trials and metrics`);
    watching.dispose();
  });

  it('is hardly polled while it is hidden', async function () {
    this.timeout(120_000);
    store.setVisible(false);
    const ask = async () => {
      server.postMessage('how busy?');
      const [answer] = (await once(server, 'message')) as [{ requests: number }];
      return answer;
    };
    // The trials stay followed for a moment, and a round may be under way.
    let before = await ask();
    await eventually('it to be left alone', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const now = await ask();
      const quiet = now.requests === before.requests;
      before = now;
      return quiet;
    });
  });
});
