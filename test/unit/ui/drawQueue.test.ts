import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { DrawQueue } from '../../../src/ui/explorer/drawQueue.ts';
import { PromptGate } from '../../../src/ui/promptGate.ts';

describe('the queue of rows to draw', () => {
  let told: (string[] | undefined)[];
  let queue: DrawQueue<string>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    told = [];
    queue = new DrawQueue((rows) => told.push(rows), new PromptGate());
  });
  afterEach(() => {
    queue.dispose();
    mock.timers.reset();
  });

  it('tells of the first row at once, and of the next ones together after the interval', () => {
    queue.draw('a');
    queue.read('a');
    queue.draw('b');
    queue.draw('c', 'b');
    assert.deepEqual(told, [['a']]);
    mock.timers.tick(300);
    assert.deepEqual(told, [['a'], ['b', 'c']]);
  });

  it('tells of nothing more until VS Code reads a row of the last event, however slow it is', () => {
    queue.draw('a');
    for (let second = 0; second < 5; second++) {
      queue.draw('a', 'b');
      mock.timers.tick(1000);
    }
    queue.read('b');
    assert.deepEqual(told, [['a']]);
    queue.read('a');
    assert.deepEqual(told, [['a'], ['a', 'b']]);
  });

  it('stands for all rows once one of the events does', () => {
    queue.draw('a', undefined);
    queue.draw('b');
    queue.read('a');
    mock.timers.tick(300);
    queue.read(undefined);
    assert.deepEqual(told, [undefined, ['b']]);
  });

  it('goes on after a while when VS Code has dropped the rows and reads none', () => {
    queue.draw('gone');
    queue.draw('b');
    mock.timers.tick(10_000);
    assert.deepEqual(told, [['gone'], ['b']]);
  });
});
