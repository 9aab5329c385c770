/**
 * One experiment over NNI's REST, on our runner, behind our manager and on the real NNI: the same assertions hold for all, so that
 * any client of NNI finds in ours what it knows. Where ours answers better, the better answer is asserted, for ours only.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ExperimentProfile, ExperimentSummary, TrialSdk } from '../../../src/model/experiment/experiment.ts';
import type { SearchSpace } from '../../../src/model/space/searchSpace.ts';
import type { MetricDataRecord, TrialJobInfo } from '../../../src/model/trial/trial.ts';
import { bundledVersion } from '../../../src/runner/trialSdk/detect.ts';
import { experimentRoutes } from '../../../src/wire/routes.ts';
import { findRealNni, noRealNni } from '../../harness/realNni.ts';
import {
  type Backend,
  canonical,
  managerBackend,
  ourBackend,
  type Running,
  realBackend,
  type WireConfig,
  wireFixtures,
} from './backends.ts';
import { Rest, record } from './rest.ts';

const nni = findRealNni();
if (!nni) console.log(`  ${noRealNni}`);
const backends = [ourBackend(), managerBackend(), ...(nni ? [ourBackend(nni), realBackend(nni)] : [])];

const searchSpace: SearchSpace = { mode: { _type: 'choice', _value: ['metrics', 'silent', 'fail'] } };
const config: WireConfig = {
  experimentName: 'wire',
  searchSpace,
  trialCommand: 'python3 trial.py',
  trialCodeDirectory: wireFixtures,
  trialConcurrency: 1,
  maxTrialNumber: 3,
  maxExperimentDuration: '1h',
  tuner: { name: 'GridSearch' },
};

/** The reported values as Python's json decodes them, one JSON layer down. */
const reported = ['0.25', 'NaN', 'Infinity', '"text"', 'null', 'true', '{"default": 0.5, "loss": NaN}', '[1, 2]'];

for (const backend of backends) describe(`NNI's REST: ${backend.name}`, suite(backend));
if (!nni) {
  describe("NNI's REST: NNI 3.0", () => {
    it('answers the same');
  });
}

function suite(backend: Backend) {
  return function (this: Mocha.Suite) {
    this.timeout(180_000);
    let experiment: Running;
    let rest: Rest;
    const byMode = new Map<string, TrialJobInfo>();
    const trialOf = (mode: string): TrialJobInfo => byMode.get(mode) ?? assert.fail(`no trial of mode ${mode}`);

    /** Also after it was ended and opened again. */
    async function open(opening: Promise<Running>): Promise<void> {
      experiment = await opening;
      rest = new Rest(experiment.root, experiment.headers);
    }

    before(async () => {
      await open(backend.launch(config));
      await rest.untilStatus('DONE');
      for (const trial of await rest.trials()) byMode.set(String(record(trial).parameters.mode), trial);
    });
    after(() => experiment?.dispose());

    it('says its version as bare text and its status with errors', async () => {
      assert.match((await rest.ask('GET', '/version')).text, /^\d+\.\d+(\.\d+)?/);
      assert.deepEqual(await rest.status(), { status: 'DONE', errors: [] });
    });

    it('gives the profile with the config in canonical form', async () => {
      const profile = await rest.profile();
      assert.equal(profile.id, experiment.id);
      assert.equal(profile.logDir, join(experiment.home.experiments, experiment.id));
      assert.equal(profile.nextSequenceId, 3);
      assert.ok(Number.isInteger(profile.execDuration) && Number.isInteger(profile.revision) && profile.revision > 0);
      assert.ok(Number(profile.startTime) > 1.6e12 && Number(profile.endTime) >= Number(profile.startTime));
      assert.deepEqual(profile.params, canonical(config, experiment.home));
    });

    it('lists the trials, each with the parameters it ran', async () => {
      assert.deepEqual([...byMode.keys()].sort(), ['fail', 'metrics', 'silent']);
      assert.deepEqual(
        (await rest.trials()).map((trial) => trial.sequenceId),
        [0, 1, 2],
      );
      for (const [mode, status] of [
        ['metrics', 'SUCCEEDED'],
        ['silent', 'SUCCEEDED'],
        ['fail', 'FAILED'],
      ] as const) {
        const trial = trialOf(mode);
        assert.equal(trial.status, status);
        assert.match(trial.trialJobId, /^[A-Za-z][A-Za-z0-9]{4}$/);
        assert.equal(trial.hyperParameters.length, 1);
        assert.deepEqual(record(trial), {
          parameter_id: trial.sequenceId,
          parameter_source: 'algorithm',
          parameters: { mode },
          parameter_index: 0,
        });
        assert.ok(Number(trial.startTime) <= Number(trial.endTime));
        assert.equal(
          trial.logPath,
          join(experiment.home.experiments, experiment.id, 'environments/local-env/trials', trial.trialJobId),
        );
        assert.equal(trial.envId, 'local-env');
        assert.deepEqual(await rest.get(`/trial-jobs/${trial.trialJobId}`), trial);
      }
      assert.deepEqual(
        (await rest.get<TrialJobInfo[]>('/trial-jobs?status=FAILED')).map((trial) => trial.trialJobId),
        [trialOf('fail').trialJobId],
      );
      assert.deepEqual(await rest.get('/trial-jobs?status=NONE'), []);
      assert.equal('finalMetricData' in trialOf('silent'), false);
    });

    it('gives the metrics as they were reported, whatever they are', async () => {
      const trial = trialOf('metrics');
      const rows = await rest.metrics(`/${trial.trialJobId}`);
      // NNI stores results that follow each other closely in any order; our runner keeps their order.
      if (!backend.ours) rows.sort((a, b) => b.type.localeCompare(a.type) || a.sequence - b.sequence);
      assert.deepEqual(
        rows.map(({ timestamp: _, ...row }) => row),
        [...reported, '{"default": 0.75, "loss": 0.5}'].map((value, index) => ({
          trialJobId: trial.trialJobId,
          parameterId: String(trial.sequenceId),
          type: index < reported.length ? 'PERIODICAL' : 'FINAL',
          sequence: index < reported.length ? index : 0,
          data: JSON.stringify(value),
        })),
      );
      for (const row of rows) assert.ok(row.timestamp >= Number(trial.startTime) && row.timestamp <= Date.now());
      assert.deepEqual(trial.finalMetricData, rows.slice(-1));
    });

    it('filters metrics by trial, type and range', async () => {
      const all = await rest.metrics();
      assert.equal(all.length, 10);
      const failed = trialOf('fail');
      const ofFailed = (rows: MetricDataRecord[]) => rows.filter((row) => row.trialJobId === failed.trialJobId);
      assert.deepEqual(await rest.metrics(`/${failed.trialJobId}`), ofFailed(all));
      assert.deepEqual(
        await rest.metrics('?type=FINAL'),
        all.filter((row) => row.type === 'FINAL'),
      );
      assert.equal((await rest.metrics('?type=PERIODICAL')).length, 9);
      const number = Number(failed.sequenceId);
      assert.deepEqual(await rest.get(`/metric-data-range/${number}/${number}`), ofFailed(all));
      assert.equal((await rest.get<unknown[]>('/metric-data-range/0/2')).length, 10);
      const latest = await rest.get<MetricDataRecord[]>('/metric-data-latest');
      assert.deepEqual(
        latest.map((row) => row.type),
        ['FINAL', 'PERIODICAL', 'PERIODICAL'],
      );
      if (backend.ours) {
        assert.deepEqual(latest.map((row) => row.data).sort(), [
          JSON.stringify('0.1'),
          JSON.stringify('[1, 2]'),
          JSON.stringify('{"default": 0.75, "loss": 0.5}'),
        ]);
      }
    });

    it('counts the trials and exports the results', async () => {
      const counts = await rest.get<{ trialJobStatus: string; trialJobNumber: number }[]>('/job-statistics');
      assert.deepEqual(
        counts.sort((a, b) => a.trialJobNumber - b.trialJobNumber),
        [
          { trialJobStatus: 'FAILED', trialJobNumber: 1 },
          { trialJobStatus: 'SUCCEEDED', trialJobNumber: 2 },
        ],
      );
      assert.deepEqual(await rest.get('/export-data'), [
        {
          parameter: { mode: 'metrics' },
          value: '{"default": 0.75, "loss": 0.5}',
          trialJobId: trialOf('metrics').trialJobId,
        },
      ]);
    });

    it("serves a trial's files", async () => {
      const file = (name: string) => rest.ask('GET', `/trial-file/${trialOf('metrics').trialJobId}/${name}`);
      const log = await file('trial.log');
      assert.match(log.text, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] PRINT the mode is metrics$/m);
      assert.match(log.type, /^text\/plain/);
      const errors = await file('stderr');
      assert.ok(errors.text.includes('a complaint'), errors.text);
      assert.equal((await file('stdout')).text, 'stdout is empty.');
      const missing = await file('model.onnx');
      assert.ok(missing.status >= 400 && JSON.parse(missing.text).error, missing.text);
    });

    it('describes itself in the manifest and over REST', async () => {
      const expected = {
        id: experiment.id,
        port: experiment.port,
        pid: experiment.pid,
        status: 'DONE',
        platform: 'local',
        experimentName: 'wire',
        tag: [],
        webuiUrl: [],
        logDir: experiment.home.experiments,
        prefixUrl: null,
      };
      // NNI writes a changed status a moment after it shows it.
      const entry = await rest.until(async () => {
        const { [experiment.id]: entry } = await experiment.home.manifest();
        return entry?.status === 'DONE' && entry;
      });
      for (const description of [
        entry,
        await rest.get<object>('/experiment-metadata'),
        (await rest.get<[object]>('/experiments-info'))[0],
      ]) {
        const { startTime, endTime, sdk, ...others } = description as Record<string, unknown>;
        assert.deepEqual(others, expected);
        if (!backend.ours) assert.equal(sdk, undefined);
        assert.ok(typeof startTime === 'number' && typeof endTime === 'number' && endTime >= startTime);
      }
    });

    it('takes the four updates', async () => {
      const before = (await rest.profile()).revision;
      const space = { mode: { _type: 'choice', _value: ['metrics', 'number'] } };
      for (const [type, name, value] of [
        ['TRIAL_CONCURRENCY', 'trialConcurrency', 2],
        ['MAX_EXEC_DURATION', 'maxExperimentDuration', 7200],
        ['SEARCH_SPACE', 'searchSpace', space],
        ['MAX_TRIAL_NUM', 'maxTrialNumber', 2],
      ] as const) {
        const answer = await rest.update(type, name, value);
        assert.deepEqual([answer.status, answer.text], [200, ''], type);
        assert.deepEqual((await rest.profile()).params[name], value);
      }
      assert.ok((await rest.profile()).revision > before);
      // Back to a space of which all points have been tried, so that the tuner has no more trials.
      await rest.update('SEARCH_SPACE', 'searchSpace', searchSpace);
    });

    it('keeps data that is imported', async () => {
      const data = [{ parameter: { mode: 'number' }, value: 0.125 }];
      assert.deepEqual((await rest.ask('POST', '/experiment/import-data', data)).status, 200);
      const imported = await rest.get<string[]>('/experiment/imported-data');
      assert.deepEqual(
        imported.map((text) => JSON.parse(text)),
        [data],
      );
    });

    it('has no TensorBoard task before one is started, and says so where TensorBoard is missing', async () => {
      assert.deepEqual(await rest.get('/tensorboard-tasks'), []);
      const trials = trialOf('metrics').trialJobId;
      const started = await rest.ask('POST', '/tensorboard', { trials });
      if (started.status === 200) {
        // This machine has it.
        const { id, trialJobIdList } = JSON.parse(started.text) as { id: string; trialJobIdList: string[] };
        assert.deepEqual(trialJobIdList, [trials]);
        assert.equal((await rest.get<{ id: string }>(`/tensorboard/${id}`)).id, id);
      } else {
        assert.deepEqual([started.status, typeof JSON.parse(started.text).error], [400, 'string']);
        assert.match(started.text, /tensorboard/i);
      }
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const unknown = await rest.ask(method, '/tensorboard/none1');
        assert.ok(unknown.status >= 400 && JSON.parse(unknown.text).error, `${method}: ${unknown.text}`);
      }
      assert.equal((await rest.ask('DELETE', '/tensorboard-tasks')).status, 200);
      assert.deepEqual(await rest.get('/tensorboard-tasks'), []);
    });

    it('runs a custom trial, and ends it when asked to', async () => {
      const full = await rest.ask('POST', '/trial-jobs', { mode: 'sleep' });
      assert.ok(full.status >= 400 && /maxTrialNum/i.test(JSON.parse(full.text).error), full.text);
      await rest.update('MAX_TRIAL_NUM', 'maxTrialNumber', 99);
      const isCustom = (trial: TrialJobInfo) => record(trial).parameter_source === 'customized';
      const answer = JSON.parse((await rest.ask('POST', '/trial-jobs', { mode: 'sleep' })).text) as {
        sequenceId: number;
      };
      const { trialJobId, sequenceId } = await rest.untilTrial(
        (trial) => isCustom(trial) && trial.status === 'RUNNING',
      );
      assert.deepEqual(answer, { sequenceId });
      const [row] = await rest.until(async () => {
        const rows = await rest.metrics(`/${trialJobId}`);
        return rows.length > 0 && rows;
      });
      assert.deepEqual([row?.parameterId, row?.data], [null, '"0"']);
      const running = await rest.get<TrialJobInfo>(`/trial-jobs/${trialJobId}`);
      const { parameter_id, parameter_source, parameters } = record(running);
      assert.deepEqual([parameter_id, parameter_source, parameters], [null, 'customized', { mode: 'sleep' }]);
      assert.equal('endTime' in running, false);

      const ended = await rest.ask('DELETE', `/trial-jobs/${trialJobId}`);
      assert.deepEqual([ended.status, ended.text], [200, '']);
      // NNI shows the new status before the end.
      const cancelled = await rest.untilTrial(
        (trial) => trial.trialJobId === trialJobId && trial.endTime !== undefined,
      );
      assert.equal(cancelled.status, 'USER_CANCELED');
      assert.ok(Number(cancelled.endTime) >= Number(cancelled.startTime));
      assert.equal((await rest.metrics(`/${trialJobId}`)).length, 1);
    });

    it('runs a custom trial to its end and exports it', async () => {
      await rest.ask('POST', '/trial-jobs', { mode: 'number' });
      const trial = await rest.untilTrial(
        (t) => record(t).parameters.mode === 'number' && t.finalMetricData !== undefined,
      );
      assert.equal(trial.status, 'SUCCEEDED');
      assert.deepEqual(
        trial.finalMetricData?.map(({ type, data, parameterId }) => [type, data, parameterId]),
        [['FINAL', '"0.5"', null]],
      );
      const exported = await rest.get<{ trialJobId: string; value: string; parameter: unknown }[]>('/export-data');
      assert.deepEqual(
        exported.find((row) => row.trialJobId === trial.trialJobId),
        { parameter: { mode: 'number' }, value: '0.5', trialJobId: trial.trialJobId },
      );
    });

    if (backend.ours) {
      it('says which nni its trials import', async () => {
        const { sdk } = await rest.get<{ sdk: TrialSdk }>('/experiment-metadata');
        const answer = await fetch(rest.root + experimentRoutes.summary, { headers: experiment.headers });
        assert.deepEqual(((await answer.json()) as ExperimentSummary).sdk, sdk);
        assert.deepEqual(
          [sdk.kind, sdk.version],
          backend.sdk === 'bundled' ? ['bundled', bundledVersion] : ['installed', '3.0'],
        );
        assert.match(sdk.python, /^Python 3\.\d+\.\d+ \(.+\)$/);
      });

      it('changes nothing of an ended trial when it is cancelled', async () => {
        const id = trialOf('metrics').trialJobId;
        const before = await rest.get(`/trial-jobs/${id}`);
        assert.equal((await rest.ask('DELETE', `/trial-jobs/${id}`)).status, 200);
        assert.deepEqual(await rest.get(`/trial-jobs/${id}`), before);
      });

      it('answers what NNI leaves hanging, hides behind HTML or dies of', async () => {
        const cases: [string, string, unknown, number][] = [
          ['PUT', '/experiment?update_type=NONSENSE', await rest.profile(), 400],
          ['PUT', '/experiment', await rest.profile(), 400],
          ['PUT', '/experiment?update_type=MAX_TRIAL_NUM', {}, 400],
          ['PUT', '/experiment?update_type=MAX_TRIAL_NUM', { params: {} }, 400],
          ['PUT', '/experiment?update_type=MAX_TRIAL_NUM', '{bad', 400],
          ['PUT', '/experiment?update_type=TRIAL_CONCURRENCY', { params: { trialConcurrency: -1 } }, 400],
          ['PUT', '/experiment?update_type=TRIAL_CONCURRENCY', { params: { trialConcurrency: '3' } }, 400],
          [
            'PUT',
            '/experiment?update_type=SEARCH_SPACE',
            { params: { searchSpace: { x: { _type: 'uniform', _value: [2, 1] } } } },
            400,
          ],
          ['PUT', '/experiment/cluster-metadata', { a: 1 }, 400],
          ['POST', '/experiment', {}, 409],
          ['POST', '/experiment/import-data', { no: 'list' }, 400],
          ['POST', '/trial-jobs', [1], 400],
          ['GET', '/no-such-route', undefined, 404],
          ['GET', '/trial-jobs/none1', undefined, 404],
          ['DELETE', '/trial-jobs/none1', undefined, 404],
          ['GET', `/trial-file/${trialOf('metrics').trialJobId}/..%2f..%2f..%2f..%2fdb%2fnni.sqlite`, undefined, 404],
        ];
        const before = await rest.profile();
        for (const [method, path, body, status] of cases) {
          const answer = await rest.ask(method, path, body);
          assert.equal(
            answer.status,
            status,
            `${method} ${path} ${JSON.stringify(body)}: ${answer.status} ${answer.text}`,
          );
          assert.equal(typeof JSON.parse(answer.text).error, 'string', `${method} ${path}`);
        }
        assert.deepEqual((await rest.profile()).params, before.params);
        assert.equal((await rest.status()).errors.length, 0);
      });

      it('is deaf to web pages', async () => {
        const page = { Origin: 'https://example.org', 'Content-Type': 'text/plain' };
        const answer = await rest.ask('POST', '/trial-jobs', '{"mode":"number"}', page);
        assert.ok(answer.status >= 400, `${answer.status} ${answer.text}`);
        assert.equal((await rest.ask('GET', '/experiment', undefined, { Origin: 'https://example.org' })).status, 403);
      });
    }

    it('stops when asked to: the answer first, then the port, then the process', async () => {
      const trials = (await rest.trials()).length;
      await rest.ask('POST', '/trial-jobs', { mode: 'sleep' });
      await rest.untilTrial((trial) => trial.status === 'RUNNING');
      assert.equal((await rest.trials()).length, trials + 1);
      const answer = await rest.ask('DELETE', '/experiment');
      assert.deepEqual([answer.status, answer.text], [200, '']);
      await experiment.ended;
      if (backend.answersForStopped) await rest.untilStatus('STOPPED');
      else await assert.rejects(rest.ask('GET', '/check-status'));
      const { [experiment.id]: entry } = await experiment.home.manifest();
      assert.equal(entry?.status, 'STOPPED');
      assert.equal(typeof entry?.endTime, 'number');
    });

    describe('once it is stopped', () => {
      let stored: Stored;

      it('can be looked at', async () => {
        await open(backend.reopen(experiment, 'view'));
        await rest.untilStatus(backend.answersForStopped ? 'STOPPED' : 'VIEWED');
        stored = await readStored();
        assert.deepEqual(
          stored.trials.map(({ trialJobId }) => trialJobId).slice(0, 3),
          [...byMode.values()].map(({ trialJobId }) => trialJobId),
        );
        const full = stored.trials.find(({ trialJobId }) => trialJobId === trialOf('metrics').trialJobId);
        assert.deepEqual([full?.status, full?.finalMetricData], ['SUCCEEDED', trialOf('metrics').finalMetricData]);
        assert.equal(stored.exported.length, 2);
        assert.equal(stored.imported.length, 1);
        assert.equal(stored.profile.id, experiment.id);
        assert.equal((await rest.get<{ id: string }>('/experiment-metadata')).id, experiment.id);
      });

      it('refuses to be changed, and says why', async () => {
        const profile = await rest.profile();
        const ended = trialOf('metrics').trialJobId;
        for (const [method, path, body] of [
          [
            'PUT',
            '/experiment?update_type=MAX_TRIAL_NUM',
            { ...profile, params: { ...profile.params, maxTrialNumber: 7 } },
          ],
          ['POST', '/experiment/import-data', [{ parameter: { mode: 'number' }, value: 1 }]],
          ['POST', '/trial-jobs', { mode: 'number' }],
          ['DELETE', `/trial-jobs/${ended}`, undefined],
        ] as const) {
          const answer = await rest.ask(method, path, body);
          assert.ok(answer.status >= 400, `${method} ${path}: ${answer.status} ${answer.text}`);
          assert.equal(typeof JSON.parse(answer.text).error, 'string', `${method} ${path}`);
        }
        assert.deepEqual(await readStored(), stored);
        await experiment.end();
      });

      it('goes on where it was', async () => {
        await open(backend.reopen(experiment, 'resume'));
        await rest.untilStatus('RUNNING', 'TUNER_NO_MORE_TRIAL', 'NO_MORE_TRIAL', 'DONE');
        const now = await readStored();
        // NNI starts again what it had not recorded the end of.
        const ended = (trials: TrialJobInfo[]) => trials.filter((trial) => trial.endTime !== undefined);
        assert.deepEqual(ended(now.trials).slice(0, ended(stored.trials).length), ended(stored.trials));
        assert.deepEqual(now.imported, stored.imported);
        const known = new Set(now.trials.map(({ trialJobId }) => trialJobId));
        await rest.update('MAX_TRIAL_NUM', 'maxTrialNumber', 200);
        await rest.ask('POST', '/trial-jobs', { mode: 'number' });
        const trial = await rest.untilTrial(
          (t) => !known.has(t.trialJobId) && record(t).parameters.mode === 'number' && t.finalMetricData !== undefined,
        );
        assert.equal(trial.finalMetricData?.[0]?.data, '"0.5"');
        // NNI begins to count anew, so that numbers occur twice.
        if (backend.ours) assert.equal(trial.sequenceId, stored.trials.length);
      });
    });

    interface Stored {
      profile: ExperimentProfile;
      trials: TrialJobInfo[];
      metrics: MetricDataRecord[];
      exported: unknown[];
      imported: unknown[];
    }

    async function readStored(): Promise<Stored> {
      return {
        profile: await rest.profile(),
        trials: await rest.trials(),
        metrics: await rest.metrics(),
        exported: await rest.get('/export-data'),
        imported: await rest.get('/experiment/imported-data'),
      };
    }
  };
}
