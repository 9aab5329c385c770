import assert from 'node:assert/strict';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import type { FollowState } from '../../../src/client/follow/persist.ts';
import { type Attention, ExperimentPoll, type PollOptions } from '../../../src/client/follow/pollExperiment.ts';
import type {
  ExperimentChange,
  ExperimentSnapshot,
  ExperimentSummary,
} from '../../../src/model/experiment/experiment.ts';
import type { TrialRow } from '../../../src/model/trial/trial.ts';
import { StoredSource } from '../../../src/server/sources/storedSource.ts';
import { eventually } from '../../harness/eventually.ts';
import { silent, text } from './scene.ts';
import { ScriptedNni } from './scriptedNni.ts';

/** What somebody who follows has been told. */
class Told {
  summaries: ExperimentSummary[] = [];
  snapshots: ExperimentSnapshot[] = [];
  changes: ExperimentChange[] = [];
  states: FollowState[] = [];
  onSummary = (summary: ExperimentSummary) => void this.summaries.push(summary);
  onSnapshot = (snapshot: ExperimentSnapshot) => void this.snapshots.push(snapshot);
  onChange = (change: ExperimentChange) => void this.changes.push(change);
  onState = (state: FollowState) => void this.states.push(state);

  get summary(): ExperimentSummary | undefined {
    return this.summaries.at(-1);
  }

  get state(): string | undefined {
    return this.states.at(-1)?.state;
  }

  /** Rows as they are after all changes. */
  get rows(): Map<string, TrialRow> {
    const rows = new Map(this.snapshots.at(-1)?.trials.map((row) => [row.id, row]));
    for (const change of this.changes) for (const row of change.trials ?? []) rows.set(row.id, row);
    return rows;
  }
}

describe('A real NNI that is polled', () => {
  let nni: ScriptedNni;
  let experiment: Experiment;
  let end: AbortController;
  let told: Told;
  let running: Promise<unknown> | undefined;
  const quick = { trials: 10, summary: 10, none: 10, ended: 10, stalled: 20 };

  beforeEach(async () => {
    nni = await new ScriptedNni().open();
    experiment = Experiment.at(nni.address, { idleTimeout: 2000, deadline: 2000 });
    end = new AbortController();
    told = new Told();
  });
  afterEach(async () => {
    end.abort();
    await running;
    running = undefined;
    experiment.dispose();
    await nni.scene.close();
    assert.ok(nni.mostAtOnce <= 1, 'two requests were under way at the same time');
  });

  function poll(attention: Attention, options: PollOptions = {}): ExperimentPoll {
    // The rest of a real poll would be minutes where a busy machine answers slowly.
    const started = new ExperimentPoll(experiment, told, attention, { pauses: quick, restFactor: 0, ...options });
    running = started.run(end.signal);
    return started;
  }
  const snapshot = () => eventually('a snapshot', () => told.snapshots[0]);
  const rounds = () => nni.asked.filter((path) => path === '/check-status').length;
  const nextRound = async () => {
    const before = rounds();
    // The one under way may have begun before.
    await eventually('two more rounds', () => rounds() >= before + 2);
  };
  const row = async (id: string, wanted: (row: TrialRow) => boolean) =>
    eventually(`trial ${id} to be as wanted`, () => {
      const found = told.rows.get(id);
      return found && wanted(found) ? found : undefined;
    });

  it('gives the same trials, results and totals as the replay of its database', async () => {
    const directory = join(projectRoot, 'test/fixtures/nni-3.0/experiments/hfc6tdyj');
    const stored = new StoredSource({
      id: 'hfc6tdyj',
      directory,
      circumstances: () => ({ status: 'DONE', errors: [], live: true }),
      manifest: async () => [],
    });
    nni.status = 'DONE';
    poll('trials');
    try {
      const { trials, metrics, summary, config } = await snapshot();
      assert.deepEqual(trials, JSON.parse(JSON.stringify(stored.trials.rows())));
      assert.deepEqual(metrics, stored.trials.columns());
      const { directory: _, durationAt, port, standalone, ...rest } = summary;
      const expected = stored.summary();
      const { directory: __, durationAt: ___, ...wanted } = expected;
      assert.deepEqual(rest, wanted);
      assert.equal(standalone, true);
      assert.equal(port, Number(new URL(nni.address).port));
      assert.ok(durationAt > 0);
      assert.deepEqual(config, stored.profile().params);
    } finally {
      stored.dispose();
    }
  });

  it('gives only changes after the snapshot, in one sequence', async () => {
    poll('trials');
    const { revision } = await snapshot();
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    await row('NEW01', ({ status }) => status === 'RUNNING');
    nni.report('NEW01', 12, 0, 0.25);
    nni.report('NEW01', 12, 1, 0.5);
    await row('NEW01', ({ intermediates }) => intermediates === 2);
    nni.report('NEW01', 12, 0, 1e6, 'FINAL');
    Object.assign(nni.job('NEW01'), { status: 'SUCCEEDED', endTime: 1_795_351_500_000 });
    await row('NEW01', ({ status, final }) => status === 'SUCCEEDED' && final === '1000000');
    await eventually('the best to be the new one', () => told.summary?.best?.trialId === 'NEW01');
    await nextRound();
    assert.deepEqual(
      told.changes.map((change) => change.revision),
      told.changes.map((_, index) => revision + 1 + index),
    );
    const points = told.changes.flatMap((change) => change.metrics ?? []);
    assert.deepEqual(
      points.map(({ trialId, type, data }) => [trialId, type, data]),
      [
        ['NEW01', 'PERIODICAL', '0.25'],
        ['NEW01', 'PERIODICAL', '0.5'],
        ['NEW01', 'FINAL', '1000000'],
      ],
    );
    assert.equal(told.snapshots.length, 1);
  });

  it('is not asked for metrics of trials whose end was read', async () => {
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    poll('trials');
    await snapshot();
    nni.scene.requests.length = 0;
    await nextRound();
    const metrics = new Set(nni.asked.filter((path) => path.startsWith('/metric-data')));
    assert.deepEqual([...metrics], ['/metric-data/NEW01']);
  });

  it('is asked for all metrics at once when there are many trials', async () => {
    for (let number = 20; number < 60; number++) nni.addJob(`T${number}`, 'SUCCEEDED', number, number, 1);
    poll('trials');
    await snapshot();
    assert.equal(nni.asked.filter((path) => path.startsWith('/metric-data')).length, 1);
  });

  it('rests for ten times as long as its answers took', async () => {
    nni.slowness = 40;
    poll('summary', { pauses: { ...quick, summary: 0 }, restFactor: 10 });
    const started = performance.now();
    await eventually('three rounds', () => rounds() >= 3);
    const busy = nni.asked.length * 40;
    assert.ok(performance.now() - started > 6 * busy, 'a tenth of its time, as far as a busy machine can tell');
  });

  it('is asked only for its status while it is hidden', async () => {
    const following = poll('none');
    await eventually('a summary', () => told.summary);
    nni.scene.requests.length = 0;
    await nextRound();
    assert.deepEqual([...new Set(nni.asked)], ['/check-status']);
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    following.setAttention('summary');
    await eventually('the new trial to be counted', () => told.summary?.counts.RUNNING === 1);
    assert.equal(told.snapshots.length, 0);
    following.setAttention('trials');
    const { trials } = await snapshot();
    assert.ok(trials.some(({ id }) => id === 'NEW01'));
  });

  it('gives another snapshot when its trials are shown again, without reading them again', async () => {
    const following = poll('trials');
    await snapshot();
    following.setAttention('summary');
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    nni.report('NEW01', 12, 0, 0.25);
    // A round that has read the list of trials already gives its snapshot without the new one.
    await nextRound();
    nni.scene.requests.length = 0;
    following.setAttention('trials');
    const again = await eventually('another snapshot', () => told.snapshots[1]);
    assert.notEqual(again.session, told.snapshots[0]?.session);
    assert.equal(again.metrics.data.at(-1), '0.25');
    const metrics = new Set(nni.asked.filter((path) => path.startsWith('/metric-data')));
    assert.deepEqual([...metrics], ['/metric-data/NEW01']);
  });

  it('is read once more after its end, and then asked only for its status', async () => {
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    poll('trials');
    await snapshot();
    nni.report('NEW01', 12, 0, 7, 'FINAL');
    Object.assign(nni.job('NEW01'), { status: 'SUCCEEDED', endTime: 1_795_351_500_000 });
    nni.status = 'DONE';
    await row('NEW01', ({ final }) => final === '7');
    await nextRound();
    nni.scene.requests.length = 0;
    await nextRound();
    assert.deepEqual([...new Set(nni.asked)].sort(), ['/check-status', '/experiment']);
    // Somebody raises the limit.
    nni.status = 'RUNNING';
    nni.addJob('NEW02', 'RUNNING', 13, 13, 0.5);
    await row('NEW02', ({ status }) => status === 'RUNNING');
  });

  it('shows the real parameters of trials that NNI mixed up, and the recorded ones', async () => {
    nni.addJob('SWAP1', 'RUNNING', 12, 12, 0.1);
    nni.addJob('SWAP2', 'RUNNING', 13, 13, 0.2);
    poll('trials');
    await snapshot();
    nni.report('SWAP1', 13, 0, 1);
    nni.report('SWAP2', 12, 0, 2);
    const first = await row('SWAP1', ({ recordedParameters }) => recordedParameters !== undefined);
    assert.deepEqual([first.parameters, first.recordedParameters, first.parameterId], [{ x: 0.2 }, { x: 0.1 }, '13']);
    const second = await row('SWAP2', ({ recordedParameters }) => recordedParameters !== undefined);
    assert.deepEqual([second.parameters, second.recordedParameters], [{ x: 0.1 }, { x: 0.2 }]);
  });

  it('counts a result that a late cancel hides from its list of trials', async () => {
    nni.addJob('LATE1', 'USER_CANCELED', 12, 12, 0.1);
    nni.report('LATE1', 12, 0, 1e9, 'FINAL');
    poll('trials');
    const found = (await snapshot()).trials.find(({ id }) => id === 'LATE1');
    assert.equal(found?.final, '1000000000');
    assert.equal(told.summary?.best?.trialId, 'LATE1');
  });

  it('keeps the end of a trial that a late cancel rewrites', async () => {
    poll('trials');
    const { trials } = await snapshot();
    const ended = trials.find(({ status, final }) => status === 'SUCCEEDED' && final !== undefined);
    assert.ok(ended);
    const job = nni.job(ended.id);
    nni.jobs[nni.jobs.indexOf(job)] = { ...job, status: 'USER_CANCELED', finalMetricData: [] };
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    await row('NEW01', ({ status }) => status === 'RUNNING');
    assert.deepEqual(told.rows.get(ended.id), ended);
  });

  it('distinguishes trials whose numbers repeat after a resume', async () => {
    nni.addJob('AGAIN', 'RUNNING', 0, 0, 0.9);
    nni.report('AGAIN', 0, 0, 5);
    poll('trials');
    const { trials } = await snapshot();
    const firsts = trials.filter(({ number }) => number === 0);
    assert.equal(firsts.length, 2);
    assert.notDeepEqual(firsts[0]?.parameters, firsts[1]?.parameters);
    assert.equal(firsts.find(({ id }) => id === 'AGAIN')?.latest?.data, '5');
  });

  it('marks trials that the assessor ended as early-stopped, although NNI calls them cancelled', async () => {
    Object.assign(nni.profile.params as object, { assessor: { name: 'Medianstop' } });
    nni.addJob('SLOW1', 'USER_CANCELED', 12, 12, 0.1);
    nni.addJob('MINE1', 'USER_CANCELED', 13, 13, 0.1);
    nni.logs['nnimanager.log'] = '[2026-11-25 03:00:00] INFO (NNIManager) cancelTrialJob: "SLOW1"\n';
    poll('summary');
    await eventually('the early stop to be counted', () => told.summary?.counts.EARLY_STOPPED === 1);
    assert.equal(told.summary?.counts.USER_CANCELED, 1);
  });

  it('is stalled, with the reason, when its tuner is dead', async () => {
    Object.assign(nni.profile.params as object, { maxTrialNumber: 100, trialConcurrency: 2 });
    nni.logs['dispatcher.log'] = [
      '[2026-11-25 03:00:00] INFO (nni.runtime.msg_dispatcher_base/MainThread) Dispatcher started',
      'Traceback (most recent call last):',
      '  File "x.py", line 1, in f',
      'KeyError: 1',
      '[2026-11-25 03:00:01] INFO (nni.runtime.msg_dispatcher_base/MainThread) Dispatcher exiting...',
      '',
    ].join('\n');
    nni.logs['nnimanager.log'] = '\n';
    poll('summary');
    const summary = await eventually('the reason', () => told.summaries.find(({ errors }) => errors.length > 0));
    assert.equal(summary.status, 'RUNNING');
    assert.match(summary.errors[0] ?? '', /KeyError: 1/);
    // It was only slow.
    nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
    nni.addJob('NEW02', 'RUNNING', 13, 13, 0.5);
    await eventually('the reason to be gone', () => told.summary?.errors.length === 0);
  });

  it('is read anew when another experiment answers', async () => {
    poll('trials');
    await snapshot();
    nni.profile = { ...nni.profile, id: 'other123' };
    nni.jobs = [];
    nni.metrics = [];
    const other = await eventually('the other one', () =>
      told.snapshots.find(({ summary }) => summary.id === 'other123'),
    );
    assert.equal(other.trials.length, 0);
  });

  it('is read anew when trials are missing', async () => {
    poll('trials');
    const first = await snapshot();
    nni.jobs = nni.jobs.slice(1);
    const second = await eventually('another snapshot', () => told.snapshots[1]);
    assert.equal(second.trials.length, first.trials.length - 1);
  });

  it('is read with an old config, an architecture search, or trials without a record', async () => {
    nni.profile = {
      id: 'old12345',
      execDuration: 5,
      logDir: '/x',
      params: {
        authorName: 'x',
        experimentName: 'old',
        trialConcurrency: 2,
        maxExecDuration: 3600,
        maxTrialNum: 10,
        searchSpace: '{"a":{"_type":"choice","_value":[1]}}',
        trainingServicePlatform: 'local',
        tuner: { builtinTunerName: 'TPE', classArgs: { optimize_mode: 'maximize' } },
      },
    };
    nni.jobs = [
      { trialJobId: 'NONE1', status: 'RUNNING', hyperParameters: [] },
      { trialJobId: 'ODD01', status: 'RUNNING', hyperParameters: ['{broken'] },
    ];
    nni.metrics = [];
    poll('trials');
    const { summary, config, trials } = await snapshot();
    assert.equal(summary.maxTrialNumber, 10);
    assert.equal(summary.maxExperimentDuration, 3600);
    assert.equal(summary.tuner, 'TPE');
    assert.equal(summary.optimizeMode, 'maximize');
    assert.ok(config.searchSpace);
    assert.deepEqual(
      trials.map(({ number, parameters }) => [number, parameters]),
      [
        [-1, {}],
        [-1, {}],
      ],
    );
    nni.profile = { id: 'nas12345', execDuration: 5, logDir: '/x', params: { experimentType: 'nas' } };
    await eventually('the search for architectures', () => told.summary?.type === 'nas');
  });

  const failures: [string, () => void][] = [
    [
      'cuts its answers off',
      () => {
        nni.instead = (path) => (path.endsWith('/trial-jobs') ? text('[{"trialJobId":"a","stat') : undefined);
      },
    ],
    [
      'breaks its answers off',
      () => {
        nni.instead = (path) =>
          path.endsWith('/trial-jobs')
            ? (_request, response) => {
                response.writeHead(200, { 'content-length': '100' });
                response.write('[{"trialJobId":"a",', () => response.destroy());
              }
            : undefined;
      },
    ],
    [
      'answers with a web page',
      () => {
        nni.instead = () => text('<html></html>');
      },
    ],
    [
      'answers with nothing',
      () => {
        nni.instead = () => text('');
      },
    ],
    [
      'answers with an error',
      () => {
        nni.instead = (path) =>
          path.endsWith('/trial-jobs') ? text('{"error":"database is locked"}', 500) : undefined;
      },
    ],
    [
      'answers with a list of something else',
      () => {
        nni.instead = (path) => (path.endsWith('/trial-jobs') ? text('{"error":"x"}') : undefined);
      },
    ],
    [
      'is gone',
      () => {
        nni.instead = () => (_request, response) => void response.destroy();
      },
    ],
  ];
  for (const [name, fail] of failures) {
    it(`is lost, with the reason, and asked until it is back when it ${name}`, async () => {
      poll('trials');
      const first = await snapshot();
      fail();
      const lost = await eventually('it to be lost', () => told.states.find(({ state }) => state === 'lost'));
      assert.ok(lost.state === 'lost' && lost.reason.startsWith('Could not'), JSON.stringify(lost));
      nni.instead = () => undefined;
      nni.addJob('NEW01', 'RUNNING', 12, 12, 0.5);
      await row('NEW01', ({ status }) => status === 'RUNNING');
      assert.equal(told.state, 'connected');
      // What had been read stayed, and was gone on from.
      assert.equal(told.snapshots.length, 1);
      assert.ok(first.trials.length > 0);
    });
  }

  it('is asked again after a request that hangs times out', async () => {
    poll('trials');
    await snapshot();
    nni.instead = (path) => (path.endsWith('/check-status') ? silent : undefined);
    await eventually('a reason', () =>
      told.states.some((state) => 'reason' in state && /did not answer/.test(state.reason ?? '')),
    );
    nni.instead = () => undefined;
    await eventually('it to be back', () => told.state === 'connected');
  });

  it('is not asked again when it refuses the token', async () => {
    nni.instead = () => text('{"error":"a token is wanted"}', 401);
    poll('trials');
    const failed = running;
    running = undefined;
    await assert.rejects(failed ?? Promise.resolve(), /token/);
  });
});
