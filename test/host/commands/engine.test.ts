/** Who runs an experiment: the embedded manager or NNI, what is said of it, and the way out when it stands still. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancellationTokenSource, commands, EventEmitter, type MessageOptions, Uri, window, workspace } from 'vscode';
import { NnictlError, NnictlMissingError } from '../../../src/client/errors.ts';
import { withActions } from '../../../src/model/experiment/computeActions.ts';
import type { ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { resumeExperiment, stopAndResume } from '../../../src/ui/commands/lifecycle.ts';
import { Dismissed, Refusal } from '../../../src/ui/commands/refusal.ts';
import { run } from '../../../src/ui/commands/run.ts';
import type { Services } from '../../../src/ui/commands/services.ts';
import { checkConfig } from '../../../src/ui/editor/checkConfig.ts';
import { NnictlFinder } from '../../../src/ui/nnictlFinder.ts';
import type { Settings } from '../../../src/ui/settings.ts';
import { eventually } from '../waiting.ts';
import { answer, type Call, reference, runningExperiment, world } from './fakes.ts';

const config = (platform: string) => `trialCommand: python3 trial.py
trialCodeDirectory: .
trialConcurrency: 1
maxTrialNumber: 2
searchSpace:
  lr: { _type: uniform, _value: [0, 1] }
tuner:
  name: Random
trainingService:
  platform: ${platform}
`;

interface Engines {
  backend?: string;
  /** Recorded config of the experiment. */
  config?: object;
  nnictl?: object | Error;
}

/** A window whose list of experiments is not NNI's own. */
function windowWith(given: ExperimentSummary, { backend = 'auto', config: recorded, nnictl }: Engines = {}) {
  const { services, calls } = world(given);
  let experiment = given;
  const changes = new EventEmitter<object>();
  const settings = { configFiles: () => [], backend, experimentsDirectory: '/elsewhere' };
  const store = {
    ...services.store,
    summary: () => experiment,
    experiment: () => ({ summary: experiment, loaded: async () => undefined, config: recorded }),
    onDidChange: changes.event,
  };
  const nnictls = {
    advice: () => ({ setting: backend, missing: async () => undefined }),
    find: async () => {
      if (nnictl instanceof Error) throw nnictl;
      return { nnictl, environment: {} };
    },
  };
  const connections = {
    remember: async (remembered: { address: string }) => {
      calls.push(['remember', remembered]);
      return { id: remembered.address, show: async () => undefined };
    },
  };
  return {
    // The commands see the part of each service they use.
    services: { ...services, settings, store, nnictls, connections } as unknown as Services,
    calls,
    change(changed: Partial<ExperimentSummary>): void {
      experiment = withActions({ ...experiment, ...changed });
      changes.fire({});
    },
  };
}

describe('the backend of an experiment', () => {
  let folder = '';
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs?.restore();
    dialogs = answer(answers);
    return dialogs.asked;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-engine-'));
    await writeFile(join(folder, 'trial.py'), '');
    // Once: a document that is open would be read anew while its file is written.
    for (const platform of ['local', 'remote']) await writeFile(file(platform).fsPath, config(platform));
  });
  afterEach(async () => {
    dialogs?.restore();
    await commands.executeCommand('workbench.action.closeAllEditors');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const file = (platform: string): Uri => Uri.file(join(folder, `${platform}.yml`));
  /** One that notes what it is asked. */
  function nnictl(calls: Call[], launch = async (): Promise<unknown> => ({ id: 'exp1', port: 8123 })) {
    const noted = (name: string) => (what: string) => {
      calls.push([name, what]);
      return launch();
    };
    return { path: '/bin/nnictl', version: '3.0', create: noted('create'), resume: noted('resume') };
  }

  it('is the embedded manager when that can run the config', async () => {
    const { services, calls } = windowWith(runningExperiment());
    await run(services, file('local'));
    assert.equal(calls[0]?.[0], 'launch');
    assert.deepEqual(
      calls.slice(1).map(([name]) => name),
      ['showPanel', 'reveal'],
    );
  });

  it('is NNI when the embedded manager cannot run the config, with the reason in a message', async () => {
    const asked: Call[] = [];
    const { services, calls } = windowWith(runningExperiment(), { nnictl: nnictl(asked) });
    const told = answering({ showInformationMessage: () => undefined });
    const uri = file('remote');
    await run(services, uri);
    assert.deepEqual(asked, [['create', uri.fsPath]]);
    // The list that is shown is not NNI's own, so it becomes a connection.
    assert.deepEqual(calls.find(([name]) => name === 'remember')?.[1], {
      address: 'http://127.0.0.1:8123',
      label: 'NNI on port 8123',
    });
    assert.ok(calls.some(([name, connection]) => name === 'showPanel' && connection === 'http://127.0.0.1:8123'));
    assert.match(String(told[0]?.[1]), /runs with NNI\. .*remote/);
  });

  it('is missing when only the embedded manager is allowed and cannot run the config', async () => {
    const { services, calls } = windowWith(runningExperiment(), { backend: 'embedded' });
    await assert.rejects(run(services, file('remote')), (error) => {
      assert.ok(error instanceof Refusal);
      assert.match(error.message, /remote\.yml, line 10: .*asks for remote/);
      return true;
    });
    assert.deepEqual(calls, []);
  });

  it('explains how to install a missing NNI, and passes on why NNI refuses', async () => {
    const missing = windowWith(runningExperiment(), { nnictl: new NnictlMissingError('there is none. Install it.') });
    await assert.rejects(run(missing.services, file('remote')), (error) => {
      assert.ok(error instanceof Refusal);
      assert.equal(error.remedy?.command, 'workbench.action.openSettings');
      return true;
    });
    const refused = new NnictlError('start the experiment', 'NNI says: maxTrialNumber is wrong.', 'nnictl', []);
    const failing = nnictl([], () => Promise.reject(refused));
    const { services } = windowWith(runningExperiment(), { nnictl: failing });
    await assert.rejects(run(services, file('remote')), /remote\.yml, line 4: .*maxTrialNumber is wrong/);
    const editor = window.activeTextEditor ?? assert.fail('the config is not shown');
    assert.equal(editor.document.getText(editor.selection), 'maxTrialNumber');
  });

  it('is NNI for every config when that is set, never the embedded manager', async () => {
    const asked: Call[] = [];
    const chosen = windowWith(runningExperiment(), { backend: 'nnictl', nnictl: nnictl(asked) });
    const told = answering({ showInformationMessage: () => undefined });
    await run(chosen.services, file('local'));
    assert.deepEqual(asked, [['create', file('local').fsPath]]);
    assert.match(String(told[0]?.[1]), /local\.yml runs with NNI\. NNI was asked for/);
    const recorded = { experimentType: 'hpo', trainingService: { platform: 'local' }, tuner: { name: 'TPE' } };
    const stopped = runningExperiment({ status: 'STOPPED', live: false });
    const missing = { backend: 'nnictl', config: recorded, nnictl: new NnictlMissingError('there is none.') };
    const { services, calls } = windowWith(stopped, missing);
    for (const command of [() => run(services, file('local')), () => resumeExperiment(services, reference)]) {
      await assert.rejects(command, { name: 'Refusal', message: 'Could not find nnictl: there is none.' });
    }
    assert.deepEqual(calls, []);
  });

  it('fails with the searched places and how to install when the configured nnictl is missing', async () => {
    const path = join(folder, 'no', 'nnictl');
    // The finder sees the part of the settings it uses.
    const nnictls = new NnictlFinder({ backend: 'auto', nnictlPath: path } as unknown as Settings);
    const { services, calls } = windowWith(runningExperiment());
    await assert.rejects(run({ ...services, nnictls }, file('remote')), (error) => {
      assert.ok(error instanceof Refusal);
      assert.ok(error.message.includes(path), error.message);
      assert.match(error.message, /pip install nni/);
      assert.deepEqual(error.remedy?.args, ['@id:trialdeck.nnictlPath']);
      return true;
    });
    assert.deepEqual(calls, []);
  });

  it('is shown before the run: as information, as a warning without NNI, as an error when NNI is not allowed', async () => {
    const found = { severity: 'information', message: /^Runs with nnictl: .*remote/ };
    const without = { severity: 'warning', message: /^Needs NNI: .*remote.* No NNI was found: there is none/ };
    for (const [setting, missing, wanted] of [
      ['auto', undefined, found],
      ['auto', 'there is none', without],
      ['embedded', undefined, { severity: 'error', message: /asks for remote/ }],
      ['nnictl', 'there is none', undefined],
    ] as const) {
      const document = await workspace.openTextDocument(file('remote'));
      const { problems } = await checkConfig(document, { setting, missing: async () => missing });
      const [problem] = problems.filter(({ message }) => /remote/.test(message));
      assert.equal(problem?.severity, wanted?.severity, setting);
      if (wanted) assert.match(problem?.message ?? '', wanted.message);
    }
  });

  it('of a resumed experiment is chosen as for a new one', async () => {
    const stopped = runningExperiment({ engine: 'nni', status: 'STOPPED', live: false });
    for (const [tuner, wanted] of [
      ['TPE', 'launch'],
      ['Evolution', 'resume'],
    ] as const) {
      const asked: Call[] = [];
      const recorded = { experimentType: 'hpo', trainingService: { platform: 'local' }, tuner: { name: tuner } };
      const { services, calls } = windowWith(stopped, { nnictl: nnictl(asked), config: recorded });
      answering({ showInformationMessage: () => undefined });
      await resumeExperiment(services, reference);
      assert.equal(calls.find(([name]) => name === 'launch')?.[0] ?? asked[0]?.[0], wanted, tuner);
    }
  });

  it('stops, waits for and resumes a stalled experiment after one question', async () => {
    const stalled = runningExperiment({ errors: ['The tuner died.'] });
    const recorded = { experimentType: 'hpo', trainingService: { platform: 'local' }, tuner: { name: 'TPE' } };
    const { services, calls, change } = windowWith(stalled, { config: recorded });
    const asked = answering({ showWarningMessage: () => 'Stop and Resume' });
    const done = stopAndResume(services, reference);
    const stopped = () => calls.some(([name]) => name === 'stopExperiment') || undefined;
    await eventually(async () => stopped(), 'the stop');
    assert.ok(!calls.some(([name]) => name === 'launch'));
    change({ live: false, status: 'STOPPED' });
    await done;
    assert.match((asked[0]?.[2] as MessageOptions | undefined)?.detail ?? '', /\(2\) are run again/);
    assert.deepEqual(calls.map(([name]) => name).slice(0, 2), ['stopExperiment', 'launch']);
    await assert.rejects(
      stopAndResume(windowWith(runningExperiment()).services, reference),
      /is neither stalled nor failed/,
    );
  });

  it('leaves a stalled experiment alone when the question is dismissed, and does not resume it when it cannot stop it', async () => {
    const stalled = runningExperiment({ errors: ['The tuner died.'] });
    const kept = windowWith(stalled);
    answering({ showWarningMessage: () => undefined });
    await assert.rejects(stopAndResume(kept.services, reference), Dismissed);
    assert.deepEqual(kept.calls, []);
    const { services, calls } = windowWith(stalled);
    const refusal = new Error('Could not stop the experiment: its manager does not answer.');
    Object.assign(services.store, { stop: () => Promise.reject(refusal) });
    answering({ showWarningMessage: () => 'Stop and Resume' });
    await assert.rejects(stopAndResume(services, reference), refusal);
    assert.deepEqual(calls, []);
  });

  it('stops a stalled experiment without resuming it when the user cancels the wait', async () => {
    const { services, calls, change } = windowWith(runningExperiment({ errors: ['The tuner died.'] }));
    const cancel = new CancellationTokenSource();
    answering({
      showWarningMessage: () => 'Stop and Resume',
      withProgress: (_options: object, work: (progress: object, token: object) => unknown) => work({}, cancel.token),
    });
    const done = stopAndResume(services, reference);
    await eventually(async () => calls.some(([name]) => name === 'stopExperiment') || undefined, 'the stop');
    cancel.cancel();
    await done;
    change({ live: false, status: 'STOPPED' });
    assert.deepEqual(calls, [['stopExperiment']]);
  });

  it('refuses to stop and resume a healthy experiment from the palette', async () => {
    const { services, calls } = windowWith(runningExperiment());
    await assert.rejects(stopAndResume(services), {
      name: 'Refusal',
      message: 'No experiment is stalled or has failed.',
    });
    assert.deepEqual(calls, []);
  });
});
