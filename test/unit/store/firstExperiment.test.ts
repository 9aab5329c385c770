import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localConnector } from '../../../src/store/localConnector.ts';

describe('Waiting for the first experiment', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'td-first-'));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const waiting = (folder: string) => {
    const connector = localConnector({ experimentsDirectory: () => folder, managerScript: '' });
    let listening: { dispose(): void } | undefined;
    const appeared = new Promise<void>((resolve) => {
      listening = connector.awaitExperiments?.(resolve);
    });
    return { appeared, dispose: () => listening?.dispose() };
  };

  it('ends when an experiment is made in a folder that did not exist', async () => {
    const folder = join(home, 'work', 'nni-experiments');
    const { appeared } = waiting(folder);
    await mkdir(join(folder, 'abc', 'db'), { recursive: true });
    await writeFile(join(folder, '.experiment'), '{}');
    await appeared;
  });

  it('ends at once when the folder has an experiment', async () => {
    await mkdir(join(home, 'abc', 'db'), { recursive: true });
    await waiting(home).appeared;
  });

  it('calls nothing after it was disposed', async () => {
    const { appeared, dispose } = waiting(home);
    dispose();
    await mkdir(join(home, 'abc', 'db'), { recursive: true });
    const second = waiting(home);
    await second.appeared;
    assert.equal(await Promise.race([appeared.then(() => 'told'), Promise.resolve('silent')]), 'silent');
  });
});
