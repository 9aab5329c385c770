import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import {
  BadAnswerError,
  NotFoundError,
  RejectedError,
  TimeoutError,
  UnreachableError,
} from '../../../src/client/errors.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import { readEvents } from '../../../src/client/follow/eventStream.ts';
import { followExperiment, followManager } from '../../../src/client/follow/follow.ts';
import type { FollowState } from '../../../src/client/follow/persist.ts';
import { Http } from '../../../src/client/http.ts';
import { ManagerClient } from '../../../src/client/manager.ts';
import { summary } from '../../fixtures/builders.ts';
import { type Answer, inTurn, json, Scene, silent, text } from './scene.ts';

/** A stream of these pieces, which then stays open, ends or breaks. */
function stream(pieces: (string | Buffer)[], then: 'open' | 'end' | 'break' = 'open'): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
    if (then === 'end') response.end();
    if (then === 'break') response.write('', () => response.destroy());
  };
}
const event = (name: string, data: unknown, id?: number) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const change = (revision: number) => event('change', { revision, metrics: [] }, revision);
const snapshot = (session: string, revision: number): Answer =>
  json({
    session,
    revision,
    summary: summary({ id: 'a' }),
    config: {},
    trials: [],
    metrics: { trialIds: [], trial: [], type: [], sequence: [], timestamp: [], data: [] },
  });

describe('Event streams', () => {
  let scene: Scene;
  let http: Http;
  beforeEach(async () => {
    scene = await new Scene().open();
    http = new Http(scene.address, 'the manager');
  });
  afterEach(async () => {
    http.dispose();
    await scene.close();
  });

  const never = new AbortController().signal;
  const read = (options: { silenceTimeoutMs?: number; signal?: AbortSignal } = {}) =>
    readEvents(http, '/events', { task: 'follow', names: ['change', 'list'], signal: never, ...options });
  async function all(options?: { silenceTimeoutMs?: number }): Promise<string[]> {
    const found: string[] = [];
    for await (const { name, text } of read(options)) found.push(`${name} ${text}`);
    return found;
  }

  it('are read completely, wherever their bytes are cut, in every language', async () => {
    const bytes = Buffer.from(`\uFEFF: open\n\n${event('change', 'é😀', 1)}:\n\nevent: list\ndata: [1,\ndata: 2]\n\n`);
    scene.answer = stream(
      [...bytes].map((byte) => Buffer.of(byte)),
      'end',
    );
    assert.deepEqual(await all(), ['change "é😀"', 'list [1,\n2]']);
  });

  it('may have unknown fields, and may end in the middle of an event', async () => {
    const unknown = 'retry: 5\nfoo: bar\nnonsense\n\nevent: new\ndata: text\n\n';
    scene.answer = stream([unknown, event('list', []), 'event: list\ndata: {'], 'end');
    assert.deepEqual(await all(), ['list []']);
  });

  for (const [name, body] of [
    ['a web page', '<!doctype html>\n<html>\n</html>\n\n'],
    ['JSON', '{"error": "no"}\n\n'],
  ] as const) {
    it(`throw BadAnswerError when the answer is ${name}`, async () => {
      scene.answer = text(body);
      await assert.rejects(all(), BadAnswerError);
    });
  }

  it('fail with UnreachableError when they break', async () => {
    scene.answer = stream([event('list', [])], 'break');
    await assert.rejects(all(), UnreachableError);
  });

  it('end when the server falls silent; a slow reader does not count as silence', async () => {
    scene.answer = stream([event('list', [1]) + event('list', [2])]);
    const events = read({ silenceTimeoutMs: 80 });
    await events.next();
    // Longer than the silence that is allowed.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = await events.next();
    assert.deepEqual(second.done ? [] : second.value.data, [2]);
    await assert.rejects(events.next(), TimeoutError);
  });

  it('throw the reason when they are aborted, and close when the loop is left', async () => {
    const closed: Promise<void>[] = [];
    scene.answer = (request, response) => {
      closed.push(new Promise((resolve) => response.once('close', resolve)));
      stream([event('list', [])])(request, response);
    };
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = (async () => {
      for await (const _ of read({ signal: controller.signal })) controller.abort(reason);
    })();
    await assert.rejects(aborted, reason);
    for await (const _ of read()) break;
    await Promise.all(closed);
    assert.equal(closed.length, 2);
  });

  it('pass on an error of the reader', async () => {
    scene.answer = stream([event('list', [])]);
    const own = new Error('of the reader');
    const reading = (async () => {
      for await (const _ of read()) throw own;
    })();
    await assert.rejects(reading, own);
  });
});

describe('Following an experiment', () => {
  let scene: Scene;
  let experiment: Experiment;
  let controller: AbortController;
  let heard: string[];
  let states: FollowState['state'][];

  beforeEach(async () => {
    scene = await new Scene().open();
    experiment = Experiment.at(scene.address);
    controller = new AbortController();
    heard = [];
    states = [];
  });
  afterEach(async () => {
    controller.abort();
    experiment.dispose();
    await scene.close();
  });

  /** Follows until `last` is heard. */
  async function until(last: string, retries?: number): Promise<void> {
    const hear = (words: string) => {
      heard.push(words);
      if (words === last) controller.abort();
    };
    await followExperiment(
      experiment,
      {
        onSnapshot: ({ session, revision }) => hear(`snapshot ${session} ${revision}`),
        onChange: ({ revision }) => hear(`change ${revision}`),
        onState: ({ state }) => states.push(state),
      },
      controller.signal,
      { silence: 5000, ...(retries === undefined ? {} : { retries }) },
    );
  }
  const streams = () => scene.requests.filter((request) => request.includes('/events'));

  it('begins with a snapshot and goes on with changes', async () => {
    scene.answer = inTurn(snapshot('s', 4), stream([': open\n\n', change(5), change(6)]));
    await until('change 6');
    assert.deepEqual(heard, ['snapshot s 4', 'change 5', 'change 6']);
    assert.deepEqual(states, ['connecting', 'connected']);
    assert.match(streams()[0] ?? '', /\?session=s&since=4$/);
  });

  it('goes on from its last revision when the stream ends, breaks or is refused for a moment', async () => {
    scene.answer = inTurn(
      snapshot('s', 0),
      stream([change(1)], 'end'),
      stream([change(2), change(3)], 'break'),
      json({ error: 'locked' }, 503),
      stream([change(3), change(4)]),
    );
    await until('change 4');
    assert.deepEqual(
      heard,
      ['snapshot s 0', 'change 1', 'change 2', 'change 3', 'change 4'],
      'none missed, none twice',
    );
    assert.deepEqual(
      streams().map((request) => /since=(\d+)/.exec(request)?.[1]),
      ['0', '1', '3', '3'],
    );
  });

  it('begins again with a snapshot when the server has forgotten, or another process serves', async () => {
    scene.answer = inTurn(
      snapshot('s', 1),
      stream([change(2), event('reset', {})], 'end'),
      snapshot('t', 1),
      stream([change(2)]),
    );
    await until('change 2');
    heard.length = 0;
    controller = new AbortController();
    scene.answer = inTurn(snapshot('s', 1), stream([event('reset', {})], 'end'), snapshot('t', 7), stream([change(8)]));
    await until('change 8');
    assert.deepEqual(heard, ['snapshot s 1', 'snapshot t 7', 'change 8']);
  });

  for (const [name, garbage] of [
    ['a gap', change(9)],
    ['no JSON', 'event: change\ndata: {"revision": 1\n\n'],
    ['another shape', event('change', { revision: 'one' })],
    ['a page', '<html>\n\n'],
  ] as const) {
    it(`begins again with everything after ${name} in the stream`, async () => {
      scene.answer = inTurn(
        snapshot('s', 0),
        stream([change(1), garbage, change(2)]),
        snapshot('s', 5),
        stream([change(6)]),
      );
      await until('change 6');
      // What came with the garbage in one piece may be dropped: the snapshot has it.
      assert.deepEqual(
        heard.filter((words) => words !== 'change 1'),
        ['snapshot s 0', 'snapshot s 5', 'change 6'],
      );
    });
  }

  it('skips unknown events, and broken trials and metrics', async () => {
    const broken = event('change', { revision: 1, trials: [{ id: 3 }, null], metrics: ['x'], summary: 'none' }, 1);
    scene.answer = inTurn(snapshot('s', 0), stream([event('news', 1), broken, change(2)]));
    await until('change 2');
    assert.deepEqual(heard, ['snapshot s 0', 'change 1', 'change 2']);
  });

  it('reads the next event only after the handler has finished', async () => {
    scene.answer = inTurn(snapshot('s', 0), stream([change(1), change(2)]));
    const order: string[] = [];
    await followExperiment(
      experiment,
      {
        onSnapshot: () => undefined,
        onChange: async ({ revision }) => {
          order.push(`begin ${revision}`);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(`end ${revision}`);
          if (revision === 2) controller.abort();
        },
      },
      controller.signal,
    );
    assert.deepEqual(order, ['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('fails when the experiment does not exist, or the token is wrong', async () => {
    scene.answer = json({ error: 'There is no experiment a.' }, 404);
    await assert.rejects(until('never'), NotFoundError);
    for (const status of [401, 403]) {
      scene.answer = json({ error: 'The token is wrong.' }, status);
      await assert.rejects(until('never'), RejectedError);
    }
  });

  it('reports lost when the server does not come back, and fails when its retries are used up', async () => {
    scene.answer = inTurn(snapshot('s', 0), (_request, response) => response.destroy());
    await assert.rejects(until('never', 4), UnreachableError);
    assert.deepEqual([...new Set(states)], ['connecting', 'connected', 'lost']);
  });

  it('ends at once when it is aborted, at any point', async () => {
    for (const answer of [silent, inTurn(snapshot('s', 0), silent)]) {
      controller = new AbortController();
      scene.answer = answer;
      const following = until('never');
      await scene.nextRequest();
      if (answer !== silent) await scene.nextRequest();
      controller.abort();
      await following;
    }
  });

  it('passes on an error of its listener', async () => {
    scene.answer = snapshot('s', 0);
    const own = new Error('of the listener');
    const following = followExperiment(
      experiment,
      {
        onSnapshot: () => {
          throw own;
        },
        onChange: () => undefined,
      },
      controller.signal,
    );
    await assert.rejects(following, own);
  });
});

describe('Following a manager', () => {
  it('reports its experiments, and all of them again after the connection was lost', async () => {
    const scene = await new Scene().open();
    const manager = new ManagerClient(scene.address, { token: 't' });
    const controller = new AbortController();
    const open: ServerResponse[] = [];
    scene.answer = (request, response) => {
      open.push(response);
      const list = event('list', [summary({ id: `e${open.length}` }), { id: 3 }]);
      const warnings = event('warnings', ['damaged', 3]);
      const news = [event('experiment', summary({ id: 'x' })), event('news', 1), event('removed', { id: 'x' })];
      stream([list, warnings, ...news])(request, response);
    };
    const heard: string[] = [];
    await followManager(
      manager,
      {
        onChange: (news) => {
          if (news.event === 'list') heard.push(news.data.map(({ id }) => id).join());
          else heard.push(`${news.event} ${news.event === 'warnings' ? news.data : news.data.id}`);
          if (news.event !== 'removed') return;
          if (heard.length < 8) open.at(-1)?.destroy();
          else controller.abort();
        },
      },
      controller.signal,
    );
    const after = ['warnings damaged', 'experiment x', 'removed x'];
    assert.deepEqual(heard, ['e1', ...after, 'e2', ...after]);
    manager.dispose();
    await scene.close();
  });
});
