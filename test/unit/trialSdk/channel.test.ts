import assert from 'node:assert/strict';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findRealNni, noRealNni } from '../../harness/realNni.ts';
import {
  bundled,
  decodeFrames,
  fixtures,
  metricBytes,
  newTrial,
  onlyNumpy,
  python,
  removeTemporaryFolders,
  splitFrames,
  trialLog,
} from './trialProcess.ts';

const values = JSON.parse(await readFile(join(fixtures, 'values.json'), 'utf8')) as string[];
const recorded = splitFrames(await readFile(join(fixtures, 'metrics-nni-3.0')));
const reportValues = [join(fixtures, 'reportValues.py'), join(fixtures, 'values.json')];

describe('bundled nni with the metric file', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  it('has the same bytes as NNI 3.0 writes for plain and numpy values', async () => {
    assert.equal(recorded.length, values.length + 1);
    const trial = await newTrial();
    const path = `${bundled}:${join(fixtures, 'standIn')}`;
    const outcome = await python(reportValues, { ...trial.env, PYTHONPATH: path });
    assert.equal(outcome.stderr, '');
    assert.deepEqual(splitFrames(await metricBytes(trial)), recorded);
  });

  it('has the same bytes as the real NNI writes here, also with the real numpy', async function () {
    const nni = findRealNni();
    if (!nni) {
      console.log(`      ${noRealNni}`);
      this.skip();
    }
    const real = await newTrial();
    await python(reportValues, { ...real.env, PYTHONPATH: '' }, nni.python);
    assert.deepEqual(splitFrames(await metricBytes(real)), recorded);

    const site = await python(['-c', 'import numpy; print(numpy.__path__[0])'], {}, nni.python);
    const ours = await newTrial();
    const path = `${bundled}:${await onlyNumpy(dirname(site.stdout.trim()))}`;
    // -S leaves site-packages out, where the real nni is.
    const outcome = await python(['-S', ...reportValues], { ...ours.env, PYTHONPATH: path }, nni.python);
    assert.equal(outcome.stderr, '');
    assert.deepEqual(splitFrames(await metricBytes(ours)), recorded);
  });

  it('sends numbers out of tensors of other libraries, which real NNI would pickle', async () => {
    const trial = await newTrial();
    const script = `
import nni
class Tensor:  # as torch.Tensor
    def __init__(self, values, shape): self.values, self.shape = values, shape
    def item(self): return self.values
    def tolist(self): return self.values
class Eager:  # as tensorflow's EagerTensor
    shape = ()
    def numpy(self): return Tensor(0.75, ())
nni.get_next_parameter()
for value in [Tensor(0.5, ()), Tensor(0.25, (1, 1)), Tensor([1.0, 2.0], (2,)), Eager()]:
    nni.report_intermediate_result(value)
`;
    const outcome = await python(['-c', script], trial.env);
    assert.equal(outcome.stderr, '');
    assert.deepEqual(
      decodeFrames(await metricBytes(trial)).map((metric) => metric.value),
      ['0.5', '0.25', '[1.0, 2.0]', '0.75'],
    );
  });

  it('takes 999999 bytes and refuses more, writing nothing of it', async () => {
    const trial = await newTrial();
    const script = `
import nni
nni.get_next_parameter()
nni.report_intermediate_result('x')
frame = len(open('.nni/metrics', 'rb').read()) - 8
nni.report_intermediate_result('x' * (999999 - frame + 1))
try:
    nni.report_intermediate_result('x' * (999999 - frame + 2))
except ValueError as error:
    print(error)
nni.report_intermediate_result(1)
`;
    const file = join(trial.folder, 'huge.py');
    await writeFile(file, `import os; os.chdir(${JSON.stringify(trial.folder)})\n${script}`);
    const outcome = await python([file], trial.env);
    assert.equal(outcome.stderr, '');
    const frames = splitFrames(await metricBytes(trial));
    assert.deepEqual(
      frames.map((frame) => frame.length > 1000),
      [false, true, false],
    );
    assert.equal(frames[1]?.slice(0, 8), 'ME999999');
    assert.match(await trialLog(trial), /This result takes 1000000 bytes; at most 999999 can be reported/);
    // A refused result takes no number: the next one follows on.
    assert.deepEqual(
      frames.map((frame) => (JSON.parse(frame.slice(8)) as { sequence: number }).sequence),
      [0, 1, 2],
    );
  });

  it('says which values cannot be reported, and writes nothing of them', async () => {
    const trial = await newTrial();
    const script = `
import nni, datetime
nni.get_next_parameter()
loop = []; loop.append(loop)
for value in [object(), {1, 2}, 1j, b'x', datetime.date.today(), {(1, 2): 3}, loop, {'default': object()}]:
    try:
        nni.report_final_result(value)
        print('accepted', value)
    except (TypeError, ValueError) as error:
        print(error)
`;
    const outcome = await python(['-c', script], trial.env);
    assert.equal(outcome.stderr, '');
    assert.equal((await metricBytes(trial)).length, 0);
    const log = await trialLog(trial);
    assert.doesNotMatch(log, /accepted/);
    for (const type of ['object', 'set', 'complex', 'bytes', 'datetime.date'])
      assert.ok(log.includes(`cannot report a value of type ${type}: report a number`), log);
  });

  it('takes back a partial frame when the disk is full', async function () {
    if (process.platform !== 'linux') this.skip();
    const trial = await newTrial();
    // A limit on the file's size makes the write come back short, as a full disk does.
    const script = `
import nni, resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
nni.get_next_parameter()
nni.report_intermediate_result(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (150, resource.RLIM_INFINITY))
try:
    nni.report_intermediate_result(2)
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    nni.report_intermediate_result(3)
`;
    const outcome = await python(['-c', script], trial.env);
    assert.equal(outcome.stderr, '');
    assert.deepEqual(
      decodeFrames(await metricBytes(trial)).map((metric) => metric.value),
      ['1', '3'],
    );
  });

  it('gives any parameters unchanged, also large ones and other scripts than Latin', async () => {
    const parameters = { 'naïve 名': 'schön', deep: { list: [1, 2.5, null, { a: true }] }, long: 'x'.repeat(100_000) };
    const trial = await newTrial(parameters);
    const script = `
import nni, json, sys
first = nni.get_next_parameter()
json.dump([first, nni.get_current_parameter(), nni.get_current_parameter('deep'), nni.get_next_parameter()], sys.stderr)
`;
    // An ASCII locale must not matter.
    const outcome = await python(['-c', script], {
      ...trial.env,
      LC_ALL: 'C',
      PYTHONUTF8: '0',
      PYTHONCOERCECLOCALE: '0',
    });
    assert.deepEqual(JSON.parse(outcome.stderr), [parameters, parameters, parameters.deep, null]);
  });

  it('asks for parameters when none exist yet, and waits for them', async () => {
    const trial = await newTrial();
    const cfg = join(trial.folder, 'parameter.cfg');
    const record = await readFile(cfg, 'utf8');
    await rm(cfg);
    const script = `import nni; nni.report_final_result(nni.get_next_parameter()['x'])`;
    const running = python(['-c', script], trial.env);
    for (;;) {
      const bytes = await metricBytes(trial);
      if (bytes.length > 0) {
        assert.deepEqual(decodeFrames(bytes), [
          { trial_job_id: 'T3', type: 'REQUEST_PARAMETER', sequence: 0, parameter_index: 0 },
        ]);
        break;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writeFile(cfg, '');
    await writeFile(cfg, record);
    assert.equal((await running).exitCode, 0);
    assert.equal(decodeFrames(await metricBytes(trial))[1]?.value, '0.5');
  });

  it('fails with a plain message outside of what it can serve', async () => {
    const trial = await newTrial();
    const http = await python(['-c', 'import nni; nni.get_next_parameter()'], {
      ...trial.env,
      NNI_TRIAL_COMMAND_CHANNEL: 'http://localhost:1/env/x/y',
    });
    assert.match(http.stderr, /RuntimeError: .*NNI_TRIAL_COMMAND_CHANNEL is set.*pip install nni/);
    const { NNI_SYS_DIR: _, ...without } = trial.env;
    const nowhere = await python(['-c', 'import nni; nni.get_next_parameter()'], without);
    assert.match(nowhere.stderr, /RuntimeError: NNI_PLATFORM is set but NNI_SYS_DIR is not/);
    if (process.getuid?.() !== 0) {
      await chmod(trial.folder, 0o500);
      const readOnly = await python(
        ['-c', 'import nni; nni.get_next_parameter(); nni.report_final_result(1)'],
        trial.env,
      );
      await chmod(trial.folder, 0o700);
      assert.match(readOnly.stderr, /PermissionError/);
    }
  });
});
