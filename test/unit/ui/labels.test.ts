import assert from 'node:assert/strict';
import { experimentStatuses } from '../../../src/model/experiment/experiment.ts';
import { experimentPhase } from '../../../src/model/experiment/experimentPhase.ts';
import { phaseLooks } from '../../../src/model/experiment/looks.ts';
import { trialStatuses } from '../../../src/model/trial/trial.ts';
import { runningExperiments } from '../../../src/ui/experiments.ts';
import { experimentTooltip, trialTooltip } from '../../../src/ui/explorer/details.ts';
import { Labels } from '../../../src/ui/explorer/labels.ts';
import { trialShape } from '../../../src/ui/explorer/shapes.ts';
import { parametersText, parameterText } from '../../../src/ui/explorer/valueText.ts';
import { type ViewState, viewMessage } from '../../../src/ui/explorer/viewMessage.ts';
import { statusText } from '../../../src/ui/statusText.ts';
import { summary, trial } from '../../fixtures/builders.ts';

const t = (message: string, ...args: (string | number)[]) =>
  message.replace(/\{(\d)\}/g, (_, index) => String(args[Number(index)]));
const now = 1_192_000;
const labels = new Labels(t, 'en', () => now);

describe('what rows of the tree say', () => {
  it('a running experiment: progress, best, time', () => {
    const row = labels.experiment(
      summary({
        counts: { SUCCEEDED: 55, FAILED: 4, EARLY_STOPPED: 5, RUNNING: 2 },
        best: { trialId: 't31', trialNumber: 31, value: 0.97312345, time: 1_100_000 },
      }),
    );
    assert.equal(row.label, 'spirals');
    assert.equal(row.description, '64/100 · best 0.9731 · 3m 12s');
    assert.equal(row.icon, 'loading~spin');
    assert.match(row.contextValue, /^experiment;.*;stop;/);
    assert.equal(row.spoken, 'Experiment spirals, running, 64/100, best 0.9731, 3m 12s');
  });

  it('an ended one: what came of it, and when', () => {
    const best = { trialId: 't1', trialNumber: 1, value: 0.9921, time: 1 };
    const done = labels.experiment(summary({ status: 'DONE', live: false, best, endTime: now - 24 * 3600_000 }));
    assert.equal(done.description, 'done · best 0.9921 · yesterday');
    assert.match(done.contextValue, /;resume;/);
    const failed = labels.experiment(summary({ status: 'ERROR', errors: ['the tuner ended:\nKeyError: 3'] }));
    assert.equal(failed.description, 'failed: the tuner ended: KeyError: 3');
    assert.equal(labels.experiment(summary({ live: false, startTime: now })).description, 'crashed · just now');
  });

  it('an architecture search: that it is one, and nothing that NNI did not store', () => {
    const stored = { status: 'STOPPED', live: false, counts: {}, endTime: now - 7_200_000, execDuration: 0.3 } as const;
    const { maxTrialNumber: _none, ...searched } = summary({ ...stored, type: 'nas', tuner: '', trialConcurrency: 0 });
    assert.equal(labels.experiment(searched).description, `NAS · stopped · ${labels.ago(stored.endTime)}`);
    assert.doesNotMatch(experimentTooltip(searched, labels, now), /trials|concurrency|best/);
  });

  it('a tuner that stopped is named, though the status says RUNNING', () => {
    const row = labels.experiment(summary({ errors: ['the tuner stopped'] }));
    assert.equal(row.icon, 'warning');
    assert.equal(row.description, 'stalled: the tuner stopped');
  });

  it('an experiment whose tuner has no more is finishing while trials run and done after', () => {
    assert.equal(experimentPhase(summary({ status: 'TUNER_NO_MORE_TRIAL', counts: { RUNNING: 1 } })), 'finishing');
    assert.equal(experimentPhase(summary({ status: 'TUNER_NO_MORE_TRIAL', counts: { SUCCEEDED: 4 } })), 'done');
  });

  it('trials: each state in its own words', () => {
    const experiment = summary({ best: { trialId: 't31', trialNumber: 31, value: 0.9731, time: 1 } });
    const say = (changes: Parameters<typeof trial>[1], number = 7) => labels.trial(trial(number, changes), experiment);
    assert.equal(say({ final: '0.97312' }).description, '0.9731 · lr 6.5e-4, hidden 32, relu');
    assert.equal(say({ final: '0.97312' }, 31).icon, 'star-full');
    assert.equal(say({ status: 'RUNNING', latest: { sequence: 17, data: '0.801' } }).description, 'step 17 · 0.801');
    assert.equal(say({ status: 'FAILED', message: 'exit 1 · diverged' }).description, 'exit 1 · diverged');
    assert.equal(
      say({ status: 'EARLY_STOPPED', latest: { sequence: 3, data: '0.4' }, message: 'below the median' }).description,
      '0.4 · below the median · lr 6.5e-4, hidden 32, relu',
    );
    assert.equal(say({ status: 'WAITING' }).description, 'waiting');
    assert.equal(say({}).description, 'no result · lr 6.5e-4, hidden 32, relu', 'no number is invented');
    assert.equal(say({ final: 'NaN' }).description, 'NaN · lr 6.5e-4, hidden 32, relu');
    assert.equal(say({ final: '"oops"' }).description, '"oops" · lr 6.5e-4, hidden 32, relu');
    assert.equal(
      labels.trial(trial(12, { status: 'RUNNING', latest: { sequence: 1, data: '0.91' } }), experiment).spoken,
      'Trial 12, running, metric 0.91',
    );
  });

  it('a trial that ran when its experiment ended: not ended, and it does not turn', () => {
    const latest = { sequence: 6, data: '0.4' };
    const { endTime: _none, ...row } = trial(7, { status: 'RUNNING', startTime: 1, latest });
    for (const stopped of [summary({ status: 'STOPPED', live: false }), summary({ status: 'VIEWED' })]) {
      const { description, icon, spoken } = labels.trial(row, stopped);
      assert.equal(description, 'not ended · step 6 · 0.4');
      assert.equal(icon, 'stop-circle');
      assert.match(spoken, /^Trial 7, not ended/);
      assert.doesNotMatch(trialTooltip(row, stopped, labels, now), /running|duration/);
    }
    const stopped = summary({ status: 'STOPPED', live: false, counts: { RUNNING: 2, WAITING: 1 } });
    assert.match(experimentTooltip(stopped, labels, now), /not ended \| 3/);
  });

  it('what was lost: as it was known then, and nobody says that it runs', () => {
    const running = summary({ counts: { RUNNING: 1 } });
    const since = now;
    const later = new Labels(t, 'en', () => now + 60_000);
    assert.match(later.experiment(running).description, / 4m 12s$/);
    assert.match(later.experiment(running, since).description, / 3m 12s$/);
    assert.equal(later.experiment(running, since).icon, 'question');
    assert.equal(labels.trial(trial(7, { status: 'RUNNING' }), running, since).icon, 'question');
    const lost = { state: 'lost', since, reason: 'no answer', reached: true } as const;
    const connected = { state: 'connected', since, address: 'http://localhost:1' } as const;
    const other = summary({ id: 'other' });
    const connections = [
      { status: lost, experiments: [running] },
      { status: connected, experiments: [other] },
    ];
    assert.deepEqual(runningExperiments(connections), [other]);
  });

  it('a trial that NNI mixed up: so, before its parameters, and what is on record when one hovers', () => {
    const mixed = trial(7, { final: '0.5', parameters: { lr: 0.1, act: 'relu' } });
    const row = { ...mixed, recordedParameters: { lr: 0.2, act: 'relu' } };
    assert.equal(labels.trial(row, summary()).description, '0.5 · mixed up by NNI · lr 0.1, relu');
    assert.match(labels.trial(row, summary()).spoken, /mixed up by NNI/);
    const hover = trialTooltip(row, summary(), labels, now);
    assert.match(hover, /recorded others/);
    assert.match(hover, /\| NNI recorded lr \| 0\\\.2 \|/);
    assert.doesNotMatch(hover, /recorded act/);
    assert.doesNotMatch(trialTooltip(mixed, summary(), labels, now), /recorded/);
  });

  it('a trial that was stopped early: by whom, where nothing else is told', () => {
    const say = (message?: string) =>
      labels.trial(
        trial(7, { status: 'EARLY_STOPPED', parameters: {}, ...(message ? { message } : {}) }),
        summary({ assessor: 'Medianstop' }),
      ).description;
    assert.equal(say(), 'stopped early by Medianstop');
    assert.equal(say('ran longer than maxTrialDuration (1m)'), 'ran longer than maxTrialDuration (1m)');
  });

  it('what is stalled can be stopped and resumed, and the status bar tells it from what runs', () => {
    const stalled = summary({ engine: 'nni', errors: ['the tuner died'] });
    assert.match(labels.experiment(stalled).contextValue, /;restart;.*;dispatcherLog;$/);
    assert.doesNotMatch(labels.experiment(summary()).contextValue, /;dispatcherLog;|;restart;/);
    assert.doesNotMatch(labels.experiment(summary({ ...stalled, standalone: true })).contextValue, /;restart;/);
    assert.equal(statusText([stalled], false, t), '$(warning) 1 stalled');
    assert.equal(statusText([stalled, summary()], false, t), '$(warning) 1 running, 1 stalled');
  });

  it('a trial offers what can be done with it now', () => {
    assert.equal(
      labels.trial(trial(1, { status: 'RUNNING' }), summary()).contextValue,
      'trial;openTrial;copyParameters;copyTrial;openTrialLog;openTrialOutput;killTrial;',
    );
    const looking = 'trial;openTrial;copyParameters;openTrialLog;openTrialOutput;';
    assert.equal(labels.trial(trial(1), summary({ live: false })).contextValue, looking);
    const failed = { counts: { FAILED: 1 } };
    assert.equal(
      labels.trial(trial(1, { status: 'FAILED' }), summary(failed)).contextValue,
      'trial;openTensorBoard;openTrial;copyParameters;copyTrial;retryTrial;openTrialLog;openTrialOutput;',
    );
    assert.equal(
      labels.trial(trial(1, { status: 'RUNNING' }), summary({ live: false })).contextValue,
      looking,
      'nobody is there who could kill it',
    );
  });

  it('a connection: what runs, or since when nothing answers', () => {
    const say = (status: Parameters<typeof labels.connection>[1]) =>
      labels.connection('This machine', status, [summary()]);
    assert.equal(say({ state: 'connected', since: 1, address: '' }).description, '1 running');
    const lost = say({ state: 'lost', since: now, reason: 'socket closed', reached: true });
    assert.match(lost.description, /^no answer since /);
    assert.match(lost.contextValue, /;retryConnection;/);
    assert.equal(say({ state: 'lost', since: now, reason: 'port in use', reached: false }).description, 'port in use');
  });

  it('a connection to elsewhere: another sign, and what can be done about it', () => {
    const say = (status: Parameters<typeof labels.connection>[1]) =>
      labels.connection('gpu box', status, [summary()], 'remote');
    const own = 'renameConnection;changeToken;forgetConnection;';
    const connected = say({ state: 'connected', since: now, address: '' });
    assert.deepEqual([connected.icon, connected.contextValue], ['remote', `connection;${own}`]);
    assert.equal(say({ state: 'idle', since: now }).description, 'not connected');
    const lost = { state: 'lost', since: now, reason: 'it asks for a token', reached: false } as const;
    assert.equal(say(lost).contextValue, `connection;${own}retryConnection;`);
    const wanting = say({ ...lost, wantsToken: true });
    assert.deepEqual(
      [wanting.description, wanting.contextValue],
      ['needs its token', `connection;${own}retryConnection;token;`],
    );
  });

  it('above the rows: why there are none, else what keeps them from being all', () => {
    const say = (changes: Partial<ViewState>) => {
      const connected = { state: 'connected', since: now, address: '' } as const;
      return viewMessage({ shown: true, status: connected, trusted: true, warnings: [], ...changes }, labels.t);
    };
    const warnings = ['/x/.experiment is not valid JSON.\nRepair or remove it.'];
    assert.equal(say({}), '');
    assert.equal(say({ warnings }), 'Warning: /x/.experiment is not valid JSON. Repair or remove it.');
    assert.match(say({ warnings, trusted: false }), /^Restricted Mode: .*Warning: /);
    const lost = { state: 'lost', since: now, reason: 'port in use', reached: false } as const;
    assert.equal(say({ warnings, shown: false, status: lost }), 'port in use');
    assert.equal(say({ shown: false, status: { state: 'connecting', since: now } }), 'Connecting…');
  });

  it('no two states of trials look the same without their colour, but for the cancelled ones', () => {
    const icons = trialStatuses.filter((status) => status !== 'SYS_CANCELED').map((status) => trialShape(status).icon);
    assert.equal(new Set(icons).size, icons.length);
  });

  it('every state of an experiment has a row', () => {
    for (const status of experimentStatuses) {
      for (const live of [true, false]) {
        const row = labels.experiment(summary({ status, live }));
        assert.ok(row.icon && row.description, `${status} ${live}`);
        assert.ok(Object.values(phaseLooks).some((shape) => row.icon.startsWith(shape.icon)));
      }
    }
  });

  it('parameters: words alone, numbers with their name, nested choices by theirs', () => {
    assert.equal(parametersText({ lr: 0.01, act: 'tanh', layers: 2 }), 'lr 0.01, tanh, layers 2');
    assert.equal(parametersText({ model: { _name: 'conv', kernel: 3 } }), 'model conv (kernel 3)');
    assert.equal(parameterText(null), 'null');
    assert.equal(parameterText([1, 2]), '[1,2]');
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`parameter${index}`, index]));
    assert.ok(parametersText(many).endsWith(', …'));
    assert.ok(parametersText(many).length < 110);
  });
});

describe('the status bar', () => {
  it('says what runs and its best, and nothing when there is nothing', () => {
    const best = { trialId: 't1', trialNumber: 1, value: 0.97312, time: 1 };
    assert.equal(statusText([summary({ best })], false, t), '$(beaker) 1 running · best 0.9731');
    assert.equal(statusText([summary({ best }), summary({ best })], false, t), '$(beaker) 2 running');
    assert.equal(statusText([], false, t), undefined);
    assert.equal(statusText([], true, t), '$(warning) experiments not connected');
  });
});
