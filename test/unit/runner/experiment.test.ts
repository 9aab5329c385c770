/** The states of an experiment, with trials that start and end when a test says so. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExperimentConfig } from '../../../src/model/config/config.ts';
import type { ExperimentProfile } from '../../../src/model/experiment/experiment.ts';
import type { Parameters } from '../../../src/model/trial/trial.ts';
import { TunerHost } from '../../../src/runner/drivers/tunerHost.ts';
import { Experiment } from '../../../src/runner/experiment.ts';
import type { Tuner } from '../../../src/search/tuner.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { type Batch, Journal } from '../../../src/server/storage/journal.ts';
import { Stage } from './stage.ts';

const never = () => undefined;

/** A tuner that counts up to a limit and remembers what it is told. */
class CountingTuner implements Tuner {
  told: string[] = [];
  size: number;
  constructor(size = Number.POSITIVE_INFINITY) {
    this.size = size;
  }
  updateSearchSpace(space: object) {
    this.told.push(`space ${Object.keys(space)}`);
  }
  generateParameters(id: number): Parameters | undefined {
    return id < this.size ? { x: id } : undefined;
  }
  receiveTrialResult(id: number, parameters: Parameters, value: number) {
    this.told.push(`result ${id} ${JSON.stringify(parameters)} ${value}`);
  }
  trialEnd(id: number, succeeded: boolean, status: string) {
    this.told.push(`end ${id} ${succeeded} ${status}`);
  }
  importData(trials: readonly object[]) {
    this.told.push(`import ${JSON.stringify(trials)}`);
  }
  recover(pending: ReadonlyMap<number, Parameters>) {
    this.told.push(`recover ${[...pending.keys()]}`);
  }
  saveState() {
    return { told: this.told.length };
  }
  loadState(state: unknown) {
    this.told.push(`state ${JSON.stringify(state)}`);
  }
  dispose = never;
}

/** Lets promises that are settled go on. */
async function settle() {
  // Reading a failed trial's error output takes several turns of the event loop.
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

function set(config: Partial<ExperimentConfig>, tuner: Tuner = new CountingTuner()) {
  const batches: Batch[] = [];
  const stage = new Stage();
  let broken: string | undefined;
  const statuses: string[] = [];
  const profile = {
    id: 'exp',
    execDuration: 0,
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
  const experiment = new Experiment({
    profile,
    journal,
    log: silentLogger,
    tuner: (onFailure) => new TunerHost(tuner, 'Counting', onFailure),
    platform: stage,
    isTrial: (id) => events().some((event) => event.trialJobId === id),
    seconds: (value) => (value === undefined ? undefined : Number(value)),
    statusChanged: (status) => statuses.push(status),
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

describe('experiment', () => {
  it('keeps to concurrency and number of trials, tells the tuner each result, and is DONE', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage, statuses } = set({ trialConcurrency: 2, maxTrialNumber: 3 }, tuner);
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
      'result 1 {"x":1} 0.5',
      'end 1 true SUCCEEDED',
      'end 0 false FAILED',
      'end 2 false SUCCEEDED',
    ]);
    assert.ok(experiment.profile.endTime);
    await experiment.stop();
    assert.deepEqual(statuses.slice(3), ['STOPPING', 'STOPPED']);
  });

  it('is DONE when the tuner has used up the space and all trials have ended', async () => {
    const { experiment, stage } = set({ trialConcurrency: 4 }, new CountingTuner(2));
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

  it('asks a tuner again that had nothing for now', async () => {
    const tuner = new CountingTuner(1);
    const { experiment, stage } = set({ trialConcurrency: 2 }, tuner);
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
    assert.throws(() => experiment.addTrial({}), { statusCode: 400, message: 'reach maxTrialNumber' });
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

  it('runs a custom trial before the tuner’s, bound to its own parameters', async () => {
    const tuner = new CountingTuner();
    const { experiment, stage, events } = set({ trialConcurrency: 1 }, tuner);
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
    assert.equal(tuner.told.at(-1), 'import [{"parameters":{"x":42},"value":0.25}]');
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

  it('flags results of other parameters and says what was no result', async () => {
    const { experiment, stage, ends } = set({ trialConcurrency: 1, maxTrialNumber: 2 });
    await experiment.start();
    await settle();
    stage.report(0, '1', '5');
    stage.end(0, undefined);
    await settle();
    assert.equal(ends()[0]?.message, 'reported a result of parameters 5, but ran 0');
    const garbage = 'text that is no metric (5 bytes: hello)';
    stage.channelEvents?.reported(stage.idOf(1), { attempt: 1, metrics: [], garbage, position: 5 });
    stage.end(1, undefined, 3);
    await settle();
    assert.equal(ends().at(-1)?.message, 'exit 3: ValueError: no');
    await experiment.stop();
  });

  for (const method of [
    'updateSearchSpace',
    'generateParameters',
    'receiveTrialResult',
    'trialEnd',
    'saveState',
  ] as const) {
    it(`ends as ERROR with the reason when the tuner’s ${method} throws, and lets trials finish`, async () => {
      const tuner = new CountingTuner();
      let calls = 0;
      const original = tuner[method].bind(tuner) as (...args: unknown[]) => unknown;
      Object.assign(tuner, {
        [method]: (...args: unknown[]) => {
          calls++;
          if (method !== 'saveState' && method !== 'generateParameters') throw new Error('boom');
          if (calls > 2) throw new Error('boom');
          return original(...args);
        },
      });
      const { experiment, stage, ends } = set({ trialConcurrency: 2 }, tuner);
      await experiment.start();
      await settle();
      if (method !== 'updateSearchSpace') {
        stage.end(0, '1');
        await settle();
        assert.deepEqual(stage.numbers, [1]);
        stage.end(1, '1');
        await settle();
        assert.equal(ends().length, 2);
      }
      assert.equal(experiment.status, 'ERROR');
      assert.match(experiment.errors.join(), /^The tuner Counting could not .*: boom$/);
      assert.throws(() => experiment.addTrial({}), { statusCode: 409 });
      await experiment.stop();
    });
  }

  it('ends as ERROR when the tuner gives nonsense or trials can’t be started', async () => {
    const tuner = new CountingTuner();
    tuner.generateParameters = () => [1] as unknown as Parameters;
    const first = set({}, tuner);
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
    tuner.updateSearchSpace = (space) => {
      tuner.told.push(`space ${Object.keys(space)}`);
      if ('bad' in space) throw new Error('no such type');
    };
    const { experiment } = set({}, tuner);
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

  it('continues numbers, queue and search when resumed', async () => {
    const tuner = new CountingTuner();
    const record = { parameter_id: 4, parameter_source: 'resumed', parameters: { x: 4 }, parameter_index: 0 } as const;
    const { experiment, stage } = set({ trialConcurrency: 2 }, tuner);
    await experiment.start({
      past: {
        finished: [{ parameters: { x: 1 }, value: 2 }],
        pending: new Map([[4, { x: 4 }]]),
        fruitless: [],
        state: { told: 9 },
      },
      adopt: [],
      waiting: [{ id: 'aaaaa', number: 6, record }],
      trials: 7,
      nextTrialNumber: 7,
      nextParameterId: 5,
    });
    await settle();
    assert.deepEqual(stage.numbers, [6, 7]);
    assert.deepEqual(tuner.told, [
      'space x',
      'import [{"parameters":{"x":1},"value":2}]',
      'state {"told":9}',
      'recover 4',
    ]);
    stage.end(7, '1');
    await settle();
    assert.ok(tuner.told.includes('end 5 false SUCCEEDED') || tuner.told.includes('result 5 {"x":5} 1'));
    await experiment.stop();
  });

  it('ends at its time, counted over all sessions, and stops trials that run too long', async () => {
    const { experiment, stage, ends, statuses } = set({ maxExperimentDuration: 0.05, maxTrialDuration: 0.1 });
    await experiment.start();
    while (experiment.status !== 'DONE') await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(statuses, ['RUNNING', 'NO_MORE_TRIAL', 'DONE']);
    assert.deepEqual(stage.numbers, []);
    assert.deepEqual(
      ends().map((event) => [event.event, event.message]),
      [['EARLY_STOPPED', 'ran longer than maxTrialDuration (0.1 s)']],
    );
    await experiment.stop();
  });
});
