import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundledVersion } from '../../../src/runner/trialSdk/detect.ts';
import { findRealNni, noRealNni } from '../../harness/realNni.ts';
import {
  bundled,
  decodeFrames,
  metricBytes,
  newTrial,
  python,
  removeTemporaryFolders,
  temporaryFolder,
  trialLog,
} from './trialProcess.ts';

describe('bundled nni in a script', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  it('knows its experiment, trial, number and version', async () => {
    const trial = await newTrial();
    const script = `
import nni, sys
from nni.trial import get_next_parameters
print(nni.get_experiment_id(), nni.get_trial_id(), nni.get_sequence_id(), nni.__version__, file=sys.stderr)
print(nni.get_current_parameter(), get_next_parameters(), nni.get_current_parameter('x'), file=sys.stderr)
print(issubclass(nni.NoMoreTrialError, Exception), nni.NoMoreTrialError(), file=sys.stderr)
`;
    const outcome = await python(['-c', script], trial.env);
    assert.equal(outcome.stderr, `exp1 T3 7 ${bundledVersion}\nNone {'x': 0.5} 0.5\nTrue Search space fully explored`);
  });

  it('refuses a report before the script asked for its parameters', async () => {
    const trial = await newTrial();
    for (const name of ['report_intermediate_result', 'report_final_result']) {
      const outcome = await python(['-c', `import nni; nni.${name}(1)`], trial.env);
      assert.match(
        outcome.stderr,
        new RegExp(`AssertionError: nni.get_next_parameter\\(\\) needs to be called before ${name}`),
      );
    }
    assert.equal((await metricBytes(trial)).length, 0);
  });

  it('gives no parameters outside of an experiment, warns, and prints results', async () => {
    const script = `
import nni
print(nni.get_next_parameter(), nni.get_trial_id(), nni.get_experiment_id(), nni.get_sequence_id())
nni.report_intermediate_result({'default': 0.5}); nni.report_final_result(1)
`;
    const outcome = await python(['-c', script], { PYTHONPATH: bundled });
    assert.match(outcome.stderr, /RuntimeWarning: Running trial code without runtime/);
    const [first, second, third] = outcome.stdout.split('\n');
    assert.equal(first, '{} STANDALONE STANDALONE 0');
    assert.match(
      second ?? '',
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] Intermediate result: \{'default': 0.5\} {2}\(Index 0\)$/,
    );
    assert.match(third ?? '', /\] Final result: 1$/);
  });

  it('puts printed and logged lines into trial.log, whenever logging is imported', async () => {
    for (const before of [true, false]) {
      const trial = await newTrial();
      const script = `
${before ? 'import logging\nimport nni' : 'import nni\nimport logging'}
print('hello', 'wörld')
print('part', end=''); print(' of a line')
logging.getLogger('mine').info('a %s', 'message')
logging.basicConfig(level=logging.ERROR)  # too late, as with NNI
logging.warning('warned')
print('no end of line', end='')
`;
      const file = join(trial.folder, 'script.py');
      await writeFile(file, script);
      const outcome = await python([file], { ...trial.env, LC_ALL: 'C', PYTHONUTF8: '0', PYTHONCOERCECLOCALE: '0' });
      assert.deepEqual(outcome, { exitCode: 0, stdout: '', stderr: '' });
      const lines = (await trialLog(trial)).split('\n').map((line) => line.replace(/^\[[-\d]+ [:\d]+\] /, '* '));
      assert.deepEqual(lines, [
        '* PRINT hello wörld',
        '* PRINT part of a line',
        '* INFO (mine/MainThread) a message',
        '* WARNING (root/MainThread) warned',
        '* PRINT no end of line',
        '',
      ]);
    }
  });

  it('lets a child process write to the same log', async () => {
    const trial = await newTrial();
    const script = `import nni, subprocess, sys; print('a'); subprocess.run(['echo', 'b'], stdout=sys.stdout); print('c')`;
    await python(['-c', script], trial.env);
    assert.match(await trialLog(trial), /PRINT a\nb\n.*PRINT c\n$/);
  });

  it('leaves a traceback on standard error and fails the process', async () => {
    const trial = await newTrial();
    const outcome = await python(['-c', 'import nni; print("x"); 1/0'], trial.env);
    assert.equal(outcome.exitCode, 1);
    assert.match(outcome.stderr, /ZeroDivisionError/);
  });

  it('names the part of NNI that it lacks, and what to do', async () => {
    const attempts = [
      ['import nni; nni.trace', 'AttributeError', 'nni.trace'],
      ['from nni import trace', 'ModuleNotFoundError', 'nni.trace'],
      ['import nni.nas.space', 'ModuleNotFoundError', 'nni.nas'],
      ['from nni.experiment import Experiment', 'ModuleNotFoundError', 'nni.experiment'],
      ['from nni.utils import split_index', 'ModuleNotFoundError', 'nni.utils.split_index'],
      ['import nni; nni.utils.split_index', 'AttributeError', 'nni.utils.split_index'],
      ['import nni.trial; nni.trial.nothing', 'AttributeError', 'nni.trial.nothing'],
    ] as const;
    await Promise.all(
      attempts.map(async ([script, type, name]) => {
        const outcome = await python(['-c', script], { PYTHONPATH: bundled });
        const last = outcome.stderr.split('\n').at(-1) ?? '';
        assert.ok(last.startsWith(`${type}: ${name} is not part of the small nni package`), last);
        assert.match(last, /To use it, install NNI: .*python.* -m pip install nni$/);
      }),
    );
    const polite = `
import nni
assert not hasattr(nni, 'trace') and not hasattr(nni, '__wrapped__')
try:
    from nni.retiarii import strategy
except ImportError:
    print('fine')
`;
    assert.equal((await python(['-c', polite], { PYTHONPATH: bundled })).stdout, 'fine');
  });

  it('merges parameters as nni.utils does', async () => {
    const script = `
import sys, types
import nni, nni.utils
from nni.utils import merge_parameter
cases = [
    ({'a': 1, 'b': 'x'}, {'a': 2}), ({'a': 1.5}, {'a': 2}), ({'a': None}, {'a': [1]}), ({'a': 1}, None), ({'a': 1}, {}),
    ({'a': 1}, {'b': 2}), ({'a': 1}, {'a': 1.5}), ({'a': 'x'}, {'a': 1}), ({'a': True}, {'a': 1}), ({'a': 1}, {'a': True}),
]
for base, override in cases:
    for kind in (dict, lambda **items: types.SimpleNamespace(**items)):
        try:
            print(merge_parameter(kind(**base), override), file=sys.stderr)
        except ValueError as error:
            print(error, file=sys.stderr)
print(nni.utils.merge_parameter is merge_parameter, file=sys.stderr)
`;
    const ours = await python(['-c', script], { PYTHONPATH: bundled });
    assert.equal(ours.exitCode, 0, ours.stderr);
    assert.match(ours.stderr, /Key 'b' not found in base parameters.[\s\S]*to have type int, but found float/);
    const nni = findRealNni();
    if (!nni) {
      console.log(`      ${noRealNni}`);
      return;
    }
    assert.equal(ours.stderr, (await python(['-c', script], {}, nni.python)).stderr);
  });

  it('is Python 3.7, whatever Python it is written with', async () => {
    const folder = join(bundled, 'nni');
    const script = `
import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding='utf-8').read(), name, feature_version=(3, 7))
`;
    const files = (await readdir(folder)).filter((name) => name.endsWith('.py')).map((name) => join(folder, name));
    assert.ok(files.length > 5);
    assert.equal((await python(['-c', script, ...files])).stderr, '');
  });

  it('imports nothing but itself, the interpreter and what Python has loaded anyway', async () => {
    const script = `
import sys, os, io, time
before = set(sys.modules)
import nni
print(sorted(name for name in set(sys.modules) - before if not name.startswith('nni')))
`;
    assert.equal((await python(['-S', '-c', script], { PYTHONPATH: bundled })).stdout, '[]');
  });
});

describe('bundled nni beside an installed one', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);

  /** A package as `pip install` would leave it. */
  async function installedPackage(): Promise<string> {
    const site = await temporaryFolder();
    await mkdir(join(site, 'nni', 'nas'), { recursive: true });
    await writeFile(join(site, 'nni', '__init__.py'), `from .trial import report_final_result\n__version__ = '3.0'\n`);
    await writeFile(join(site, 'nni', 'trial.py'), `def report_final_result(metric): print('real', metric)\n`);
    await writeFile(join(site, 'nni', 'utils.py'), `real = True\n`);
    await writeFile(join(site, 'nni', 'nas', '__init__.py'), `deep = True\n`);
    return site;
  }

  it('gives way to one later on the path, whatever is imported first', async () => {
    const site = await installedPackage();
    for (const script of [
      'import nni; nni.report_final_result(nni.__version__)',
      'from nni import report_final_result, __version__; report_final_result(__version__)',
      'import nni.utils, nni; assert nni.utils.real; nni.report_final_result(nni.__version__)',
      'import nni.nas as nas, nni; assert nas.deep; nni.report_final_result(nni.__version__)',
      'from nni.trial import report_final_result; report_final_result("3.0")',
    ]) {
      const trial = await newTrial();
      const outcome = await python(['-c', script], { ...trial.env, PYTHONPATH: `${bundled}:${site}` });
      assert.deepEqual(outcome, { exitCode: 0, stdout: 'real 3.0', stderr: '' }, script);
    }
  });

  it('gives way to one behind a finder, as with pip install --editable', async () => {
    const site = await installedPackage();
    const script = `
import importlib.util, sys
class Editable:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == 'nni':
            return importlib.util.spec_from_file_location(name, ${JSON.stringify(join(site, 'nni', '__init__.py'))})
sys.meta_path.append(Editable)
import nni
nni.report_final_result(nni.__version__)
`;
    assert.equal((await python(['-c', script], { PYTHONPATH: bundled })).stdout, 'real 3.0');
  });

  it('does not give way to a mere folder of that name, or to another copy of itself', async () => {
    const other = await temporaryFolder();
    await mkdir(join(other, 'nni'));
    const script = 'import nni; print(nni.__version__)';
    const path = `${bundled}:${bundled}/../trialSdk:${other}`;
    assert.deepEqual(await python(['-c', script], { PYTHONPATH: path }), {
      exitCode: 0,
      stdout: bundledVersion,
      stderr: '',
    });
  });

  it('shows the other one’s own failure to import', async () => {
    const site = await installedPackage();
    await writeFile(join(site, 'nni', '__init__.py'), 'import numpy_of_long_ago\n');
    const outcome = await python(['-c', 'import nni'], { PYTHONPATH: `${bundled}:${site}` });
    assert.match(outcome.stderr, /No module named 'numpy_of_long_ago'$/);
  });

  it('gives way to the real NNI 3.0', async function () {
    const nni = findRealNni();
    if (!nni) {
      console.log(`      ${noRealNni}`);
      this.skip();
    }
    const trial = await newTrial();
    const script =
      'import nni, sys; print(nni.__version__, hasattr(nni, "trace"), file=sys.stderr); nni.get_next_parameter(); nni.report_final_result(0.5)';
    const outcome = await python(['-c', script], trial.env, nni.python);
    assert.equal(outcome.stderr, '3.0 True');
    assert.equal(decodeFrames(await metricBytes(trial))[0]?.value, '0.5');
    assert.ok(await readFile(join(trial.folder, 'trial.log')));
  });
});
