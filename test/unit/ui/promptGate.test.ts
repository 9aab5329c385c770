import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { DrawQueue } from '../../../src/ui/explorer/drawQueue.ts';
import { PromptGate } from '../../../src/ui/promptGate.ts';

/** A gate whose waits end when the test says so. */
function gateWithWaits() {
  const waits: { ms: number; end(): void }[] = [];
  const gate = new PromptGate((ms) => new Promise<void>((resolve) => waits.push({ ms, end: resolve })));
  return { gate, waits };
}

describe('the gate before prompts', () => {
  it('opens a prompt at once when the tree was not drawn', async () => {
    const { gate } = gateWithWaits();
    assert.equal(await gate.show(async () => 'answer'), 'answer');
    assert.equal(gate.isOpening, false);
  });

  it('lets the drawing under way end before it opens a prompt', async () => {
    const { gate, waits } = gateWithWaits();
    const told: (string[] | undefined)[] = [];
    const queue = new DrawQueue<string>((nodes) => told.push(nodes), gate);
    queue.draw('row');
    let isShown = false;
    const answer = gate.show(async () => {
      isShown = true;
      return 'answer';
    });
    await turn();
    assert.equal(isShown, false);
    assert.equal(waits.length, 1);
    waits[0]?.end();
    assert.equal(await answer, 'answer');
    queue.dispose();
  });

  it('holds rows back while a prompt opens, and draws them afterwards', async () => {
    const { gate, waits } = gateWithWaits();
    const told: (string[] | undefined)[] = [];
    const queue = new DrawQueue<string>((nodes) => told.push(nodes), gate);
    let close: (answer: string) => void = () => undefined;
    const answer = gate.show(() => new Promise<string>((resolve) => (close = resolve)));
    queue.draw('row');
    await turn();
    assert.deepEqual(told, []);
    waits[0]?.end();
    await turn();
    assert.deepEqual(told, [['row']], 'the prompt is still open, but has the keyboard');
    close('answer');
    assert.equal(await answer, 'answer');
    queue.dispose();
  });

  it('draws again when a prompt fails', async () => {
    const { gate } = gateWithWaits();
    const failed = gate.show(() => Promise.reject(new Error('closed')));
    await assert.rejects(failed, /closed/);
    assert.equal(gate.isOpening, false);
  });
});
