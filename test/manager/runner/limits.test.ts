/** Requests and connections that would silence a runner, and the experiment that goes on beside them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import { nniBase } from '../../../src/wire/routes.ts';
import { type LaunchOptions, RunnerProcess, runnerConfig } from '../../harness/runnerProcess.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

describe('a runner under load', () => {
  let root: string;
  let runner: RunnerProcess;

  async function launch(config: Partial<ExperimentConfig>, options: Partial<LaunchOptions> = {}): Promise<void> {
    runner = await RunnerProcess.launch({ root, config: runnerConfig(root, config), ...options });
  }
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trialdeck-limits-'));
  });
  afterEach(async () => {
    await runner.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function send(method: string, path: string, body: string): Promise<[status: number, error: string]> {
    const headers = { 'content-type': 'application/json' };
    try {
      const response = await fetch(runner.url(nniBase + path), { method, body, headers });
      return [response.status, ((await response.json()) as { error: string }).error];
    } catch {
      // The connection of a body that is too large is closed while it is still sent.
      return [413, ''];
    }
  }

  it('refuses bodies that are too large, too deep or too many, and goes on searching', async () => {
    await launch({ trialCommand: shellTrial('report FINAL 1'), trialConcurrency: 1, maxTrialNumber: 5 });
    const numbers = `{"x":[${'1.0,'.repeat(2_700_000)}1]}`;
    const deep = (depth: number) => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const imports = `[${'{"parameter":{"x":0.5},"value":1},'.repeat(500_000)}{"parameter":{"x":0.5},"value":1}]`;
    const profile = (value: string) => `{"params":{"searchSpace":{"x":{"_type":"choice","_value":${value}}}}}`;
    const search = '/experiment?update_type=SEARCH_SPACE';
    for (const [method, path, body, status] of [
      ['POST', '/trial-jobs', numbers, 413],
      ['POST', '/trial-jobs', deep(6000), 400],
      ['POST', '/trial-jobs', `{"x":[${'1,'.repeat(20_000)}1]}`, 400],
      ['PUT', search, profile(`[${'1.0,'.repeat(2_700_000)}1]`), 413],
      ['PUT', search, profile(`${'['.repeat(6000)}${']'.repeat(6000)}`), 400],
      ['PUT', search, profile(`[${'1,'.repeat(100_000)}1]`), 400],
      ['POST', '/experiment/import-data', imports, 413],
      ['POST', '/experiment/import-data', `[{"parameter":${deep(6000)},"value":1}]`, 400],
      ['POST', '/experiment/import-data', `[{"parameter":${numbers},"value":1}]`, 400],
      ['POST', '/tensorboard', numbers, 413],
      ['PUT', '/experiment/cluster-metadata', numbers, 413],
    ] as const) {
      const [answered, error] = await send(method, path, body);
      assert.equal(answered, status, `${method} ${path}: ${error}`);
      assert.ok(error.length < 1000, error.slice(0, 1000));
    }
    const { trials } = await runner.untilStatus('DONE');
    assert.equal(trials.length, 5);
    assert.ok(trials.every(({ status }) => status === 'SUCCEEDED'));
  });

  it('takes 20,000 results at once', async () => {
    await launch({ trialCommand: 'sleep 600', tuner: { name: 'TPE' }, maxTrialNumber: 2 });
    const results = Array.from({ length: 20_000 }, (_, i) => ({ parameter: { x: (i % 1000) / 1000 }, value: i % 7 }));
    assert.equal((await runner.fetch('POST', '/experiment/import-data', results)).status, 200);
    assert.equal((await runner.status()).status, 'RUNNING');
  });

  it('goes on, and stops, beside 1,100 idle connections, with 256 descriptors', async () => {
    const trialCommand = shellTrial('report FINAL 1');
    await launch({ trialCommand, trialConcurrency: 2, maxTrialNumber: 20 }, { maxDescriptors: 256 });
    const idle: Socket[] = [];
    try {
      for (let i = 0; i < 1100; i++) {
        const socket = connect(runner.port, '127.0.0.1').on('error', () => undefined);
        idle.push(socket);
        await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
        if (i % 2 === 0) socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf');
      }
      const { trials } = await runner.untilStatus('DONE');
      assert.ok(trials.every(({ status }) => status === 'SUCCEEDED'));
      assert.deepEqual(await runner.stop(), { code: 0, signal: null });
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });
});
