import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  hasArgument,
  isAlive,
  isSameProcess,
  isSameStart,
  parsePsStart,
  parsePsTable,
  processStart,
  withDescendants,
} from '../../../src/system/processTable.ts';

describe('the identity of a process', () => {
  it('is known by its start while it lives, and not afterwards', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'an argument']);
    const exit = once(child, 'exit');
    const pid = child.pid ?? 0;
    const start = await processStart(pid);
    assert.equal(await isSameProcess(pid, start), true);
    assert.equal(await isSameProcess(pid, 'another start'), false);
    assert.equal(isAlive(pid), true);
    assert.equal(hasArgument(pid, 'an argument'), true);
    child.kill('SIGKILL');
    await exit;
    assert.equal(await isSameProcess(pid, start), false);
    assert.equal(isAlive(pid), false);
    assert.equal(hasArgument(pid, 'an argument'), false);
  });

  it('is never a pid of 0', () => {
    assert.equal(isAlive(0), false);
  });

  it('has the same start from ps in any time zone', () => {
    // What `ps -o stat=,lstart=` prints with TZ=UTC, on macOS and with procps.
    assert.equal(parsePsStart('S+   Sat Nov 28 10:27:57 2026\n'), '2026-11-28T10:27:57Z');
    assert.equal(parsePsStart('Ss   Sun Nov  1 09:05:00 2026    \n'), '2026-11-01T09:05:00Z');
    assert.equal(parsePsStart('Z    Sat Nov 28 10:27:57 2026\n'), undefined);
    assert.equal(parsePsStart('\n'), undefined);
  });

  it('is known from a start that version 0.1.0 stored in local time', () => {
    const now = '2026-11-28T10:27:57Z';
    assert.equal(isSameStart('Sat Nov 28 02:27:57 2026', now), true, 'stored in Los Angeles');
    assert.equal(isSameStart('Sat Nov 28 16:12:57 2026', now), true, 'stored in Kathmandu');
    assert.equal(isSameStart('Sat Nov 28 10:27:56 2026', now), false, 'another second');
    assert.equal(isSameStart('Wed Nov 25 10:27:57 2026', now), false, 'days apart');
    assert.equal(isSameStart('2026-11-28T11:27:57Z', now), false, 'UTC needs no such allowance');
    assert.equal(isSameStart('8123@boot-a', '8123@boot-b'), false, 'another boot of Linux');
  });
});

describe('the process table', () => {
  it('reads what ps prints', () => {
    assert.deepEqual(parsePsTable('    1     0     1 Ss\n  42     1    42 Z+\n\n'), [
      { pid: 1, parent: 0, group: 1, ended: false },
      { pid: 42, parent: 1, group: 42, ended: true },
    ]);
  });

  it('finds living descendants of any depth, in any order', () => {
    const entry = (pid: number, parent: number, ended = false) => ({ pid, parent, group: pid, ended });
    const entries = [entry(14, 13), entry(13, 11), entry(11, 1), entry(12, 11, true), entry(20, 1)];
    assert.deepEqual(withDescendants([11], entries), [11, 13, 14]);
    assert.deepEqual(withDescendants([99], entries), []);
  });
});
