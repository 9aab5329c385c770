/** A process that is not a runner holds and writes an experiment by the same code as a runner. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { LaunchError } from '../../../src/server/storage/launchError.ts';
import { readManifest } from '../../../src/server/storage/manifest.ts';
import { holdFromScript } from './holdFromScript.ts';

const script = fileURLToPath(new URL('./plainHolder.ts', import.meta.url));

describe('an experiment held by a plain program', () => {
  let root: string;
  let programs: ChildProcess[];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trialdeck-holding-'));
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) await end(program, () => program.kill('SIGKILL'));
    rmSync(root, { recursive: true, force: true });
  });

  async function start(): Promise<ChildProcess> {
    const program = fork(script, [root, 'exp'], { env: { ...process.env, HOME: root } });
    programs.push(program);
    await once(program, 'message');
    return program;
  }
  async function end(program: ChildProcess, how: () => void): Promise<void> {
    if (program.exitCode !== null || program.signalCode !== null) return;
    const exit = once(program, 'exit');
    how();
    await exit;
  }
  function read() {
    const stored = new StoredSource({
      id: 'exp',
      directory: join(root, 'exp'),
      circumstances: () => ({ status: 'RUNNING', errors: [], live: true }),
      manifest: async () => [],
    });
    const { engine, counts, best } = stored.summary();
    stored.dispose();
    return { engine, counts, best: best?.value };
  }

  it('is listed and read like any other', async () => {
    const program = await start();
    const entry = (await readManifest(root)).exp;
    assert.deepEqual([entry?.pid, entry?.status, entry?.logDir], [program.pid, 'RUNNING', root]);
    assert.deepEqual(read(), { engine: 'trialdeck', counts: { SUCCEEDED: 1 }, best: 0.5 });
  });

  it('is refused to every other process while the program lives', async () => {
    const program = await start();
    await assert.rejects(holdFromScript(root, 'exp'), (error) => {
      assert.ok(error instanceof LaunchError);
      assert.equal(error.code, 'held');
      assert.match(error.message, new RegExp(`^Process ${program.pid} already runs experiment exp`));
      return true;
    });
  });

  for (const [how, stop] of [
    ['ended', (program: ChildProcess) => void program.send('end')],
    ['was killed', (program: ChildProcess) => void program.kill('SIGKILL')],
  ] as const) {
    it(`goes on in another process after the program ${how}`, async () => {
      const program = await start();
      await end(program, () => stop(program));
      const next = await holdFromScript(root, 'exp');
      assert.equal(next.state.row('first')?.final, '0.5');
      next.storeTrial('second', '0.75');
      assert.deepEqual(read(), { engine: 'trialdeck', counts: { SUCCEEDED: 2 }, best: 0.75 });
      await next.close();
    });
  }
});
