import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { askManager } from '../../../src/manager/askManager.ts';
import { RunnerFeed } from '../../../src/manager/providers/nniFolder/runnerFeed.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { experimentRoutes } from '../../../src/wire/routes.ts';
import { summary } from '../../fixtures/builders.ts';
import { type Answer, json, Scene, text } from '../client/scene.ts';

/** What a feed tells of a runner until it closes. */
function follow(port: number): Promise<{ summaries: ExperimentSummary[]; refused: boolean }> {
  return new Promise((resolve) => {
    const summaries: ExperimentSummary[] = [];
    new RunnerFeed(
      { pid: 1, port, token: undefined },
      { summary: (each) => summaries.push(each), closed: (refused) => resolve({ summaries, refused }) },
    );
  });
}

/** Answers the event stream and the summary of a runner. */
function runner(events: string, answer: Answer): Answer {
  return (request, response) => {
    if (!request.url?.startsWith(experimentRoutes.events)) return answer(request, response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events);
  };
}

const change = (value: unknown) => `event: change\ndata: ${JSON.stringify(value)}\n\n`;
const forever: Answer = (_request, response) => {
  const much = '['.repeat(1024 * 1024);
  const write = (): void => {
    while (!response.destroyed && response.write(much));
  };
  response.on('drain', write);
  write();
};

describe('the manager', () => {
  let scene: Scene;
  let port: number;
  beforeEach(async () => {
    scene = await new Scene().open();
    port = Number(new URL(scene.address).port);
  });
  afterEach(() => scene.close());

  it('gets a runner’s summary first, and again whenever it changes', async () => {
    const changed = summary({ name: 'changed' });
    scene.answer = (request, response) => {
      if (!request.url?.startsWith(experimentRoutes.events)) return json(summary())(request, response);
      response.writeHead(200);
      response.write(': open\n\n');
      // The summary is asked for after this.
      setTimeout(() => response.end(change({ revision: 1, summary: changed })), 50);
    };
    const { summaries, refused } = await follow(port);
    assert.equal(summaries.at(-1)?.name, 'changed');
    assert.equal(refused, false);
  });

  const hostile: [what: string, answer: Answer][] = [
    ['sends a summary without end', runner(': open\n\n', forever)],
    ['sends an event without end', (_request, response) => forever(_request, response)],
    ['sends a summary that is none', runner(': open\n\n', json([]))],
    ['sends a change that is none', runner(change([]), json(summary()))],
    ['sends text', text('no')],
    ['refuses', json({ error: 'No.' }, 403)],
    ['breaks off', (request) => request.socket.destroy()],
  ];
  for (const [what, answer] of hostile) {
    it(`gives up a runner that ${what}`, async () => {
      scene.answer = answer;
      assert.equal((await follow(port)).refused, false);
    });
  }

  it('knows that nothing listens at a port', async () => {
    await scene.close();
    assert.equal((await follow(port)).refused, true);
  });

  it('does not take a program that is slow or endless for another manager', async () => {
    const answers: Answer[] = [
      forever,
      text('{"pid": 1'),
      (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"pid":1}')),
      (request) => request.socket.destroy(),
      () => undefined,
    ];
    for (const answer of answers) {
      scene.answer = answer;
      assert.equal(await askManager('127.0.0.1', port), undefined);
    }
    scene.answer = json({ pid: 1 });
    assert.deepEqual(await askManager('127.0.0.1', port), { pid: 1 });
  });
});
