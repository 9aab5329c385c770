/** The states of an experiment, with trials that start and end when a test says so. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import type { Parameters } from '../../../src/model/trial/trial.ts';
import { deferred } from '../../../src/runner/deferred.ts';
import { SearchDriver } from '../../../src/runner/drivers/search.ts';
import { RunnerEvents } from '../../../src/runner/events.ts';
import { ExperimentLifecycle } from '../../../src/runner/lifecycle.ts';
import type { Answer, Assessor, Decision, SearchAlgorithm, SearchEvent } from '../../../src/search/algorithm.ts';
import { Search } from '../../../src/search/search.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { type Batch, Journal } from '../../../src/server/storage/journal.ts';
import { type Clock, systemClock } from '../../../src/system/clock.ts';
import { ManualClock } from '../../harness/manualClock.ts';
import { Stage } from './stage.ts';

const never = () => undefined;

/** A tuner that counts up to a limit and remembers every result. */
class CountingTuner implements SearchAlgorithm {
  told: string[] = [];
  asked: number[] = [];
  size: number;
  constructor(size = Number.POSITIVE_INFINITY) {
    this.size = size;
  }
  open(space: object) {
    this.told.push(`space ${Object.keys(space)}`);
  }
  ask(count: number, firstId: number): Answer {
    this.asked.push(count);
    const ids = Array.from({ length: count }, (_, index) => firstId + index).filter((id) => id < this.size);
    return { sets: ids.map((id) => ({ id, parameters: { x: id } })), rest: 'later' };
  }
  tell(event: SearchEvent): undefined {
    if (event.kind === 'ended') {
      const { set, parameters, status, final } = event;
      this.told.push(`end ${set} ${JSON.stringify(parameters)} ${status} ${final?.value ?? 'without result'}`);
    } else if (event.kind === 'space') this.open(event.space);
    else if (event.kind === 'discarded') this.told.push(`discarded ${event.set}`);
    else this.told.push(event.kind);
  }
  checkpoint() {
    return { told: this.told.length };
  }
}

/** Lets promises that are settled go on. */
async function settle() {
  // Reading a failed trial's error output takes several turns of the event loop.
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

interface Parts {
  tuner?: SearchAlgorithm;
  assessor?: Assessor;
  clock?: Clock;
  /** Seconds that earlier sessions ran. */
  execDuration?: number;
}

function set(config: Partial<ExperimentConfig>, parts: Parts = {}) {
  const { tuner = new CountingTuner(), assessor, clock = systemClock, execDuration = 0 } = parts;
  const batches: Batch[] = [];
  const stage = new Stage();
  let broken: string | undefined;
  const statuses: string[] = [];
  const profile = {
    id: 'exp',
    execDuration,
    logDir: '/exp',
    nextSequenceId: 0,
    revision: 0,
    params: { searchSpace: { x: { _type: 'uniform', _value: [0, 1] } }, trialConcurrency: 1, ...config },
  } as unknown as ExperimentProfile;
  const journal = new Journal({
    store: (batch) => {
      if (broken !== undefined) throw new Error(broken);
      batches.push(structuredClone(batch));
      return { event: batches.length, metric: 0 };
    },
    apply: never,
  });
  const events = () => batches.flatMap((batch) => batch.events ?? []);
  const search = new Search(
    { algorithm: tuner, name: 'Counting' },
    assessor && { algorithm: assessor, name: 'Watching' },
  );
  const runnerEvents = new RunnerEvents();
  runnerEvents.on('statusChanged', (status) => statuses.push(status));
  const experiment = new ExperimentLifecycle({
    profile,
    journal,
    log: silentLogger,
    events: runnerEvents,
    driver: new SearchDriver(search),
    platform: stage,
    clock,
    trials: { has: (id) => events().some((event) => event.trialJobId === id) },
  });
  return {
    experiment,
    stage,
    statuses,
    batches,
    events,
    tuner,
    breakStore: (reason: string | undefined) => {
      broken = reason;
    },
    ends: () => events().filter((event) => !['WAITING', 'RUNNING'].includes(event.event)),
  };
}

describe('an experiment', () => {
  it('keeps to concurrency and number of trials, tells the tuner each result, and is DONE', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage, statuses } = set({ trialConcurrency: 2, maxTrialNumber: 3 }, { tuner });
    await experiment.start();
    await settle();
    assert.deepEqual(stage.numbers, [0, 1]);
    stage.end(1, '0.5');
    await settle();
    assert.deepEqual(stage.numbers, [0, 2]);
    assert.equal(experiment.status, 'NO_MORE_TRIAL');
    stage.end(0, undefined, 1);
    await settle();
    stage.end(2, '"text"');
    await settle();
    assert.equal(experiment.status, 'DONE');
    assert.deepEqual(statuses, ['RUNNING', 'NO_MORE_TRIAL', 'DONE']);
    assert.deepEqual(tuner.told, [
      'space x',
      'end 1 {"x":1} SUCCEEDED 0.5',
      'end 0 {"x":0} FAILED without result',
      'end 2 {"x":2} SUCCEEDED without result',
    ]);
    assert.ok(experiment.profile.endTime);
    await experiment.stop();
    assert.deepEqual(statuses.slice(3), ['STOPPING', 'STOPPED']);
  });

  it('is DONE when the tuner has used up the space and all trials have ended', async () => {
    const { experiment, stage } = set({ trialConcurrency: 4 }, { tuner: new CountingTuner(2) });
    await experiment.start();
    await settle();
    assert.deepEqual(stage.numbers, [0, 1]);
    assert.equal(experiment.status, 'TUNER_NO_MORE_TRIAL');
    stage.end(0, '1');
    await settle();
    assert.equal(experiment.status, 'TUNER_NO_MORE_TRIAL');
    stage.end(1, '1');
    await settle();
    assert.equal(experiment.status, 'DONE');
    assert.equal(experiment.addTrial({ x: 9 }), 2);
    await settle();
    assert.deepEqual(stage.numbers, [2]);
    assert.equal(experiment.status, 'TUNER_NO_MORE_TRIAL');
    stage.report(2, '7', null);
    stage.end(2, undefined);
    await settle();
    assert.equal(experiment.status, 'DONE');
    await experiment.stop();
  });

  it('asks a tuner again that had no parameters for now', async () => {
    const tuner = new CountingTuner(1);
    const { experiment, stage } = set({ trialConcurrency: 2 }, { tuner });
    await experiment.start();
    await settle();
    tuner.size = 3;
    stage.end(0, '1');
    await settle();
    assert.deepEqual(stage.numbers, [1, 2]);
    assert.equal(experiment.status, 'RUNNING');
    await experiment.stop();
  });

  it('takes new limits at once', async () => {
    const { experiment, stage } = set({ trialConcurrency: 1, maxTrialNumber: 1 });
    await experiment.start();
    await settle();
    stage.end(0, '1');
    await settle();
    assert.equal(experiment.status, 'DONE');
    assert.throws(() => experiment.addTrial({}), {
      statusCode: 400,
      message: 'The experiment has all its trials (reach maxTrialNumber). Raise maxTrialNumber to add more.',
    });
    await experiment.update({ set: { maxTrialNumber: 4 } });
    await settle();
    assert.equal(experiment.status, 'RUNNING');
    assert.equal(experiment.profile.endTime, undefined);
    assert.deepEqual(stage.numbers, [1]);
    await experiment.update({ set: { trialConcurrency: 3 } });
    await settle();
    assert.deepEqual(stage.numbers, [1, 2, 3]);
    await experiment.update({ set: { trialConcurrency: 1, maxTrialNumber: 2 } });
    assert.deepEqual(stage.numbers, [1, 2, 3]);
    for (const number of stage.numbers) stage.end(number, '1');
    await settle();
    assert.equal(experiment.status, 'DONE');
    await experiment.stop();
  });

  it('waits for room on the machine', async () => {
    const { experiment, stage } = set({ trialConcurrency: 2 });
    stage.freeRoom = { free: false, reason: 'waits for a free GPU' };
    await experiment.start();
    await settle();
    assert.deepEqual(stage.numbers, []);
    stage.freeRoom = { free: true };
    stage.events?.roomChanged();
    await settle();
    assert.deepEqual(stage.numbers, [0, 1]);
    await experiment.stop();
  });

  it('asks for no more sets than the machine can start', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage } = set({ trialConcurrency: 4 }, { tuner });
    stage.freeRoom = { free: true, trials: 2 };
    await experiment.start();
    stage.freeRoom = { free: false, reason: 'waits for a free GPU' };
    await settle();
    assert.deepEqual(tuner.asked, [2]);
    await experiment.stop();
  });

  it('runs a custom trial before the tuner’s, bound to its own parameters', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage, events } = set({ trialConcurrency: 1 }, { tuner });
    await experiment.start();
    await settle();
    assert.equal(experiment.addTrial({ x: 42 }), 1);
    assert.deepEqual(stage.numbers, [0]);
    stage.end(0, '1');
    await settle();
    assert.deepEqual(stage.numbers, [1]);
    const waiting = events().findLast((event) => event.event === 'WAITING');
    assert.deepEqual(JSON.parse(waiting?.data ?? ''), {
      parameter_id: null,
      parameter_source: 'customized',
      parameters: { x: 42 },
      parameter_index: 0,
    });
    stage.report(1, '0.25', null);
    stage.end(1, undefined);
    await settle();
    assert.equal(tuner.told.at(-1), 'end null {"x":42} SUCCEEDED 0.25');
    await experiment.stop();
  });

  it('cancels running and waiting trials, and leaves ended ones alone', async () => {
    const { experiment, stage, ends } = set({ trialConcurrency: 1 });
    await experiment.start();
    await settle();
    experiment.addTrial({ x: 1 });
    experiment.addTrial({ x: 2 });
    const [waiting] = ends();
    assert.equal(waiting, undefined);
    const ids = new Map<number, string>();
    for (const [id, number] of stage.running) ids.set(number, id);
    await experiment.cancelTrial(ids.get(0) ?? '');
    assert.deepEqual(
      ends().map((event) => [event.event, event.message]),
      [['USER_CANCELED', 'cancelled']],
    );
    await experiment.cancelTrial(ids.get(0) ?? '');
    assert.equal(ends().length, 1);
    await settle();
    assert.deepEqual(stage.numbers, [1]);
    await assert.rejects(experiment.cancelTrial('nope'), { statusCode: 404 });
    await experiment.stop();
    assert.equal(ends().length, 2);
    assert.equal(ends().at(-1)?.message, 'stopped with the experiment');
  });

  it('flags results of other parameters, and values that are not results', async () => {
    const { experiment, stage, ends } = set({ trialConcurrency: 1, maxTrialNumber: 2 });
    await experiment.start();
    await settle();
    stage.report(0, '1', '5');
    stage.end(0, undefined);
    await settle();
    assert.equal(ends()[0]?.message, 'reported a result of parameters 5, but ran 0');
    const garbage = 'text that is not a metric (5 bytes: hello)';
    stage.channelEvents?.reported(stage.idOf(1), { attempt: 1, metrics: [], garbage, position: 5 });
    stage.end(1, undefined, 3);
    await settle();
    assert.equal(ends().at(-1)?.message, 'exit 3: ValueError: no');
    await experiment.stop();
  });

  for (const [method, task] of [
    ['open', 'start'],
    ['ask', 'generate parameters'],
    ['tell', 'learn of a result'],
    ['checkpoint', 'say where it is'],
  ] as const) {
    it(`ends as ERROR with the reason when the tuner’s ${method} throws, and lets trials finish`, async () => {
      const tuner = new CountingTuner();
      let calls = 0;
      const original = tuner[method].bind(tuner) as (...args: unknown[]) => unknown;
      Object.assign(tuner, {
        [method]: (...args: unknown[]) => {
          calls++;
          if (method === 'open' || method === 'tell' || calls > 1) throw new Error('boom');
          return original(...args);
        },
      });
      const { experiment, stage, ends } = set({ trialConcurrency: 2 }, { tuner });
      await experiment.start();
      await settle();
      if (method !== 'open') {
        assert.deepEqual(stage.numbers, [0, 1]);
        stage.end(0, '1');
        await settle();
        assert.deepEqual(stage.numbers, [1]);
        stage.end(1, '1');
        await settle();
        assert.equal(ends().length, 2);
      }
      assert.equal(experiment.status, 'ERROR');
      assert.deepEqual(experiment.errors, [`The tuner Counting could not ${task}: boom`]);
      assert.throws(() => experiment.addTrial({}), { statusCode: 409 });
      await experiment.stop();
    });
  }

  it('ends as ERROR when the tuner gives nonsense or trials can’t be started', async () => {
    const tuner = new CountingTuner();
    tuner.ask = () => ({ sets: [{ id: 0, parameters: [1] as unknown as Parameters }], rest: 'later' });
    const first = set({}, { tuner });
    await first.experiment.start();
    await settle();
    assert.match(first.experiment.errors.join(), /it gave \[1\] in place of parameters/);
    await first.experiment.stop();
    const second = set({});
    second.stage.refusal = '/bin/bash is needed';
    await second.experiment.start();
    await settle();
    assert.deepEqual(second.experiment.errors, ['/bin/bash is needed']);
    assert.equal(second.ends()[0]?.message, 'could not be started: /bin/bash is needed');
    await second.experiment.stop();
  });

  it('refuses a space the tuner can’t search and goes on with the old one', async () => {
    const tuner = new CountingTuner();
    tuner.open = (space) => {
      tuner.told.push(`space ${Object.keys(space)}`);
      if ('bad' in space) throw new Error('no such type');
    };
    const { experiment } = set({}, { tuner });
    await experiment.start();
    const bad = { bad: { _type: 'choice', _value: [1] } } as const;
    await assert.rejects(experiment.update({ set: { searchSpace: bad } }), {
      statusCode: 400,
      message: "The tuner can't search this space: no such type",
    });
    assert.deepEqual(tuner.told, ['space x', 'space bad', 'space x']);
    assert.ok('x' in experiment.profile.params.searchSpace);
    await experiment.stop();
  });

  it('starts nothing that is not stored, loses nothing while the database can’t be written', async () => {
    const { experiment, stage, breakStore, ends, batches } = set({ trialConcurrency: 1, maxTrialNumber: 2 });
    await experiment.start();
    await settle();
    breakStore('database is locked');
    stage.end(0, '0.5');
    await settle();
    assert.deepEqual(stage.numbers, []);
    assert.equal(ends().length, 0);
    breakStore(undefined);
    while (stage.numbers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const order = batches.flatMap((batch) => [
      ...(batch.metrics ?? []).map((metric) => metric.data),
      ...(batch.events ?? []).map((event) => event.event),
    ]);
    assert.deepEqual(order, ['WAITING', 'RUNNING', '"0.5"', 'SUCCEEDED', 'WAITING', 'RUNNING']);
    await experiment.stop();
  });

  it('asks for as many sets as may run, and tells the tuner which it does not need', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage } = set({ trialConcurrency: 3, maxTrialNumber: 4 }, { tuner });
    await experiment.start();
    await settle();
    assert.deepEqual(tuner.asked, [3]);
    const answer = deferred<Answer>();
    Object.assign(tuner, { ask: () => answer.promise });
    stage.end(0, '1');
    await settle();
    assert.equal(experiment.addTrial({ x: 42 }), 3);
    answer.resolve({ sets: [{ id: 'late', parameters: { x: 1 } }], rest: 'later' });
    await settle();
    assert.deepEqual(stage.numbers, [1, 2, 3]);
    assert.equal(tuner.told.at(-1), 'discarded late');
    assert.equal(experiment.status, 'NO_MORE_TRIAL');
    await experiment.stop();
  });

  it('binds a trial to any name that the algorithm gives its set', async () => {
    const tuner = new CountingTuner();
    Object.assign(tuner, { ask: () => ({ sets: [{ id: '0-3_0_6', parameters: { x: 1 }, index: 2 }], rest: 'later' }) });
    const { experiment, stage, events } = set({ maxTrialNumber: 1 }, { tuner });
    await experiment.start();
    await settle();
    assert.deepEqual(JSON.parse(events()[0]?.data ?? ''), {
      parameter_id: '0-3_0_6',
      parameter_source: 'algorithm',
      parameters: { x: 1 },
      parameter_index: 2,
    });
    stage.end(0, '0.5');
    await settle();
    assert.equal(tuner.told.at(-1), 'end 0-3_0_6 {"x":1} SUCCEEDED 0.5');
    await experiment.stop();
  });

  it('stops the trials that an assessor names, with its reason, and reports their results to the tuner', async () => {
    const told: SearchEvent[] = [];
    const assessor: Assessor = {
      needs: { reports: true },
      open: never,
      tell: (event): Decision[] => {
        told.push(event);
        const poor = event.kind === 'reported' && event.report.value < 0.5;
        return poor ? [{ trialId: event.trialId, reason: 'below 0.5' }] : [];
      },
    };
    const { experiment, stage, ends } = set({ trialConcurrency: 2, maxTrialNumber: 2 }, { assessor });
    await experiment.start();
    await settle();
    stage.reportIntermediate(0, 0, '0.25');
    stage.reportIntermediate(1, 0, '0.75');
    await settle();
    assert.deepEqual(stage.numbers, [1]);
    assert.deepEqual(
      ends().map(({ event, message }) => [event, message]),
      [['EARLY_STOPPED', 'below 0.5']],
    );
    const [last] = told.filter(({ kind }) => kind === 'ended');
    assert.deepEqual(last?.kind === 'ended' && [last.status, last.latest, last.final], [
      'EARLY_STOPPED',
      { value: 0.25, text: '0.25' },
      undefined,
    ]);
    await experiment.stop();
  });

  it('ends at its time, counted over all sessions, and stops trials that run too long', async () => {
    const clock = new ManualClock(Date.now());
    const { experiment, stage, ends, statuses } = set(
      { maxExperimentDuration: '1m', maxTrialDuration: '90s' },
      { clock, execDuration: 10 },
    );
    await experiment.start();
    await settle();
    assert.deepEqual(statuses, ['RUNNING']);
    await clock.advance(51_000);
    await settle();
    assert.deepEqual(statuses, ['RUNNING', 'NO_MORE_TRIAL']);
    assert.deepEqual(stage.numbers, [0]);
    await clock.advance(60_000);
    await settle();
    assert.deepEqual(statuses, ['RUNNING', 'NO_MORE_TRIAL', 'DONE']);
    assert.deepEqual(stage.numbers, []);
    assert.deepEqual(
      ends().map((event) => [event.event, event.message]),
      [['EARLY_STOPPED', 'ran longer than maxTrialDuration (90 s)']],
    );
    await experiment.stop();
  });
});
