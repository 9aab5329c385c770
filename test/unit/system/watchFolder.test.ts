import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freshFolder, removeFolder } from '../../../scripts/folders.ts';
import { watchFolder } from '../../../src/system/watchFolder.ts';
import { ManualClock } from '../../harness/manualClock.ts';

describe('a watched folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await freshFolder('watch');
  });
  afterEach(() => removeFolder(folder));

  it('reports a change of a wanted file, and of a single file', async () => {
    const file = join(folder, 'wanted');
    await writeFile(file, '');
    for (const path of [folder, file]) {
      let watch: { dispose(): void } | undefined;
      const changed = new Promise<void>((resolve) => {
        watch = watchFolder(path, resolve, { concerns: (name) => name === 'wanted' });
      });
      await writeFile(join(folder, 'other'), '');
      await appendFile(file, 'x');
      await changed;
      watch?.dispose();
    }
  });

  it('gathers changes until the interval is over', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const watch = watchFolder(folder, () => calls++, { gatherMs: 1000, clock });
    const control = watchControl(folder);
    await writeFile(join(folder, 'a'), '');
    await writeFile(join(folder, 'b'), '');
    await control.reported;
    await clock.advance(999);
    assert.equal(calls, 0);
    await clock.advance(1);
    assert.equal(calls, 1);
    watch.dispose();
    control.dispose();
  });

  it('is polled where the system cannot watch, says so once, and stops when disposed', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const reasons: unknown[] = [];
    const watch = watchFolder(join(folder, 'missing'), () => calls++, {
      degraded: (error) => reasons.push(error),
      clock,
    });
    assert.equal(reasons.length, 1);
    await clock.advance(6000);
    assert.equal(calls, 3);
    watch.dispose();
    await clock.advance(6000);
    assert.equal(calls, 3);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is polled beside watching when asked', async () => {
    const clock = new ManualClock();
    let calls = 0;
    const watch = watchFolder(folder, () => calls++, { pollIntervalMs: 500, clock });
    await clock.advance(1000);
    assert.equal(calls, 2);
    watch.dispose();
  });
});

/** Another watch of the same folder: when it has reported, the system has reported to both. */
function watchControl(folder: string): { reported: Promise<void>; dispose(): void } {
  let watch: { dispose(): void } | undefined;
  const reported = new Promise<void>((resolve) => {
    watch = watchFolder(folder, () => setImmediate(resolve), { concerns: (name) => name === 'b' });
  });
  return { reported, dispose: () => watch?.dispose() };
}
