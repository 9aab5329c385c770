/** The contract that every training service must keep, run over the service, its channel, and a real database. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrialRunsOptions } from '../../../src/runner/trials/trialRuns.ts';
import { isAlive } from '../../../src/system/processTable.ts';
import { ContractRunner } from './contractRunner.ts';
import type { Step } from './trialProgram.ts';

export interface ServiceUnderTest {
  /** Whether trials go on when their runner is killed. */
  trialsOutliveRunner: boolean;
  /** Whether the service runs a trial again whose node was lost. */
  runsLostTrialsAgain: boolean;
  /** Whether trials beyond its slots are queued by the service; else they wait in the runner. */
  queuesTrials: boolean;
  /**
   * Makes service and channel of one runner.
   *
   * @param folder an empty folder of the experiment, the same for all its runners
   * @param program what each trial does
   * @param slots how many trials run at a time
   */
  create(folder: string, program: readonly Step[], slots: number): Parts;
}

interface Parts extends Pick<TrialRunsOptions, 'createService' | 'createChannel'> {
  /** Kills the machine that a trial runs on, with everything the trial started. */
  loseNode(processes: readonly number[]): void;
}

const cancelled = { status: 'USER_CANCELED', message: 'cancelled' } as const;

export function describeTrainingService(name: string, service: ServiceUnderTest): void {
  describe(`the training service ${name}`, () => {
    let folder: string;
    let runners: ContractRunner[];
    let parts: Parts;

    async function open(program: readonly Step[], slots = 8): Promise<ContractRunner> {
      parts = service.create(folder, program, slots);
      const runner = await ContractRunner.open(join(folder, 'experiment'), parts);
      runners.push(runner);
      return runner;
    }
    const file = (fileName: string) => join(folder, fileName);
    const signal = (fileName: string) => writeFileSync(file(fileName), '');
    /** Ids of the processes that trials wrote into `pids`; resolves when `count` processes are there. */
    async function processes(count: number): Promise<number[]> {
      for (;;) {
        const lines = existsSync(file('pids')) ? readFileSync(file('pids'), 'utf8').split('\n').slice(0, -1) : [];
        if (lines.length >= count) return lines.map(Number);
        await delay(10);
      }
    }
    const started = () => (existsSync(file('pids')) ? processes(0) : []);

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'trialdeck-contract-'));
      runners = [];
    });
    afterEach(async () => {
      for (const runner of runners) await runner.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it('runs a trial to its end, with every metric before the end', async () => {
      const runner = await open([
        { report: 1, sequence: 0 },
        { report: 2, sequence: 1 },
        { report: 3, type: 'FINAL' },
      ]);
      runner.start(0);
      await runner.untilStatus(0, 'SUCCEEDED');
      assert.deepEqual(runner.values(0), ['1', '2', '3']);
      const row = runner.row(0);
      assert.deepEqual([row.final, row.message, row.latest?.sequence], ['3', undefined, 1]);
      assert.ok((row.startTime ?? 0) <= (row.endTime ?? 0));
      const job = runner.state.job('trial0');
      assert.deepEqual(
        [job?.envId, job?.logPath],
        [runner.runs.service.environmentId, runner.runs.service.location('trial0')],
      );
    });

    it('tells how a trial failed, in the trial’s own words', async () => {
      const runner = await open([{ complain: 'ValueError: no data' }, { exit: 3 }]);
      runner.start(0);
      await runner.untilStatus(0, 'FAILED');
      assert.equal(runner.row(0).message, 'exit 3: ValueError: no data');
    });

    it('gives the files of a trial, whole and in part', async () => {
      const runner = await open([{ complain: 'first' }, { complain: 'second' }]);
      runner.start(0);
      await runner.untilStatus(0, 'SUCCEEDED');
      const files = runner.runs.service.files('trial0');
      const read = async (range: { tail?: number; offset?: number }) => {
        const { stream, size, start } = await files.read('stderr', range);
        return [await text(stream), size, start];
      };
      assert.deepEqual(await read({}), ['first\nsecond\n', 13, 0]);
      assert.deepEqual(await read({ tail: 7 }), ['second\n', 13, 6]);
      assert.deepEqual(await read({ offset: 6 }), ['second\n', 13, 6]);
      assert.ok((await files.list()).some(({ name, bytes }) => name.endsWith('stderr') && bytes === 13));
      await assert.rejects(files.read('no-such-file'), { name: 'StorageError', kind: 'missing' });
    });

    it('stops a trial with everything it has started, once and again', async () => {
      const runner = await open([{ startChild: file('pids') }, { waitFor: file('never') }]);
      runner.start(0);
      const pids = await processes(2);
      await Promise.all([runner.runs.cancel('trial0', cancelled), runner.runs.cancel('trial0', cancelled)]);
      assert.deepEqual([runner.row(0).status, runner.row(0).message], ['USER_CANCELED', 'cancelled']);
      assert.deepEqual(pids.filter(isAlive), []);
      assert.deepEqual(await runner.runs.service.stop('trial0'), { outcome: 'ended' });
      assert.deepEqual(await runner.runs.service.stop('unknown'), { outcome: 'ended' });
    });

    it('stops a trial before it has started', async () => {
      const runner = await open([{ startChild: file('pids') }, { waitFor: file('never') }]);
      runner.start(0);
      await runner.runs.cancel('trial0', cancelled);
      assert.equal(runner.row(0).status, 'USER_CANCELED');
      assert.deepEqual((await started()).filter(isAlive), []);
      assert.deepEqual(runner.broken, []);
    });

    it('hands a trial over to the next runner when its own is killed, every metric once', async () => {
      const program: Step[] = [
        { report: 1, sequence: 0 },
        { startChild: file('pids') },
        { waitFor: file('go') },
        { report: 2, sequence: 1 },
        { report: 3, type: 'FINAL' },
      ];
      const first = await open(program);
      first.start(0);
      await first.until(() => first.values(0).length === 1);
      const pids = await processes(2);
      await first.kill();
      const second = await open(program);
      if (service.trialsOutliveRunner) {
        assert.equal(second.row(0).status, 'RUNNING');
        signal('go');
        await second.untilStatus(0, 'SUCCEEDED');
        assert.deepEqual(second.values(0), ['1', '2', '3']);
      } else {
        await second.untilStatus(0, 'FAILED');
        assert.deepEqual(second.values(0), ['1']);
        assert.ok(second.row(0).message);
        assert.deepEqual(pids.filter(isAlive), []);
      }
    });

    it('finds a trial whose handle its runner could not store', async () => {
      const program: Step[] = [{ startChild: file('pids') }, { waitFor: file('go') }, { report: 3, type: 'FINAL' }];
      const first = await open(program);
      const trial = first.accept(0);
      first.lockDatabase();
      first.runs.start(trial);
      await processes(2);
      await first.kill();
      const second = await open(program);
      signal('go');
      await second.until(() => second.row(0).endTime !== undefined);
      assert.equal(second.row(0).status, service.trialsOutliveRunner ? 'SUCCEEDED' : 'FAILED');
      assert.equal((await started()).length, 2, 'it ran once');
    });

    it('reports the end of a trial that no runner could store, with every metric once', async () => {
      const program: Step[] = [
        { report: 1, sequence: 0 },
        { waitFor: file('go') },
        { report: 2, sequence: 1 },
        { report: 3, type: 'FINAL' },
      ];
      const first = await open(program);
      first.start(0);
      await first.until(() => first.values(0).length === 1);
      const ended = new Promise<void>((resolve) => {
        const { close } = first.runs.channel;
        first.runs.channel.close = async (id) => {
          await close.call(first.runs.channel, id);
          resolve();
        };
      });
      first.lockDatabase();
      signal('go');
      await ended;
      await first.kill();
      const second = await open(program);
      await second.untilStatus(0, 'SUCCEEDED');
      assert.deepEqual(second.values(0), ['1', '2', '3']);
    });

    it('ends or repeats a trial whose node is lost, and counts no earlier attempt', async () => {
      const runner = await open([
        { report: 1, sequence: 0 },
        { startChild: file('pids') },
        { waitFor: file('go') },
        { report: 3, type: 'FINAL' },
      ]);
      runner.start(0);
      await runner.until(() => runner.values(0).length === 1);
      const pids = await processes(2);
      parts.loseNode(pids);
      if (!service.runsLostTrialsAgain) {
        await runner.untilStatus(0, 'FAILED');
        assert.match(runner.row(0).message ?? '', /killed/);
        return;
      }
      await runner.until(() => /^attempt 2/.test(runner.row(0).message ?? ''));
      await processes(4);
      await runner.until(() => runner.values(0).length === 1);
      signal('go');
      await runner.untilStatus(0, 'SUCCEEDED');
      assert.deepEqual(runner.values(0), ['1', '3']);
      assert.match(runner.row(0).message ?? '', /^attempt 2, after it was lost: /);
      assert.deepEqual(pids.filter(isAlive), []);
    });

    it('gives up a trial whose node is lost again and again', async () => {
      const runner = await open([{ startChild: file('pids') }, { waitFor: file('never') }]);
      runner.start(0);
      parts.loseNode(await processes(2));
      if (service.runsLostTrialsAgain) parts.loseNode((await processes(4)).slice(2));
      await runner.untilStatus(0, 'FAILED');
      assert.ok(runner.row(0).message);
    });

    it('says why a trial waits, and starts it when there is room', async () => {
      const runner = await open(
        [{ startChild: file('pids') }, { waitFor: file('go') }, { report: 3, type: 'FINAL' }],
        1,
      );
      const next = runner.accept(1);
      runner.start(0);
      await runner.untilStatus(0, 'RUNNING');
      const hasRoom = runner.runs.places(next) > 0;
      assert.equal(hasRoom, service.queuesTrials);
      if (hasRoom) runner.runs.start(next);
      await runner.until(() => runner.row(1).message !== undefined);
      assert.equal(runner.row(1).status, 'WAITING');
      assert.match(runner.row(1).message ?? '', /waits for/);
      signal('go');
      await runner.untilStatus(0, 'SUCCEEDED');
      if (!hasRoom) {
        await runner.until(() => runner.runs.places(next) > 0);
        runner.runs.start(next);
      }
      await runner.untilStatus(1, 'SUCCEEDED');
      assert.equal(runner.row(1).message, undefined);
    });

    if (service.queuesTrials) {
      it('keeps the stop of a queued trial until the engine lets go of it', async () => {
        const runner = await open([{ startChild: file('pids') }, { waitFor: file('go') }], 1);
        runner.start(0);
        await runner.untilStatus(0, 'RUNNING');
        runner.start(1);
        await runner.until(() => runner.row(1).message !== undefined);
        await runner.runs.cancel('trial1', cancelled);
        assert.equal(runner.row(1).status, 'WAITING');
        assert.match(runner.row(1).message ?? '', /^will be stopped: /);
        const ran = await processes(2);
        signal('go');
        await runner.untilStatus(1, 'USER_CANCELED');
        assert.deepEqual(await started(), ran, 'it never ran');
      });
    }
  });
}
