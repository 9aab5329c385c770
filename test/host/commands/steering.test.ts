/** Stop, kill, limits and export as a person does them: what is asked, and what then happens. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, type InputBoxOptions, type MessageOptions, Uri } from 'vscode';
import { exportResults } from '../../../src/ui/commands/exportResults.ts';
import { stopExperiment } from '../../../src/ui/commands/lifecycle.ts';
import { updateLimit } from '../../../src/ui/commands/limits.ts';
import { Dismissed, Refusal } from '../../../src/ui/commands/refusal.ts';
import { copyParameters, killTrial } from '../../../src/ui/commands/trials.ts';
import { answer, reference, runningExperiment, runningTrial, world } from './fakes.ts';

describe('steering an experiment', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs = answer(answers);
    return dialogs.asked;
  };
  afterEach(() => dialogs?.restore());

  it('asks before a stop, and names what is lost', async () => {
    const { services, calls } = world(runningExperiment());
    const asked = answering({ showWarningMessage: () => 'Stop' });
    await stopExperiment(services, reference);
    const [, title, options] = asked[0] as unknown as [string, string, MessageOptions];
    assert.equal(title, 'Stop spirals?');
    assert.equal(options.modal, true);
    assert.match(options.detail ?? '', /^2 trials are running and will be lost\./);
    assert.deepEqual(calls, [['stopExperiment']]);
  });

  it('does nothing when the question is dismissed', async () => {
    const { services, calls } = world(runningExperiment());
    answering({ showWarningMessage: () => undefined });
    await assert.rejects(stopExperiment(services, reference), Dismissed);
    assert.deepEqual(calls, []);
  });

  it('gives the reason when an action is not possible now', async () => {
    const { services, calls } = world(runningExperiment({ status: 'DONE', live: false }));
    await assert.rejects(stopExperiment(services, reference), { message: 'spirals is not running.' });
    await assert.rejects(updateLimit('concurrency')(services, reference), {
      message: 'spirals is not running. Resume it first.',
    });
    await assert.rejects(stopExperiment(services), { message: /No experiment is running/ });
    await assert.rejects(stopExperiment(services, { ...reference, experimentId: 'gone' }), Refusal);
    assert.deepEqual(calls, []);
  });

  it('kills all selected trials that are alive, after one question', async () => {
    const trials = [runningTrial(0), runningTrial(1), runningTrial(2, { status: 'SUCCEEDED' })];
    const { services, calls } = world(runningExperiment(), trials);
    const asked = answering({ showWarningMessage: () => 'Kill' });
    const nodes = trials.map(({ id }) => ({ ...reference, trialId: id }));
    await killTrial(services, nodes[0], nodes);
    assert.equal(asked.length, 1);
    assert.equal(asked[0]?.[1], 'Kill 2 trials of spirals?');
    assert.deepEqual(calls, [
      ['killTrialJob', 'T0'],
      ['killTrialJob', 'T1'],
    ]);
  });

  it('does not kill an ended trial', async () => {
    const { services } = world(runningExperiment(), [runningTrial(2, { status: 'SUCCEEDED' })]);
    await assert.rejects(killTrial(services, { ...reference, trialId: 'T2' }), /no running or waiting trial/);
  });

  it('offers the current value of a limit, checks the input as the user types, and sets it', async () => {
    const { services, calls } = world(runningExperiment());
    const given: [Parameters<typeof updateLimit>[0], string, string, string[]][] = [
      ['concurrency', '2', '4', ['0', '-1', '1.5', 'two', '']],
      ['trialNumber', '50', '80', ['5', '0', '1e3']],
      ['duration', '1h', '2h', ['0', '1m', 'soon', '2 weeks', '']],
    ];
    for (const [kind, current, next, wrong] of given) {
      const asked = answering({ showInputBox: () => next });
      await updateLimit(kind)(services, reference);
      dialogs?.restore();
      const options = asked[0]?.[1] as InputBoxOptions;
      assert.equal(options.value, current);
      for (const text of wrong) assert.ok(await options.validateInput?.(text), `${kind}: "${text}" is refused`);
      assert.equal(await options.validateInput?.(next), undefined);
    }
    assert.deepEqual(calls, [
      ['updateConcurrency', 4],
      ['updateTrialnum', 80],
      ['updateDuration', '2h'],
    ]);
  });

  it('copies parameters as JSON', async () => {
    const { services } = world(runningExperiment(), [runningTrial(0), runningTrial(1)]);
    await copyParameters(services, { ...reference, trialId: 'T1' });
    assert.deepEqual(JSON.parse(await env.clipboard.readText()), { lr: 0.02 });
  });

  it('exports to the chosen file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'td-export-'));
    try {
      const file = join(folder, 'results.csv');
      const trials = [runningTrial(1, { status: 'SUCCEEDED', final: '0.5' }), runningTrial(0, { status: 'FAILED' })];
      const { services } = world(runningExperiment(), trials);
      answering({
        showQuickPick: (items: { label: string }[]) => items[0],
        showSaveDialog: () => Uri.file(file),
        showInformationMessage: () => undefined,
      });
      await exportResults(services, reference);
      const lines = (await readFile(file, 'utf8')).trim().split('\r\n');
      assert.deepEqual(
        lines.map((line) => [line.split(',')[0], line.split(',').at(-1)]),
        [
          ['trial', 'metric'],
          ['0', ''],
          ['1', '0.5'],
        ],
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
