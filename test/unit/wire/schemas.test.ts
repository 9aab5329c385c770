import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ExperimentSnapshot } from '../../../src/model/experiment/experiment.ts';
import { parseParameterRecord } from '../../../src/model/trial/parameterRecord.ts';
import * as experiment from '../../../src/wire/schemas/experiment.ts';
import * as manager from '../../../src/wire/schemas/manager.ts';
import * as nni from '../../../src/wire/schemas/nni.ts';
import { parse, parseList } from '../../../src/wire/schemas/schema.ts';
import { summary, trial } from '../../fixtures/builders.ts';

const snapshot: ExperimentSnapshot = {
  session: 's',
  revision: 3,
  summary: summary(),
  config: {} as ExperimentSnapshot['config'],
  trials: [trial(0), trial(1)],
  metrics: {
    trialIds: ['t0', 't1'],
    trial: [0, 1, 0],
    type: ['P', 'P', 'F'],
    sequence: [0, 0, 0],
    timestamp: [1, 2, 3],
    data: ['0.1', 'NaN', '"text"'],
  },
};
const read = (value: unknown) => parse(experiment.snapshotSchema, JSON.parse(JSON.stringify(value)));

describe('wire data', () => {
  it('is unchanged after a round trip through our own schemas', () => {
    assert.deepEqual(read(snapshot), snapshot);
    const change = {
      revision: 4,
      trials: [trial(2)],
      metrics: [{ trialId: 't0', type: 'FINAL', sequence: 0, timestamp: 1, data: '1' }],
    };
    assert.deepEqual(parse(experiment.changeSchema, change), change);
  });

  it('is kept or left out when it is unknown, and never hides the rest', () => {
    const more = {
      ...snapshot,
      trials: [{ ...trial(0), status: 'DREAMING', future: 1 }],
      summary: { ...summary(), later: 2 },
    };
    const found = read(more) ?? assert.fail();
    assert.equal(found.trials[0]?.status, 'UNKNOWN');
    assert.equal(found.summary.name, 'spirals');
  });

  it('keeps whole points and their values beside broken ones', () => {
    const garbage = fc.constantFrom(null, 'x', -1, 7, 0.5, {}, undefined);
    const column = fc.constantFrom('trial', 'type', 'sequence', 'timestamp', 'data');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(column, fc.nat({ max: 9 }), garbage), { maxLength: 4 }),
        fc.nat({ max: 3 }),
        (faults, cut) => {
          const count = 10;
          const whole = Array.from({ length: count }, (_, point) => ({
            trial: point % 2,
            type: point % 3 ? 'P' : 'F',
            sequence: point,
            timestamp: point,
            data: `${point}`,
          }));
          const columns: Record<string, unknown[]> = {};
          for (const name of ['trial', 'type', 'sequence', 'timestamp', 'data'] as const) {
            columns[name] = whole.map((point) => point[name]);
          }
          const broken = new Set<number>();
          for (const [name, point, value] of faults) {
            const column = columns[name] ?? [];
            if (column[point] !== value) column[point] = value;
            broken.add(point);
          }
          columns.data = columns.data?.slice(0, count - cut) ?? [];
          const { metrics } = read({ ...snapshot, metrics: { trialIds: ['t0', 't1'], ...columns } }) ?? assert.fail();
          const lengths = Object.values({ ...metrics, trialIds: metrics.trial }).map(({ length }) => length);
          assert.equal(new Set(lengths).size, 1, 'all columns are of one length');
          for (const [index, data] of metrics.data.entries()) {
            const point = Number(data);
            if (broken.has(point) || !Number.isInteger(point)) continue;
            assert.deepEqual(
              [metrics.trial[index], metrics.type[index], metrics.sequence[index]],
              [whole[point]?.trial, whole[point]?.type, point],
            );
          }
          const expected = whole.filter((_, point) => !broken.has(point) && point < count - cut).length;
          assert.ok(metrics.data.length >= expected);
        },
      ),
    );
  });

  it('never makes a schema throw, whatever its shape', () => {
    const schemas = [
      nni.trialJobSchema,
      nni.metricDataSchema,
      nni.profileSchema,
      nni.checkStatusSchema,
      nni.statisticsSchema,
      nni.exportedSchema,
      nni.manifestEntrySchema,
      experiment.summarySchema,
      experiment.trialRowSchema,
      experiment.changeSchema,
      experiment.snapshotSchema,
      experiment.snapshotPartSchema,
      manager.errorBodySchema,
      manager.managerInfoSchema,
      manager.launchedSchema,
      manager.managerLockSchema,
    ];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...schemas), (value, schema) => {
        parse<unknown>(schema, value);
        const list = parseList<unknown>(schema, value);
        assert.equal(list === undefined, !Array.isArray(value));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of the valid entries of a list', () => {
    const rows = [
      { trialJobId: 'a' },
      null,
      { trialJobId: '' },
      { trialJobId: 'b', hyperParameters: [1] },
      'c',
      { trialJobId: 'd' },
    ];
    const jobs = parseList(nni.trialJobSchema, rows) ?? [];
    assert.deepEqual(
      jobs.map(({ trialJobId, hyperParameters }) => [trialJobId, hyperParameters]),
      [
        ['a', []],
        ['b', []],
        ['d', []],
      ],
    );
  });

  it('keeps parameter names that JavaScript uses itself', () => {
    const parameters: unknown = JSON.parse('{"__proto__": 1, "constructor": 2, "prototype": 3, "lr": 0.1}');
    const names = ['__proto__', 'constructor', 'lr', 'prototype'];
    const found = [
      parse(experiment.trialRowSchema, { ...trial(0), parameters })?.parameters,
      parseParameterRecord(JSON.stringify({ parameter_id: 0, parameters }))?.parameters,
      parse(nni.exportedSchema, { parameter: parameters, value: '1', trialJobId: 'a' })?.parameter,
      parse(nni.importedSchema, { parameter: parameters, value: 1 })?.parameter,
      parse(nni.hyperParametersFields, { parameters })?.parameters,
    ];
    for (const each of found) assert.deepEqual(Object.keys(each ?? {}).sort(), names);
  });

  it('keeps the severity of a problem', () => {
    const severities = ['error', 'warning', 'information'];
    const problems = severities.map((severity) => ({ severity, message: 'Look here.' }));
    const body = parse(manager.errorBodySchema, { error: 'No.', problems });
    assert.deepEqual(
      body?.problems.map(({ severity }) => severity),
      severities,
    );
  });
});
