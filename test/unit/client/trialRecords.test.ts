/** The classes of NNI's client: its fields, decoded as Python decodes them. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { TrialHyperParameters, TrialJob, TrialMetricData, TrialResult } from '../../../src/client/trialRecords.ts';

describe('Records of NNI', () => {
  it('have the fields of NNI’s classes, undefined where nothing was sent', () => {
    const fields = (record: object) => Object.entries(record);
    assert.deepEqual(
      fields(new TrialJob({})),
      [
        'trialJobId',
        'status',
        'hyperParameters',
        'logPath',
        'startTime',
        'endTime',
        'finalMetricData',
        'stderrPath',
        'sequenceId',
        'message',
      ].map((name) => [name, undefined]),
    );
    const metric = ['timestamp', 'trialJobId', 'parameterId', 'type', 'sequence', 'data'];
    assert.deepEqual(
      fields(new TrialMetricData({})),
      metric.map((name) => [name, undefined]),
    );
    const parameters = ['parameter_id', 'parameter_source', 'parameters', 'parameter_index'];
    assert.deepEqual(
      fields(new TrialHyperParameters({})),
      parameters.map((name) => [name, undefined]),
    );
    assert.deepEqual(
      fields(new TrialResult({})),
      ['parameter', 'value', 'trialJobId'].map((name) => [name, undefined]),
    );
  });

  it('accept the old key of an id, and nothing that NNI would refuse', () => {
    assert.equal(new TrialJob({ id: 'abc', unheard: 1 }).trialJobId, 'abc');
    assert.equal(new TrialJob({ id: 'abc', trialJobId: 'def' }).trialJobId, 'def');
    const result = new TrialResult({ id: 'abc', value: '0.5', parameter: { x: 1 } });
    assert.deepEqual({ ...result }, { parameter: { x: 1 }, value: 0.5, trialJobId: 'abc' });
    assert.ok(!('unheard' in new TrialJob({ unheard: 1 })));
  });

  it('parse JSON inside JSON, with NaN and infinities', () => {
    const metric = (text: string) => new TrialMetricData({ data: JSON.stringify(text) }).data;
    assert.deepEqual(metric('NaN'), Number.NaN);
    assert.deepEqual(metric('{"default": Infinity, "loss": -Infinity}'), {
      default: Number.POSITIVE_INFINITY,
      loss: Number.NEGATIVE_INFINITY,
    });
    assert.equal(metric('"NaN"'), 'NaN');
    assert.equal(metric('half a'), 'half a');
    const job = new TrialJob({
      hyperParameters: [
        '{"parameter_id": "0-3_0_6", "parameter_source": "algorithm", "parameters": {"x": NaN}}',
        'broken',
        3,
      ],
      finalMetricData: [{ data: '"0.5"' }, null],
      status: 'UNHEARD_OF',
    });
    assert.deepEqual(
      job.hyperParameters?.map(({ parameter_id, parameters }) => [parameter_id, parameters]),
      [['0-3_0_6', { x: Number.NaN }]],
    );
    assert.deepEqual(
      job.finalMetricData?.map(({ data }) => data),
      [0.5],
    );
    assert.equal(job.status, 'UNKNOWN');
    assert.equal(new TrialHyperParameters({ parameter_id: null }).parameter_id, null);
  });

  it('print as Python’s do', () => {
    const result = new TrialResult({ parameter: { x: 1 }, value: '{"default": NaN}', trialJobId: 'abc' });
    const printed = "TrialResult(parameter: { x: 1 } value: { default: NaN } trialJobId: 'abc')";
    assert.equal(String(result), printed);
    assert.equal(inspect(result), printed);
  });
});
