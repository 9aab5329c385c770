/** Small answers that inflate, nest or never end. Each way of reading reports one clear error and uses little memory. */
import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { type Answer, Scene } from '../client/scene.ts';
import type { Outcome } from './bombReader.ts';

const megabyte = 1024 * 1024;
/** A reader that builds what a bomb inflates to ends its thread. */
const heapMegabytes = 200;

/** `head`, and then `piece` until `megabytes` are full: some hundred kilobytes of gzip. */
function bomb(head: string, piece: string, megabytes: number, type = 'application/json'): Answer {
  const block = gzipSync(piece.repeat(Math.ceil(megabyte / piece.length)));
  const body = Buffer.concat([gzipSync(head), ...Array<Buffer>(megabytes).fill(block)]);
  return (_request, response) =>
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(body);
}

function forever(type: string, head: string, piece: string): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': type });
    response.write(head);
    const much = piece.repeat(Math.ceil(megabyte / piece.length));
    const write = (): void => {
      while (!response.destroyed && response.write(much));
    };
    response.on('drain', write);
    write();
  };
}

describe('answers that would fill the memory', function () {
  this.timeout(300_000);
  let scene: Scene;
  before(async () => {
    scene = await new Scene().open();
  });
  after(() => scene.close());

  /** What each way of reading gives, in a thread that ends when its heap is full. */
  async function outcomes(answer: Answer): Promise<Outcome[]> {
    scene.answer = answer;
    const found: Outcome[] = [];
    const worker = new Worker(new URL('./bombReader.ts', import.meta.url), {
      workerData: { address: scene.address },
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (outcome: Outcome | 'all') => {
        if (outcome === 'all') resolve();
        else found.push(outcome);
      });
      worker.on('error', (error) => reject(new Error(`after ${found.at(-1)?.name}: ${error.message}`)));
      worker.on('exit', () => reject(new Error('the thread ended')));
    });
    await worker.terminate();
    return found;
  }

  /** A text needs no form; its end is read from up to 400 MB. All other answers are refused at 64 MB or before. */
  const texts = ['the end of a log'];
  const bombs: [what: string, answer: () => Answer, fine: string[]][] = [
    ['195 MB of [ in 200 kB of gzip', () => bomb('', '[', 195), texts],
    ['66 MB of digits', () => bomb('[', '1', 66), texts],
    ['66 MB of escaped quotes in one text', () => bomb('["', '\\"', 66), texts],
    ['66 MB of one record', () => bomb('[{"trialJobId":"a","x":[', '0,', 66), texts],
    ['records for ever', () => forever('application/json', '[{}', ',{"id":"a","trialJobId":"b"}'), []],
    ['an event of 66 MB', () => bomb('event: change\ndata: ', '[', 66, 'text/event-stream'), texts],
    ['66 MB of line ends', () => bomb(': open\n\n', '\r', 66, 'text/event-stream'), texts],
    ['comments for ever', () => forever('text/event-stream', '', ': still here\n\n'), []],
    ['unknown events for ever', () => forever('text/event-stream', '', 'event: new\ndata: {"a": 1}\n\n'), []],
  ];
  for (const [what, answer, fine] of bombs) {
    it(`${what} cost one error each`, async () => {
      for (const { name, error, typed } of await outcomes(answer())) {
        assert.ok(typed, `${name}: ${error}`);
        if (fine.includes(name)) continue;
        assert.match(error ?? '', /Could not .+: .+\./s, `${name} was taken for an answer`);
        assert.ok((error ?? '').length < 1000, `${name}: ${error?.length} characters`);
      }
    });
  }

  it('are reported in a few words when they are refusals of 10 MB', async () => {
    scene.answer = (_request, response) =>
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: 'no '.repeat(3_500_000) }));
    for (const { name, error, typed } of await outcomes(scene.answer)) {
      assert.ok(typed, `${name}: ${error}`);
      assert.match(error ?? '', /status 500/);
      assert.ok((error ?? '').length < 1000, `${name}: ${error?.length} characters`);
    }
  });
});
