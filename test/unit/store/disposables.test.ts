import assert from 'node:assert/strict';
import { Disposables } from '../../../src/store/disposables.ts';

describe('Disposables', () => {
  it('disposes its items once, the latest first', () => {
    const ended: string[] = [];
    const item = (name: string) => ({ dispose: () => void ended.push(name) });
    const owned = new Disposables();
    owned.add(item('a'), item('b'));
    owned.add(item('c'));
    owned.dispose();
    owned.dispose();
    assert.deepEqual(ended, ['c', 'b', 'a']);
  });

  it('disposes a late item at once', () => {
    const ended: string[] = [];
    const owned = new Disposables();
    owned.dispose();
    owned.add({ dispose: () => void ended.push('late') });
    assert.deepEqual(ended, ['late']);
  });
});
