/** What a trial's row, its metrics and the database say of each state a training service can tell. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RunnerEvents } from '../../../src/runner/events.ts';
import type { Trial } from '../../../src/runner/trials/trial.ts';
import { TrialRuns } from '../../../src/runner/trials/trialRuns.ts';
import type { Verdict } from '../../../src/runner/trials/verdict.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { LiveSource } from '../../../src/server/sources/liveSource.ts';
import { ExperimentDatabase } from '../../../src/server/storage/experimentDatabase.ts';
import { ExperimentState } from '../../../src/server/storage/experimentState.ts';
import { Journal } from '../../../src/server/storage/journal.ts';
import { storeBatch } from '../../../src/server/storage/storeBatch.ts';
import { ManualClock } from '../../harness/manualClock.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';
import { Stage } from './stage.ts';

const config = runnerConfig('/');
const cancelled = { status: 'USER_CANCELED', message: 'cancelled' } as const;

async function settle() {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

describe('trial runs', () => {
  let folder: string;
  let database: ExperimentDatabase;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trialdeck-runs-'));
    database = ExperimentDatabase.openWritable(join(folder, 'db', 'nni.sqlite'));
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function setUp(maxTrialDuration?: number) {
    const stage = new Stage();
    const clock = new ManualClock();
    const state = new ExperimentState('maximize');
    database.replayInto(state);
    const numbers = { execDuration: 0, nextSequenceId: 0, revision: 0 };
    const profile = { params: { ...config }, id: 'exp', logDir: folder, ...numbers };
    const source = new LiveSource(folder, folder, state, {
      profile,
      status: 'RUNNING',
      errors: [],
    });
    const verdicts: Verdict[] = [];
    const broken: string[] = [];
    const events = new RunnerEvents();
    events.on('trialEnded', (_trial, verdict) => verdicts.push(verdict));
    events.on('trialsBroken', (reason) => broken.push(reason));
    const journal = new Journal({
      store: (batch) => storeBatch(database, batch),
      apply: (batch) => source.apply(batch),
    });
    const runs = new TrialRuns({
      ...stage,
      journal,
      log: silentLogger,
      maxTrialDuration,
      events,
      clock,
    });
    const accept = (number: number): Trial => {
      const record = {
        parameter_id: number,
        parameter_source: 'algorithm',
        parameters: {},
        parameter_index: 0,
      } as const;
      const event = { timestamp: 1, trialJobId: `t${number}`, event: 'WAITING', data: JSON.stringify(record) };
      journal.write({ events: [{ ...event, sequenceId: number }] });
      return { id: `t${number}`, number, record };
    };
    const rowOf = (number: number) => {
      const row = state.row(`t${number}`);
      // A later reader must see the same as the clients that follow.
      const replayed = new ExperimentState('maximize');
      database.replayInto(replayed);
      assert.deepEqual(replayed.row(`t${number}`), row);
      return row;
    };
    return { stage, clock, state, source, verdicts, broken, runs, accept, rowOf };
  }

  it('keep a trial WAITING with the engine’s reason until it runs', async () => {
    const { stage, runs, accept, rowOf } = setUp();
    stage.queue = true;
    runs.start(accept(0));
    await settle();
    stage.say(0, { state: 'queued', reason: 'queued by Slurm (job 812): Resources' });
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message], ['WAITING', 'queued by Slurm (job 812): Resources']);
    assert.deepEqual(database.runs().get('t0')?.handle, { job: 0 });
    stage.say(0, { state: 'running', startTime: 5000, attempt: 1, handle: { job: 'moved' } });
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message, rowOf(0)?.startTime], ['RUNNING', undefined, 5000]);
    assert.deepEqual(database.runs().get('t0')?.handle, { job: 'moved' });
    stage.end(0, '1');
    await settle();
    assert.equal(rowOf(0)?.status, 'SUCCEEDED');
    assert.deepEqual([...database.runs()], []);
  });

  it('say why a waiting trial has no room, and take that back when it starts', async () => {
    const { stage, runs, accept, rowOf } = setUp();
    const trial = accept(0);
    stage.freeRoom = { free: false, reason: 'waits for a free GPU' };
    assert.equal(runs.places(trial), 0);
    assert.equal(runs.places(trial), 0);
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message], ['WAITING', 'waits for a free GPU']);
    stage.freeRoom = { free: true };
    assert.equal(runs.places(trial), Number.POSITIVE_INFINITY);
    runs.start(trial);
    await settle();
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message], ['RUNNING', undefined]);
  });

  it('say that a trial is silent or lost, and take that back when it is heard again', async () => {
    const { stage, runs, accept, rowOf } = setUp();
    runs.start(accept(0));
    await settle();
    const start = rowOf(0)?.startTime;
    stage.say(0, { state: 'silent', since: Date.UTC(2026, 0, 1, 12) });
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message], ['RUNNING', 'silent since 2026-01-01T12:00:00.000Z']);
    stage.channelEvents?.alive('t0');
    assert.equal(rowOf(0)?.message, undefined);
    stage.say(0, { state: 'lost', reason: 'node 4 does not answer' });
    assert.equal(rowOf(0)?.message, 'lost: node 4 does not answer');
    stage.say(0, { state: 'running', startTime: 1, attempt: 1 });
    assert.deepEqual([rowOf(0)?.message, rowOf(0)?.startTime], [undefined, start]);
  });

  it('give the service’s reason for the end of a lost trial', async () => {
    const { stage, runs, accept, rowOf } = setUp();
    runs.start(accept(0));
    await settle();
    stage.errors = '';
    stage.say(0, { state: 'ended', end: { reason: 'node 4 was lost', endTime: 9 } });
    await settle();
    assert.deepEqual([rowOf(0)?.status, rowOf(0)?.message], ['FAILED', 'node 4 was lost']);
  });

  for (const [who, begin] of [
    ['the service', async (stage: Stage) => void (await stage.launches.get('t0')?.(2))],
    ['the engine by itself', async () => undefined],
  ] as const) {
    it(`count no metric of an earlier attempt when ${who} runs a trial again`, async () => {
      const { stage, source, state, runs, verdicts, accept, rowOf } = setUp();
      runs.start(accept(0));
      runs.start(accept(1));
      await settle();
      stage.end(1, '2');
      await settle();
      stage.report(0, '9');
      assert.equal(state.best?.value, 9);
      const { session } = source.changes;
      stage.say(0, { state: 'lost', reason: 'node 4 does not answer' });
      await begin(stage);
      stage.say(0, { state: 'running', startTime: 7000, attempt: 2 });
      await settle();
      assert.notEqual(source.changes.session, session, 'clients read everything again');
      assert.deepEqual(
        [rowOf(0)?.status, rowOf(0)?.final, rowOf(0)?.startTime, rowOf(0)?.message],
        ['RUNNING', undefined, 7000, 'attempt 2, after it was lost: node 4 does not answer'],
      );
      assert.equal(state.best?.value, 2);
      const stored = database.runs().get('t0');
      assert.deepEqual([stored?.attempt, stored?.position], [2, undefined]);
      stage.report(0, '8', '0', 1);
      assert.equal(rowOf(0)?.final, undefined, 'a late report of the first attempt');
      stage.report(0, '3', '0', 2);
      stage.end(0, undefined);
      await settle();
      assert.deepEqual(verdicts.at(-1), { status: 'SUCCEEDED', final: { value: 3, text: '3' } });
      assert.equal(rowOf(0)?.final, '3');
      assert.equal(state.best?.value, 3);
    });
  }

  it('keep a stop that can’t be carried out, also for the next runner', async () => {
    const first = setUp();
    first.runs.start(first.accept(0));
    await settle();
    first.stage.keepStops = 'Ray lets no pending job go';
    await first.runs.cancel('t0', cancelled);
    assert.deepEqual(
      [first.rowOf(0)?.status, first.rowOf(0)?.message],
      ['RUNNING', 'will be stopped: Ray lets no pending job go'],
    );
    await first.runs.cancelAll({ status: 'USER_CANCELED', message: 'stopped with the experiment' });
    await first.runs.dispose();

    const second = setUp();
    const stored = database.runs().get('t0');
    assert.ok(stored);
    const record = { parameter_id: 0, parameter_source: 'algorithm', parameters: {}, parameter_index: 0 } as const;
    const trial = { id: 't0', number: 0, record };
    await second.runs.adopt({ trial, stored, isRunning: true, startTime: 1, final: undefined, latest: undefined });
    await settle();
    assert.deepEqual(second.stage.asked, ['follow 0 1 undefined', 'adopt 0 {"job":0}']);
    assert.deepEqual(second.verdicts, [cancelled]);
    assert.equal(second.rowOf(0)?.status, 'USER_CANCELED');
  });

  it('carry a kept stop’s reason into the end that comes later', async () => {
    const { stage, runs, verdicts, accept, rowOf } = setUp();
    runs.start(accept(0));
    await settle();
    stage.keepStops = 'not now';
    await runs.cancel('t0', cancelled);
    stage.end(0, undefined, 1);
    await settle();
    assert.deepEqual(verdicts, [cancelled]);
    assert.equal(rowOf(0)?.message, 'cancelled');
  });

  it('stop a trial that has not been submitted yet', async () => {
    const { stage, runs, verdicts, accept } = setUp();
    stage.refusal = 'It was stopped before it had started.';
    runs.start(accept(0));
    await runs.cancel('t0', cancelled);
    await settle();
    assert.deepEqual(verdicts, [cancelled]);
  });

  it('stop a trial that runs longer than it may', async () => {
    const { clock, runs, verdicts, accept, stage } = setUp(60);
    stage.startTime = clock.now();
    runs.start(accept(0));
    await settle();
    await clock.advance(59_000);
    assert.deepEqual(verdicts, []);
    await clock.advance(1000);
    await settle();
    const message = 'ran longer than maxTrialDuration (60 s)';
    assert.deepEqual(verdicts, [{ status: 'EARLY_STOPPED', message }]);
  });

  it('don’t start a trial that could not be heard', async () => {
    const { stage, runs, broken, verdicts, accept } = setUp();
    stage.deafness = 'EMFILE: too many open files';
    runs.start(accept(0));
    await settle();
    assert.deepEqual(stage.numbers, []);
    assert.deepEqual(broken, ['EMFILE: too many open files']);
    const message = 'could not be started: EMFILE: too many open files';
    assert.deepEqual(verdicts, [{ status: 'FAILED', message }]);
  });

  it('stop an adopted trial that can’t be heard', async () => {
    const { stage, runs, verdicts, accept } = setUp();
    stage.deafness = 'EMFILE: too many open files';
    const stored = { trialId: 't0', attempt: 1, handle: { job: 4 } };
    await runs.adopt({ trial: accept(0), stored, isRunning: true, startTime: 1, final: undefined, latest: undefined });
    await settle();
    assert.deepEqual(stage.numbers, []);
    const message = 'could not be taken over: EMFILE: too many open files';
    assert.deepEqual(verdicts, [{ status: 'FAILED', message }]);
  });
});
