import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { assessorStops, durationStops, failureReason, stallReason } from '../../../src/model/nni/nniLogs.ts';

/** Logs that NNI 3.0 wrote. */
function logs(name: string): { dispatcher: string; manager: string } {
  const read = (file: string) =>
    readFileSync(new URL(`../../fixtures/nni-3.0/defects/${name}/log/${file}.log`, import.meta.url), 'utf8');
  return { dispatcher: read('dispatcher'), manager: read('nnimanager') };
}

describe('NNI’s logs', () => {
  it('name the trials that the assessor ended, but not those that a person or the end of the experiment did', () => {
    const { manager } = logs('earlyStopped');
    const others = [
      '[2026-11-25 04:33:52] INFO (NNIManager) User cancelTrialJob: Abcde',
      '[2026-11-25 04:33:53] INFO (NNIManager) cancelTrialJob: Fghij',
    ];
    assert.deepEqual([...assessorStops([manager, ...others].join('\n'))], ['hecrb', 'O9aGp']);
  });

  it('name the trials that ran too long', () => {
    const line =
      '[2026-11-25 04:40:01] INFO (NNIManager) Trial job hecrb has been canceled because it is over max trial duration.';
    assert.deepEqual([...durationStops(`${line}\n`)], ['hecrb']);
  });

  it('explain a tuner that died of a result that is not a number', () => {
    assert.equal(
      stallReason(logs('stringResult')),
      'The tuner has failed (RuntimeError: Incorrect final result: the final result should be float/int, or a dict which has a key named "default" whose value is float/int), and NNI starts no further trials. Stop the experiment and resume it.',
    );
  });

  it('explain a tuner that died of mixed-up parameters', () => {
    assert.match(stallReason(logs('mixedUp')) ?? '', /^The tuner has failed \(KeyError: 3, .*mixed up.*\), and NNI /);
  });

  it('explain a killed tuner, also when only one of the two files exists', () => {
    const { dispatcher, manager } = logs('killedTuner');
    assert.match(stallReason({ dispatcher, manager }) ?? '', /^The tuner has ended without an error message, /);
    assert.match(stallReason({ dispatcher: '', manager }) ?? '', /^The tuner has ended without an error message, /);
    assert.match(stallReason({ ...logs('mixedUp'), manager: '' }) ?? '', /^The tuner has failed /);
  });

  it('give no reason while all is well', () => {
    assert.equal(stallReason({ dispatcher: '', manager: '' }), undefined);
    assert.equal(stallReason(logs('earlyStopped')), undefined);
  });

  it('give no reason for a tuner that was started anew, or is starting', () => {
    const { dispatcher, manager } = logs('stringResult');
    const resumed = `${manager}[2026-11-25 05:00:00] INFO (main) Start NNI manager\n`;
    assert.equal(stallReason({ dispatcher, manager: resumed }), undefined);
    const started = `${dispatcher}[2026-11-25 05:00:07] INFO (nni.runtime.msg_dispatcher_base/MainThread) Dispatcher started\n`;
    assert.equal(stallReason({ dispatcher: started, manager: resumed }), undefined);
    assert.equal(stallReason({ dispatcher: started, manager: '' }), undefined);
  });

  it('explain a tuner that could not start', () => {
    assert.equal(
      failureReason(logs('misspeltArgument')),
      "The tuner has failed (TypeError: TpeTuner.__init__() got an unexpected keyword argument 'optimise_mode').",
    );
    const { manager } = logs('misspeltArgument');
    assert.match(failureReason({ dispatcher: '', manager }) ?? '', /^Tuner did not connect in 10 seconds/);
    assert.equal(failureReason(logs('earlyStopped')), undefined);
  });
});
