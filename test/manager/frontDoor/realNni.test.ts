/** A real NNI 3.0 beside the manager: the manager shows what NNI hides, and resumes what NNI leaves behind. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { followExperiment } from '../../../src/client/follow/follow.ts';
import type { ExperimentSnapshot, ExperimentSummary } from '../../../src/model/experiment/experiment.ts';
import { experimentPhase } from '../../../src/model/experiment/experimentPhase.ts';
import { experimentRoot, experimentRoutes, nniBase } from '../../../src/wire/routes.ts';
import { freePort, Home, killHard } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { findRealNni, launchWithNnictl, noRealNni, type RealNni } from '../../harness/realNni.ts';

/** The first results are of a kind at which NNI's tuner dies. */
const trial = `
import os, nni
x = nni.get_next_parameter()['x']
nni.report_final_result(x if os.path.exists('mended') else 'oops')
`;
const config = `
experimentName: oops
searchSpace: { x: { _type: uniform, _value: [0, 1] } }
trialCommand: python3 trial.py
trialCodeDirectory: .
trialConcurrency: 1
maxTrialNumber: 4
tuner: { name: TPE }
trainingService: { platform: local }
`;

describe('a real NNI beside the manager', () => {
  let nni: RealNni;
  let home: Home;

  before(function () {
    const found = findRealNni();
    if (!found) {
      console.log(`!! SKIPPED: ${noRealNni}`);
      this.skip();
    }
    nni = found;
  });
  beforeEach(async () => {
    home = await Home.make();
  });
  afterEach(() => home?.dispose());

  it('is shown as stalled when its tuner has died, as crashed when it was killed, and then goes on here', async function () {
    this.timeout(300_000);
    const code = join(home.path, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'trial.py'), trial);
    writeFileSync(join(code, 'config.yml'), config);
    const manager = await ManagerProcess.start(home, {
      environment: { PATH: `${dirname(nni.python)}:${process.env.PATH}` },
    });
    const args = ['create', '--config', join(code, 'config.yml'), '--port', String(await freePort())];
    await launchWithNnictl(nni, [...args, '--url_prefix', 'a/b'], home.environment(nni.python));
    const [entry] = Object.values(await home.manifest());
    const { id, pid } = entry ?? assert.fail();

    const isStalled = (summary: ExperimentSummary) => experimentPhase(summary) === 'stalled';
    const stalled = await manager.until(id, isStalled);
    assert.match(stalled.errors.join(), /^The tuner has failed \(RuntimeError: Incorrect final result.*resume it\.$/);
    assert.deepEqual([stalled.status, stalled.live, stalled.engine], ['RUNNING', true, 'nni']);
    assert.equal(stalled.urlPrefix, 'a/b');
    // NNI itself says that all is well.
    const status = await manager.get(`${experimentRoot(id)}${nniBase}/check-status`);
    assert.deepEqual(status, { status: 'RUNNING', errors: [] });

    await killHard(pid ?? 0);
    const crashed = await manager.until(id, ({ live }) => !live);
    assert.equal(experimentPhase(crashed), 'crashed');
    assert.match(crashed.errors.join(), /crashed.*resume it to go on/);

    writeFileSync(join(code, 'mended'), '');
    await manager.launch({ action: 'resume', id });
    const done = await manager.until(id, (summary) => summary.status === 'DONE');
    assert.deepEqual([done.engine, done.errors, done.counts], ['trialdeck', [], { SUCCEEDED: 4 }]);
    const { trials } = await manager.get<ExperimentSnapshot>(`${experimentRoot(id)}${experimentRoutes.snapshot}`);
    assert.deepEqual(trials.map(({ number }) => number).sort(), [0, 1, 2, 3]);
    const [first, ...others] = trials;
    assert.equal(first?.final, '"oops"');
    for (const { parameters, final } of others) assert.equal(Number(final), parameters.x);
  });

  it('is followed to its end', async function () {
    this.timeout(300_000);
    const code = join(home.path, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'mended'), '');
    writeFileSync(join(code, 'trial.py'), trial);
    writeFileSync(join(code, 'config.yml'), config);
    const manager = await ManagerProcess.start(home);
    const args = ['create', '--config', join(code, 'config.yml'), '--port', String(await freePort())];
    await launchWithNnictl(nni, args, home.environment(nni.python));
    const [id] = Object.keys(await home.manifest());
    assert.ok(id);
    await manager.until(id, ({ live }) => live);
    // Only NNI's manifest says that it is done.
    const end = new AbortController();
    let status: string | undefined;
    const look = (summary: ExperimentSummary | undefined) => {
      status = summary?.status ?? status;
      if (status === 'DONE') end.abort();
    };
    const follower = {
      onSnapshot: ({ summary }: { summary: ExperimentSummary }) => look(summary),
      onChange: ({ summary }: { summary?: ExperimentSummary }) => look(summary),
    };
    await followExperiment(manager.client.experiment(id), follower, end.signal);
    assert.equal(status, 'DONE');
  });
});
