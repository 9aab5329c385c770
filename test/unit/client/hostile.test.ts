/** Answers of a real NNI, whole and spoilt in every way: nothing is dropped, nothing hangs, and only errors of the client come out. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { projectRoot } from '../../../scripts/folders.ts';
import { ClientError } from '../../../src/client/errors.ts';
import { Experiment } from '../../../src/client/experiment.ts';
import { parseJson } from '../../../src/model/json/parseJson.ts';

import { type Answer, Scene, silent, text } from './scene.ts';

const folder = join(projectRoot, 'test/fixtures/nni-3.0/rest/hpo');
const recorded = (name: string) => readFileSync(join(folder, `${name}.json`), 'utf8');
const parsed = (name: string): unknown => JSON.parse(recorded(name));
const rowsOf = (name: string) => parsed(name) as Record<string, unknown>[];

interface Read {
  /** The recorded answers it reads. */
  fixtures: string[];
  ask(experiment: Experiment): Promise<unknown>;
  /** What it makes of the first of them, as far as that can be compared. */
  whole?(result: never, fixture: string): void;
}

/** Everything that reads, by method. */
const reads: Record<string, Read> = {
  getVersion: {
    fixtures: ['version'],
    ask: (experiment) => experiment.getVersion(),
    whole: (result: string) => assert.equal(result, recorded('version').trim()),
  },
  getExperimentStatus: {
    fixtures: ['check-status'],
    ask: (experiment) => experiment.getExperimentStatus(),
    whole: (result: object) => assert.deepEqual(result, parsed('check-status')),
  },
  getExperimentProfile: {
    fixtures: ['experiment'],
    ask: (experiment) => experiment.getExperimentProfile(),
    whole: (result: object) => assert.deepEqual(result, parsed('experiment')),
  },
  getExperimentMetadata: {
    fixtures: ['experiment-metadata'],
    ask: (experiment) => experiment.getExperimentMetadata(),
    whole: (result: object) => assert.deepEqual(result, parsed('experiment-metadata')),
  },
  getAllExperimentsMetadata: {
    fixtures: ['experiments-info'],
    ask: (experiment) => experiment.getAllExperimentsMetadata(),
    // NNI writes `N/A` and null where it has no port and no process.
    whole: (result: object[]) =>
      assert.deepEqual(
        result,
        rowsOf('experiments-info').map((row) =>
          Object.fromEntries(
            Object.entries(row).filter(([key, value]) => !(['port', 'pid'].includes(key) && typeof value !== 'number')),
          ),
        ),
      ),
  },
  listTrialJobs: {
    fixtures: ['trial-jobs'],
    ask: (experiment) => experiment.listTrialJobs(),
    whole: (result: object[]) => assert.deepEqual(result.map(plain), rowsOf('trial-jobs').map(openedTrial)),
  },
  trialJobInfos: {
    fixtures: ['trial-jobs'],
    ask: (experiment) => experiment.trialJobInfos(),
    whole: (result: object[]) => assert.deepEqual(result, parsed('trial-jobs')),
  },
  getTrialJob: {
    fixtures: ['trial-jobs__TRIAL'],
    ask: (experiment) => experiment.getTrialJob('zOodQ'),
    whole: (result: object) =>
      assert.deepEqual(plain(result), openedTrial(parsed('trial-jobs__TRIAL') as Record<string, unknown>)),
  },
  writtenParameters: { fixtures: ['trial-jobs__TRIAL'], ask: (experiment) => experiment.writtenParameters('zOodQ') },
  getJobStatistics: {
    fixtures: ['job-statistics'],
    ask: (experiment) => experiment.getJobStatistics(),
    whole: (result: object[]) => assert.deepEqual(result, parsed('job-statistics')),
  },
  getJobMetrics: {
    fixtures: ['metric-data', 'metric-data__TRIAL'],
    ask: (experiment) => experiment.getJobMetrics(),
    whole: wholeMetrics,
  },
  metricRange: {
    fixtures: ['metric-data-range__0__3'],
    ask: (experiment) => experiment.metricRange(0, 3),
    whole: wholeMetrics,
  },
  latestMetrics: {
    fixtures: ['metric-data-latest'],
    ask: (experiment) => experiment.latestMetrics(),
    whole: wholeMetrics,
  },
  metricRecords: {
    fixtures: ['metric-data', 'metric-data__TRIAL', 'metric-data-range__0__3', 'metric-data-latest'],
    ask: (experiment) => experiment.metricRecords(),
    whole: (result: object[], fixture) => assert.deepEqual(result, parsed(fixture)),
  },
  exportData: {
    fixtures: ['export-data'],
    ask: (experiment) => experiment.exportData(),
    whole: (result: object[]) =>
      assert.deepEqual(
        result.map(plain),
        rowsOf('export-data').map((row) => ({ ...row, value: parseJson(String(row.value)) })),
      ),
  },
  exportRecords: {
    fixtures: ['export-data'],
    ask: (experiment) => experiment.exportRecords(),
    whole: (result: object[]) => assert.deepEqual(result, parsed('export-data')),
  },
  getImportedData: { fixtures: ['trial-jobs'], ask: (experiment) => experiment.getImportedData() },
  listTensorBoards: { fixtures: ['trial-jobs'], ask: (experiment) => experiment.listTensorBoards() },
  getTensorBoard: { fixtures: ['experiment'], ask: (experiment) => experiment.getTensorBoard('a') },
  summary: { fixtures: ['experiment'], ask: (experiment) => experiment.summary() },
  snapshot: { fixtures: ['experiment'], ask: (experiment) => experiment.snapshot() },
};
/** Texts, and writes: anything may come back. */
const others: Record<string, (experiment: Experiment) => Promise<unknown>> = {
  readTrialFile: (experiment) => experiment.readTrialFile('a', 'trial.log', { maxBytes: 100 }),
  readExperimentLog: (experiment) => experiment.readExperimentLog({ name: 'dispatcher.log' }),
  addTrial: (experiment) => experiment.addTrial({ x: 1 }),
  killTrialJob: (experiment) => experiment.killTrialJob('a'),
  importData: (experiment) => experiment.importData([{ parameter: { x: 1 }, value: 1 }]),
  updateConcurrency: (experiment) => experiment.updateConcurrency(2),
  updateSearchspace: (experiment) => experiment.updateSearchspace({}),
  startTensorBoard: (experiment) => experiment.startTensorBoard(['a']),
  stopTensorBoard: (experiment) => experiment.stopTensorBoard('a'),
  stopTensorBoards: (experiment) => experiment.stopTensorBoards(),
};
const methods: [name: string, ask: (experiment: Experiment) => Promise<unknown>][] = [
  ...Object.entries(reads).map(([name, { ask }]): [string, Read['ask']] => [name, ask]),
  ...Object.entries(others),
];

/** An instance as a value, without what is missing. */
function plain(record: object): unknown {
  return JSON.parse(JSON.stringify(record));
}

function openedMetric(row: Record<string, unknown>): Record<string, unknown> {
  return { ...row, data: parseJson(JSON.parse(String(row.data))) };
}

function openedTrial(row: Record<string, unknown>): Record<string, unknown> {
  // Which machine of a pool it ran on is for NNI's own pages.
  const { envId: _, hyperParameters, finalMetricData, ...rest } = row;
  return {
    ...rest,
    hyperParameters: (hyperParameters as string[]).map((entry) => JSON.parse(entry)),
    ...(finalMetricData ? { finalMetricData: (finalMetricData as Record<string, unknown>[]).map(openedMetric) } : {}),
  };
}

function wholeMetrics(result: Record<string, object[]>, fixture: string): void {
  const rows = rowsOf(fixture).map(openedMetric);
  const ids = [...new Set(rows.map((row) => row.trialJobId))];
  assert.deepEqual(
    Object.values(result).flat().map(plain),
    ids.flatMap((id) => rows.filter((row) => row.trialJobId === id)),
  );
}

describe('A hostile server', function () {
  this.timeout(120_000);
  let scene: Scene;
  let experiment: Experiment;

  before(async () => {
    scene = await new Scene().open();
    experiment = Experiment.at(scene.address, { idleTimeout: 300, deadline: 1000 });
  });
  after(async () => {
    experiment.dispose();
    await scene.close();
  });

  /** Resolves with what came or the client's error. Anything else that is thrown fails the test. */
  async function outcome(name: string, ask: (experiment: Experiment) => Promise<unknown>): Promise<unknown> {
    try {
      return await ask(experiment);
    } catch (error) {
      assert.ok(error instanceof ClientError, `${name}: ${error instanceof Error ? error.stack : String(error)}`);
      assert.match(error.message, /^Could not .+: .+/);
      return error;
    }
  }

  it('loses no field of any recorded answer of NNI 3.0', async () => {
    const read = new Set<string>();
    for (const { fixtures, ask, whole } of Object.values(reads)) {
      for (const fixture of whole ? fixtures : []) {
        scene.answer = text(recorded(fixture).trim());
        whole?.((await ask(experiment)) as never, fixture);
        read.add(fixture);
      }
    }
    const files = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));
    const rest = files.filter((name) => !read.has(name));
    for (const name of rest) assert.match(name, /^(trial-file|not-found)__/);
    for (const name of rest.filter((each) => each.startsWith('trial-file'))) {
      scene.answer = text(recorded(name), 200, 'text/plain');
      assert.equal((await experiment.readTrialFile('a', 'stderr')).text, recorded(name));
    }
  });

  it('causes an error when it cuts an answer off anywhere; half an answer is never taken for a whole one', async () => {
    for (const [name, { fixtures, ask }] of Object.entries(reads)) {
      const whole = recorded(fixtures[0] ?? '').trim();
      for (let part = 1; part < 24; part++) {
        const body = whole.slice(0, Math.floor((whole.length * part) / 24));
        // Of a bare text nobody can tell.
        if (name === 'getVersion') continue;
        scene.answer = text(body);
        const result = await outcome(name, ask);
        assert.ok(result instanceof ClientError, `${name}: ${body.slice(0, 50)}`);
      }
    }
  });

  it('causes an error when it closes the connection within its answer', async () => {
    for (const [name, { fixtures, ask }] of Object.entries(reads)) {
      const body = recorded(fixtures[0] ?? '');
      scene.answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(body.length) });
        response.write(body.slice(0, body.length / 2), () => response.destroy());
      };
      assert.ok((await outcome(name, ask)) instanceof ClientError, name);
    }
  });

  it('loses at most the record in which a field is spoilt', async () => {
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        '',
        'N/A',
        true,
        -1.5,
        1e308,
        [],
        {},
        [null],
        [[]],
        { a: 1 },
        '{',
        '[',
        '__proto__',
      ),
      fc.jsonValue(),
    );
    const listed = Object.entries(reads).filter(([, { fixtures }]) => recorded(fixtures[0] ?? '').startsWith('['));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...listed), fc.nat(), fc.nat(), values, async (read, at, key, value) => {
        const [name, { fixtures, ask, whole }] = read;
        const rows = rowsOf(fixtures[0] ?? '');
        const index = at % rows.length;
        const keys = Object.keys(rows[index] ?? {});
        rows[index] = { ...rows[index], [keys[key % keys.length] ?? '']: value };
        scene.answer = text(JSON.stringify(rows));
        const result = await outcome(name, ask);
        if (!whole) return;
        const records = Array.isArray(result) ? result : Object.values(Object(result) as object).flat();
        assert.ok(records.length >= rows.length - 1, `${name}: ${records.length} of ${rows.length}`);
        // Printing is reading, too.
        for (const record of records) assert.equal(typeof String(JSON.stringify(record)), 'string');
      }),
      { numRuns: 300 },
    );
  });

  it('is read, or causes an error, with any value as its answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.json({ maxDepth: 4 }), async ([name, ask], body) => {
        scene.answer = text(body);
        await outcome(name, ask);
      }),
      { numRuns: 300 },
    );
  });

  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const page = '<!doctype html><html><head><title>Neural Network Intelligence</title></head></html>';
  const gzip: Answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end('no gzip at all');
  const status =
    (code: number, body = ''): Answer =>
    (_request, response) =>
      response.writeHead(code, { location: '/elsewhere', 'content-type': 'text/html' }).end(body);
  const drip: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('[');
    const timer = setInterval(() => response.write(' '), 50);
    response.once('close', () => clearInterval(timer));
  };
  const answers: [what: string, answer: Answer, error: boolean][] = [
    ['its web page, called JSON, as NNI does for what it does not know', text(page), true],
    ['a page that says 500', status(500, '<html><pre>Error: at /home/user/main.js:1:1</pre></html>'), true],
    ['nothing, and 204', status(204), false],
    ['a way to elsewhere', status(302), true],
    ['401', status(401), true],
    ['404 and a page', status(404, '<html>'), true],
    ['503', status(503, '{"error": "busy"}'), true],
    ['what is no gzip, but says so', gzip, true],
    ['an end of the connection', (request) => request.socket.destroy(), true],
    ['nothing at all', silent, true],
    ['blanks for ever', drip, true],
    ['another type of content', text('{"a": 1}', 200, 'image/png'), false],
    ['something nested deeper than a stack', text(deep), false],
    [
      'a record with something nested too deep',
      text(`[{"trialJobId": "a", "type": "FINAL", "data": ${deep}, "value": ${deep}}]`),
      false,
    ],
    ['a huge list of nothing', text(`[${'null,'.repeat(500_000)}null]`), false],
    ['a huge text', text(`"${'x'.repeat(5_000_000)}"`), false],
    ['bytes that are no text', (_request, response) => response.end(Buffer.from([0xff, 0xfe, 0x00, 0x80])), false],
  ];
  for (const [what, answer, always] of answers) {
    it(`neither hangs a method nor causes another error when it answers with ${what}`, async () => {
      scene.answer = answer;
      const results = await Promise.all(
        methods
          // A snapshot may come slowly: it has three minutes.
          .filter(([name]) => answer !== drip || name !== 'snapshot')
          .map(async ([name, ask]): Promise<[string, unknown]> => [name, await outcome(name, ask)]),
      );
      for (const [name, result] of results) {
        // A file may be a page, and a write needs no words.
        const free = /^read|^import|^update|^stop|^kill/.test(name) && /page|HTML/.test(what);
        if (always && !free) assert.ok(result instanceof ClientError, `${name}: ${JSON.stringify(result)}`);
      }
    });
  }
});
