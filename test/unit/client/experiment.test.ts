/** The client on answers recorded from the real NNI 3.0, and on what else might come. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { projectRoot } from '../../../scripts/folders.ts';
import {
  AlreadyConnectedError,
  BadAnswerError,
  ClientError,
  EndpointError,
  NotConnectedError,
  NotFoundError,
} from '../../../src/client/errors.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import { inTurn, json, Scene, text } from './scene.ts';

const recorded = (name: string) =>
  readFileSync(join(projectRoot, 'test/fixtures/nni-3.0/rest/hpo', `${name}.json`), 'utf8').trim();
const parsed = (name: string) => JSON.parse(recorded(name));

describe('The client of an experiment', () => {
  let scene: Scene;
  let experiment: Experiment;

  before(async () => {
    scene = await new Scene().open();
    experiment = Experiment.at(scene.address);
  });
  beforeEach(() => {
    scene.requests.length = 0;
    scene.bodies.length = 0;
  });
  after(async () => {
    experiment.dispose();
    await scene.close();
  });
  const answered = <T>(name: string, ask: () => Promise<T>): Promise<T> => {
    scene.answer = text(recorded(name));
    return ask();
  };

  /** What reads something, and the recorded answer to it. */
  const reads: [name: string, path: string, ask: () => Promise<unknown>][] = [
    ['check-status', '/check-status', () => experiment.getExperimentStatus()],
    ['experiment', '/experiment', () => experiment.getExperimentProfile()],
    ['trial-jobs', '/trial-jobs', () => experiment.listTrialJobs()],
    ['trial-jobs__TRIAL', '/trial-jobs/zOodQ', () => experiment.getTrialJob('zOodQ')],
    ['job-statistics', '/job-statistics', () => experiment.getJobStatistics()],
    ['metric-data', '/metric-data', () => experiment.getJobMetrics()],
    ['metric-data__TRIAL', '/metric-data/zOodQ', () => experiment.getJobMetrics('zOodQ')],
    [
      'metric-data-range__0__3',
      '/metric-data-range/0/3',
      () => experiment.metricRecords({ range: { from: 0, to: 3 } }),
    ],
    ['export-data', '/export-data', () => experiment.exportData()],
  ];

  it('returns parameters as they were written, for texts that go back to a trial', async () => {
    const wrote = '{"rate": 1.0, "layers": 1, "seed": 12345678901234567890, "branch": {"_name": "a", "width": 2.0}}';
    const asked = async (parameters: string) => {
      const record = `{"parameter_id": 0, "parameter_source": "algorithm", "parameters": ${parameters}}`;
      scene.answer = json({ trialJobId: 'T1', status: 'SUCCEEDED', hyperParameters: [record] });
      return JSON.stringify(await experiment.writtenParameters('T1'));
    };
    assert.equal(await asked(wrote), wrote.replaceAll(' ', ''));
    assert.equal(await asked('{"rate": NaN}'), '{"rate":null}');
  });

  it('reads every recorded answer without losing a field', async () => {
    assert.deepEqual(await answered('check-status', () => experiment.getExperimentStatus()), {
      status: 'DONE',
      errors: [],
    });
    assert.deepEqual(await answered('experiment', () => experiment.getExperimentProfile()), parsed('experiment'));
    assert.deepEqual(await answered('trial-jobs', () => experiment.trialJobInfos()), parsed('trial-jobs'));
    assert.deepEqual(await answered('metric-data', () => experiment.metricRecords()), parsed('metric-data'));
    assert.deepEqual(await answered('job-statistics', () => experiment.getJobStatistics()), parsed('job-statistics'));
    assert.deepEqual(await answered('export-data', () => experiment.exportRecords()), parsed('export-data'));
  });

  it('parses the JSON inside the JSON', async () => {
    const job = await answered('trial-jobs__TRIAL', () => experiment.getTrialJob('zOodQ'));
    assert.equal(job.hyperParameters?.[0]?.parameter_id, 0);
    assert.equal(typeof job.hyperParameters?.[0]?.parameters?.x, 'number');
    assert.deepEqual(job.finalMetricData?.[0]?.data, { default: -0.6104494608467362, loss: 1.6104494608467363 });
    const metrics = await answered('metric-data', () => experiment.getJobMetrics());
    assert.equal(Object.values(metrics).flat().length, parsed('metric-data').length);
    const [first] = await answered('export-data', () => experiment.exportData());
    assert.deepEqual(first?.value, JSON.parse(parsed('export-data')[0].value));
  });

  it('uses NNI’s routes and names', async () => {
    for (const [name, path, ask] of reads) {
      await answered(name, ask);
      assert.equal(scene.requests.at(-1), `GET /api/v1/nni${path}`);
    }
    await answered('trial-jobs', () => experiment.listTrialJobs({ status: 'FAILED' }));
    await answered('metric-data', () => experiment.metricRecords({ trialJobId: 'a/b', type: 'FINAL' }));
    assert.deepEqual(scene.requests.slice(-2), [
      'GET /api/v1/nni/trial-jobs?status=FAILED',
      'GET /api/v1/nni/metric-data/a%2Fb?type=FINAL',
    ]);
  });

  it('throws NotFoundError for a trial that NNI answers with nothing', async () => {
    scene.answer = text('');
    await assert.rejects(experiment.getTrialJob('nosuch'), NotFoundError);
    scene.answer = json({ error: 'There is no trial nosuch.' }, 404);
    await assert.rejects(experiment.getTrialJob('nosuch'), NotFoundError);
  });

  it('reports INITIALIZED for an NNI that is still starting', async () => {
    scene.answer = text('INITIALIZING');
    assert.deepEqual(await experiment.getExperimentStatus(), { status: 'INITIALIZED', errors: [] });
  });

  const noAnswers = ['', '{', '[', 'null', '3', '"text"', '<html></html>', '{"error": "x"}', 'undefined', '[[]]', '{}'];
  it('throws BadAnswerError for an answer of another form, or reads nothing from it', async () => {
    for (const [name, , ask] of reads) {
      for (const body of [...noAnswers, recorded(name).slice(0, -2), recorded(name).slice(0, 20)]) {
        scene.answer = text(body);
        const result = await ask().catch((error: unknown) => error);
        const nothing = Array.isArray(result) ? result.length === 0 : Object.keys(Object(result)).length === 0;
        assert.ok(result instanceof ClientError || nothing, `${name} on ${body}: ${JSON.stringify(result)}`);
      }
    }
  });

  it('reads all records except the broken ones', async () => {
    const values = fc.constantFrom(null, 3, '', 'x', [], {}, true, -1.5, [null], { a: 1 }, undefined);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('trial-jobs', 'metric-data', 'export-data', 'job-statistics'),
        fc.nat(),
        fc.nat(),
        values,
        async (name, at, key, value) => {
          const rows = parsed(name) as Record<string, unknown>[];
          const index = at % rows.length;
          const row = { ...rows[index] };
          const keys = Object.keys(row);
          row[keys[key % keys.length] ?? ''] = value;
          rows[index] = row;
          scene.answer = json(rows);
          const read = reads.find(([each]) => each === name)?.[2] ?? assert.fail();
          const result = (await read()) as object;
          const records = name === 'metric-data' ? Object.values(result).flat() : (result as unknown[]);
          assert.ok(records.length >= rows.length - 1, `${records.length} of ${rows.length}`);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads metrics of every form as Python does', async () => {
    const reported: [text: string, value: unknown][] = [
      ['NaN', Number.NaN],
      ['-Infinity', Number.NEGATIVE_INFINITY],
      ['"oops"', 'oops'],
      ['null', null],
      ['true', true],
      ['[1, 2]', [1, 2]],
      ['{"default": NaN, "loss": 1}', { default: Number.NaN, loss: 1 }],
      ['no json', 'no json'],
      ['', ''],
    ];
    scene.answer = json(
      reported.map(([value], sequence) => ({
        timestamp: 1,
        trialJobId: 'a',
        parameterId: sequence,
        type: 'PERIODICAL',
        sequence,
        data: JSON.stringify(value),
      })),
    );
    const { a: rows = [] } = await experiment.getJobMetrics();
    assert.deepEqual(
      rows.map(({ data, parameterId }) => [data, parameterId]),
      reported.map(([, value], index) => [value, String(index)]),
    );
  });

  it('changes one value of the profile and sends all of it, as NNI’s own clients do', async () => {
    scene.answer = inTurn(text(recorded('experiment')), text(''));
    await experiment.updateConcurrency(7);
    scene.answer = inTurn(text(recorded('experiment')), text(''));
    await experiment.updateDuration('1.5h');
    const profile = parsed('experiment');
    const changed = (params: object) => ({ ...profile, params: { ...profile.params, ...params } });
    assert.deepEqual(scene.requests, [
      'GET /api/v1/nni/experiment',
      'PUT /api/v1/nni/experiment?update_type=TRIAL_CONCURRENCY',
      'GET /api/v1/nni/experiment',
      'PUT /api/v1/nni/experiment?update_type=MAX_EXEC_DURATION',
    ]);
    assert.deepEqual(JSON.parse(scene.bodies[1] ?? ''), changed({ trialConcurrency: 7 }));
    assert.deepEqual(JSON.parse(scene.bodies[3] ?? ''), changed({ maxExperimentDuration: 5400 }));
  });

  it('refuses values NNI would take and choke on', async () => {
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(experiment.updateConcurrency(value), /whole number of at least 1/);
      await assert.rejects(experiment.updateTrialnum(value), /whole number of at least 1/);
    }
    await assert.rejects(experiment.updateDuration('soon'), /is no duration/);
    assert.deepEqual(scene.requests, []);
  });

  it('cancels only running trials, because NNI would drop the result of an ended one', async () => {
    await answered('trial-jobs__TRIAL', () => experiment.killTrialJob('zOodQ'));
    assert.deepEqual(scene.requests, ['GET /api/v1/nni/trial-jobs/zOodQ']);
    scene.answer = inTurn(json({ trialJobId: 'b', status: 'RUNNING', hyperParameters: [] }), text(''));
    await experiment.killTrialJob('b');
    assert.equal(scene.requests.at(-1), 'DELETE /api/v1/nni/trial-jobs/b');
  });

  it('adds a trial and returns its number', async () => {
    scene.answer = json({ sequenceId: 12 });
    assert.equal(await experiment.addTrial({ x: 1 }), 12);
    assert.equal(scene.bodies.at(-1), '{"x":1}');
    scene.answer = text('');
    await assert.rejects(experiment.addTrial({ x: 1 }), BadAnswerError);
  });

  it('reads files, their ends, and empty ones', async () => {
    scene.answer = text(recorded('trial-file__FAILED__trial.stderr'), 200, 'text/plain');
    const { text: whole, truncated } = await experiment.readTrialFile('a', 'stderr');
    assert.match(whole, /RuntimeError: diverged/);
    assert.equal(truncated, false);
    assert.deepEqual(await experiment.readTrialFile('a', 'stderr', { maxBytes: 9 }), {
      text: whole.slice(-9),
      truncated: true,
    });
    scene.answer = text('stdout is empty.', 200, 'text/plain');
    assert.deepEqual(await experiment.readTrialFile('a', 'stdout'), { text: '', truncated: false });
    // Cut within a letter of two bytes.
    scene.answer = (_request, response) => {
      response.setHeader('x-trialdeck-start', '3').end(Buffer.from('é!').subarray(1));
    };
    assert.deepEqual(await experiment.readTrialFile('a', 'trial.log', { maxBytes: 2 }), { text: '!', truncated: true });
    assert.equal(scene.requests.at(-1), 'GET /api/v1/nni/trial-file/a/trial.log?tail=2');
  });

  it('explains how to connect when any method is called before, and sends no request', async () => {
    const alone = new Experiment();
    assert.deepEqual([alone.id, alone.endpoint, alone.port], [undefined, undefined, undefined]);
    const calls = [
      ...reads.map(([, , ask]) => ask.toString().match(/experiment\.(\w+)/)?.[1] ?? ''),
      ...[
        'updateConcurrency',
        'updateTrialnum',
        'updateTrailnum',
        'updateDuration',
        'updateSearchspace',
        'stopExperiment',
      ],
      ...[
        'addTrial',
        'killTrialJob',
        'importData',
        'getImportedData',
        'getVersion',
        'readTrialFile',
        'readExperimentLog',
      ],
      ...[
        'getExperimentMetadata',
        'getAllExperimentsMetadata',
        'metricRange',
        'latestMetrics',
        'waitCompletion',
        'snapshot',
      ],
      ...['startTensorBoard', 'listTensorBoards', 'getTensorBoard', 'stopTensorBoard', 'stopTensorBoards', 'summary'],
    ];
    for (const name of new Set(calls)) {
      const method: unknown = Reflect.get(alone, name);
      assert.ok(typeof method === 'function', name);
      const argument = { startTensorBoard: [], waitCompletion: {}, snapshot: {}, summary: {} }[name] ?? 1;
      const call = Promise.resolve(Reflect.apply(method, alone, name.startsWith('list') ? [] : [argument]));
      await assert.rejects(call, (error) => {
        assert.ok(error instanceof NotConnectedError, `${name}: ${error}`);
        assert.match(
          error.message,
          /Call startExperiment, resumeExperiment, viewExperiment or connectExperiment first\.$/,
        );
        return true;
      });
    }
    alone.dispose();
  });

  it('refuses a text that is not an endpoint, and can then connect to another one', async () => {
    const alone = new Experiment();
    scene.answer = text('<html>a page</html>');
    await assert.rejects(alone.connectExperiment(scene.address), EndpointError);
    await assert.rejects(alone.connectExperiment('nonsense'), EndpointError);
    await assert.rejects(alone.connectExperiment('localhost:1'), EndpointError);
    const connected = Experiment.at(scene.address);
    await assert.rejects(connected.connectExperiment(scene.address), AlreadyConnectedError);
    await assert.rejects(
      connected.startExperiment('config.yml'),
      /is connected to .* already\. One instance has one experiment/,
    );
    connected.dispose();
    assert.equal(connected.endpoint, undefined);
  });

  it('explains that a real NNI does not have our routes', async () => {
    scene.answer = text('<!doctype html><title>NNI</title>');
    await assert.rejects(experiment.snapshot(), /answered with a web page instead of data, so it does not have this/);
  });
});
