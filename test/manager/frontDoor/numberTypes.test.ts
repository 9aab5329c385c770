/** The Python types of the numbers that a trial gets: a whole float stays a float from a config, a resume, a person or a client. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { experimentLayout } from '../../../src/server/storage/layout.ts';
import { experimentRoot, nniBase } from '../../../src/wire/routes.ts';
import { Home } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';

const trial = `
import json
import os
import nni

def kind(value):
    if isinstance(value, dict):
        return {name: kind(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [kind(inner) for inner in value]
    return type(value).__name__ + ' ' + repr(value)

with open(os.path.join(os.environ['NNI_SYS_DIR'], 'kinds.json'), 'w') as file:
    json.dump(kind(nni.get_next_parameter()), file)
nni.report_final_result(1.0)
`;

/** Every type gives whole numbers, those that can; `n` makes the sets differ. */
const config = `
trialCommand: python3 trial.py
trialConcurrency: 1
maxTrialNumber: 1
tuner: { name: GridSearch }
trainingService: { platform: local }
searchSpace:
  uniform: { _type: uniform, _value: [2, 2] }
  quniform: { _type: quniform, _value: [2, 2, 1] }
  loguniform: { _type: loguniform, _value: [1, 1] }
  qloguniform: { _type: qloguniform, _value: [4, 4, 4] }
  normal: { _type: normal, _value: [3, 1.0e-12] }
  qnormal: { _type: qnormal, _value: [-3, 1.0e-12, 1] }
  lognormal: { _type: lognormal, _value: [0, 1.0e-12] }
  qlognormal: { _type: qlognormal, _value: [0, 1.0e-12, 1] }
  randint: { _type: randint, _value: [5, 6] }
  float: { _type: choice, _value: [1.0] }
  int: { _type: choice, _value: [1] }
  exponent: { _type: choice, _value: [1e3] }
  zero: { _type: choice, _value: [-0.0] }
  long: { _type: choice, _value: [12345678901234567890] }
  list: { _type: choice, _value: [[2.0, 2, { a: 3.0 }]] }
  nested:
    _type: choice
    _value: [{ _name: branch, k: { _type: choice, _value: [4.0] }, q: { _type: quniform, _value: [6, 6, 2] } }]
  n: { _type: randint, _value: [0, 9] }
`;
const kinds = (n: number) => ({
  uniform: 'float 2.0',
  quniform: 'float 2.0',
  loguniform: 'float 1.0',
  qloguniform: 'float 4.0',
  normal: 'float 3.0',
  qnormal: 'float -3.0',
  lognormal: 'float 1.0',
  qlognormal: 'float 1.0',
  randint: 'int 5',
  float: 'float 1.0',
  int: 'int 1',
  exponent: 'float 1000.0',
  zero: 'float -0.0',
  long: 'int 12345678901234567890',
  list: ['float 2.0', 'int 2', { a: 'float 3.0' }],
  nested: { _name: "str 'branch'", k: 'float 4.0', q: 'float 6.0' },
  n: `int ${n}`,
});

describe('the types of a trial’s numbers', () => {
  let home: Home;
  beforeEach(async () => {
    home = await Home.make();
  });
  afterEach(() => home.dispose());

  it('stay those of the config, through a resume, a new search space and a custom trial', async () => {
    const project = join(home.path, 'project');
    await mkdir(project);
    await writeFile(join(project, 'trial.py'), trial);
    await writeFile(join(project, 'config.yml'), config);
    const manager = await ManagerProcess.start(home);
    const { id } = await manager.launch({ action: 'create', configFile: join(project, 'config.yml') });
    const experiment = manager.client.experiment(id);
    const base = experimentRoot(id) + nniBase;
    const done = async (trials: number) => {
      await manager.until(id, ({ status, counts }) => status === 'DONE' && counts.SUCCEEDED === trials);
      const [last] = (await experiment.trialJobInfos()).filter(({ sequenceId }) => sequenceId === trials - 1);
      const { text } = await experiment.readTrialFile(last?.trialJobId ?? '', 'kinds.json');
      return { seen: JSON.parse(text) as unknown, record: last?.hyperParameters[0] ?? '' };
    };
    /** A body that is sent as it is, as Python would write it. */
    const send = async (method: string, path: string, body: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await manager.fetch(base + path, { method, body, headers });
      assert.equal(response.status, 200, await response.text());
    };

    const first = await done(1);
    assert.deepEqual(first.seen, kinds(0));
    assert.match(first.record, /"quniform":2\.0,.*"float":1\.0,"int":1,.*"k":4\.0,"q":6\.0/);

    await experiment.stopExperiment();
    await manager.until(id, ({ live }) => !live);
    await manager.launch({ action: 'resume', id });
    await experiment.updateTrialnum(2);
    assert.deepEqual((await done(2)).seen, kinds(1), 'not the first set again');

    const space = '{"x": {"_type": "choice", "_value": [7.0]}, "y": {"_type": "choice", "_value": [7]}}';
    await send('PUT', '/experiment?update_type=SEARCH_SPACE', `{"params": {"searchSpace": ${space}}}`);
    await experiment.updateTrialnum(3);
    assert.deepEqual((await done(3)).seen, { x: 'float 7.0', y: 'int 7' });

    // The space is used up now, so the tuner leaves the place to this trial.
    await experiment.updateTrialnum(4);
    await send('POST', '/trial-jobs', '{"x": 1.0, "y": 1, "z": [2.0, {"long": 12345678901234567890}]}');
    const custom = await done(4);
    const z = ['float 2.0', { long: 'int 12345678901234567890' }];
    assert.deepEqual(custom.seen, { x: 'float 1.0', y: 'int 1', z });

    const profile = await (await manager.fetch(`${base}/experiment`)).text();
    assert.ok(profile.includes(space.replaceAll(' ', '')), profile);
    const directory = experimentLayout.directory(home.experiments, id);
    const database = new DatabaseSync(experimentLayout.database(directory), { readOnly: true });
    const rows = database.prepare("SELECT data FROM TrialJobEvent WHERE event = 'WAITING' ORDER BY rowid").all();
    database.close();
    assert.deepEqual([rows[0]?.data, rows[3]?.data], [first.record, custom.record]);
  });
});
