import assert from 'node:assert/strict';
import { type ExportedTrial, exportText } from '../../../src/model/files/exportText.ts';
import { WrittenRecords } from '../../../src/model/trial/writtenRecords.ts';

function trial(number: number, final: string | undefined, parameters: Record<string, unknown>): ExportedTrial {
  return {
    row: {
      id: `T${number}`,
      number,
      status: 'SUCCEEDED',
      parameters,
      parameterId: String(number),
      source: 'algorithm',
      startTime: 1_700_000_000_000,
      endTime: 1_700_000_002_500,
      intermediates: 2,
      ...(final === undefined ? {} : { final }),
    },
    intermediates: [
      { sequence: 0, timestamp: 1, text: '0.5' },
      { sequence: 1, timestamp: 2, text: '{"default": 0.75, "loss": NaN}' },
    ],
  };
}
const trials = [
  trial(0, '{"default": 0.9, "loss": 0.1}', { lr: 1e-3, layer: { _name: 'conv', kernel: 3 } }),
  trial(1, undefined, { lr: 0.1, note: 'a "quoted", one', formula: '=1+1' }),
];

describe('exported results', () => {
  it('have one row a trial as CSV, with nested parameters and every metric as columns', () => {
    assert.deepEqual(exportText(trials, 'csv', false).split('\r\n'), [
      'trial,id,status,start,end,seconds,lr,layer,layer.kernel,note,formula,metric,metric.loss',
      '0,T0,SUCCEEDED,2023-11-14T22:13:20.000Z,2023-11-14T22:13:22.500Z,2.5,0.001,conv,3,,,0.9,0.1',
      `1,T1,SUCCEEDED,2023-11-14T22:13:20.000Z,2023-11-14T22:13:22.500Z,2.5,0.1,,,"a ""quoted"", one",'=1+1,,`,
      '',
    ]);
  });

  it('have one row a result as CSV with curves', () => {
    const lines = exportText(trials, 'csv', true).split('\r\n');
    assert.deepEqual(
      lines.slice(1, -1).map((line) => {
        const cells = line.split(',');
        return [cells[0], cells[6], cells[7], ...cells.slice(-2)];
      }),
      [
        ['0', 'intermediate', '0', '0.5', ''],
        ['0', 'intermediate', '1', '0.75', 'NaN'],
        ['0', 'final', '', '0.9', '0.1'],
        ['1', 'intermediate', '0', '0.5', ''],
        ['1', 'intermediate', '1', '0.75', 'NaN'],
      ],
    );
  });

  it('have NNI’s keys as JSON, and are valid JSON whatever a trial reported', () => {
    const rows = JSON.parse(exportText([...trials, trial(2, 'Infinity', {})], 'json', true)) as Record<
      string,
      unknown
    >[];
    assert.deepEqual(
      rows.map((row) => [row.trialJobId, row.value]),
      [
        ['T0', { default: 0.9, loss: 0.1 }],
        ['T1', null],
        ['T2', 'Infinity'],
      ],
    );
    assert.deepEqual(rows[0]?.parameter, { lr: 0.001, layer: { _name: 'conv', kernel: 3 } });
    assert.deepEqual(rows[0]?.intermediate, [0.5, { default: 0.75, loss: 'NaN' }]);
    assert.doesNotMatch(exportText(trials, 'json', false), /intermediate/);
  });

  it('keep how numbers were written, in parameters and in results', () => {
    const record =
      '{"parameter_id":0,"parameters":{"lr":1.0,"layer":{"_name":"conv","kernel":3.0}},"parameter_index":0}';
    const records = new WrittenRecords([{ trialJobId: 'T0', hyperParameters: [record] }]);
    const { row } = trial(0, '{"default": 2.0, "loss": 1}', { lr: 1, layer: { _name: 'conv', kernel: 3 } });
    const written = [{ row: { ...row, parameters: records.of(row) }, intermediates: [] }];
    assert.match(exportText(written, 'csv', false), /,2\.5,1\.0,conv,3\.0,2\.0,1\r\n/);
    const json = exportText(written, 'json', false);
    assert.match(json, /"lr": 1\.0,/);
    assert.match(json, /"default": 2\.0,/);
  });

  it('have both the parameters that a trial ran with and those that NNI recorded, after a mix-up', () => {
    const records = new WrittenRecords([
      { trialJobId: 'T0', hyperParameters: ['{"parameters":{"x":1.0}}'] },
      { trialJobId: 'T1', hyperParameters: ['{"parameters":{"x":2.0}}'] },
    ]);
    const { row } = trial(0, '0.5', { x: 2 });
    assert.equal(JSON.stringify(records.of(row)), '{"x":2.0}');
    const mixed = { row: { ...row, parameters: records.of(row), recordedParameters: { x: 1 } }, intermediates: [] };
    const [told] = JSON.parse(exportText([mixed], 'json', false)) as Record<string, unknown>[];
    assert.deepEqual([told?.parameter, told?.recordedParameter], [{ x: 2 }, { x: 1 }]);
  });
});
