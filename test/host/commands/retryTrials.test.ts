/** Retrying failed trials: when there is nothing to retry, room for some only, and a refusal half way. */
import assert from 'node:assert/strict';
import type { MessageOptions } from 'vscode';
import { Dismissed } from '../../../src/ui/commands/refusal.ts';
import { retryFailedTrials, retryTrial } from '../../../src/ui/commands/retryTrials.ts';
import { answer, reference, runningExperiment, runningTrial, world } from './fakes.ts';

describe('retrying failed trials', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs = answer(answers);
    return dialogs.asked;
  };
  afterEach(() => dialogs?.restore());

  const failed = [runningTrial(0, { status: 'FAILED' }), runningTrial(1, { status: 'FAILED' })];
  const nodes = failed.map(({ id }) => ({ ...reference, trialId: id }));

  it('queues nothing when the question is dismissed', async () => {
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2 } }), failed);
    answering({ showWarningMessage: () => undefined });
    await assert.rejects(retryFailedTrials(services, reference), Dismissed);
    assert.deepEqual(calls, []);
  });

  it('gives the reason when there is nothing to retry, without a question', async () => {
    const trials = [
      runningTrial(0, { status: 'FAILED', parameters: { lr: 0.1 } }),
      runningTrial(1, { status: 'SUCCEEDED', parameters: { lr: 0.1 } }),
      runningTrial(2, { status: 'FAILED', parameters: { lr: 0.2 } }),
      runningTrial(3, { status: 'WAITING', parameters: { lr: 0.2 } }),
    ];
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2, SUCCEEDED: 1, WAITING: 1 } }), trials);
    const asked = answering({ showWarningMessage: () => 'Retry' });
    await assert.rejects(retryFailedTrials(services, reference), {
      name: 'Refusal',
      message:
        'There is nothing to retry in spirals. Left out: 1 whose parameters have succeeded since. ' +
        'Left out: 1 whose parameters are waiting or running.',
    });
    assert.deepEqual([...asked, ...calls], []);
  });

  it('is refused when no trial failed and when the experiment does not run', async () => {
    const running = world(runningExperiment({ counts: { SUCCEEDED: 1 } }), [runningTrial(0, { status: 'SUCCEEDED' })]);
    await assert.rejects(retryFailedTrials(running.services, reference), /spirals has no failed trials/);
    await assert.rejects(retryTrial(running.services, nodes[0]), /There is no failed trial to retry/);
    const stored = world(runningExperiment({ live: false, status: 'STOPPED', counts: { FAILED: 2 } }), failed);
    const refused = [() => retryFailedTrials(stored.services, reference), () => retryTrial(stored.services, nodes[0])];
    for (const command of refused) {
      await assert.rejects(command, { name: 'Refusal', message: 'spirals is not running. Resume it first.' });
    }
    await assert.rejects(retryFailedTrials(stored.services), /No running experiment has a failed trial/);
  });

  it('offers to retry as many as fit, beside raising the maximum', async () => {
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2 }, maxTrialNumber: 3 }), failed);
    const asked = answering({ showWarningMessage: () => 'Retry 1' });
    await retryTrial(services, nodes[0], nodes);
    assert.deepEqual(asked[0]?.slice(3), ['Raise to 4 and Retry', 'Retry 1']);
    assert.match((asked[0]?.[2] as MessageOptions | undefined)?.detail ?? '', /may have 3 trials and has 2/);
    assert.deepEqual(calls, [['addTrial', { lr: 0.01 }]]);
  });

  it('reports how many were queued when one is refused half way', async () => {
    let added = 0;
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2 } }), failed, {
      addTrial: () => {
        if (++added > 1) throw new Error('The experiment is stopping.');
        return { sequenceId: 2 };
      },
    });
    answering({ showWarningMessage: () => 'Retry' });
    await assert.rejects(retryFailedTrials(services, reference), {
      message: '1 of 2 trials were queued. The experiment is stopping.',
    });
    assert.equal(calls.length, 2);
  });
});
