import assert from 'node:assert/strict';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import fc from 'fast-check';
import { bundledSdkFolder, bundledVersion, detectTrialSdk } from '../../../src/runner/trialSdk/detect.ts';
import { findPython } from '../../../src/server/python/pythonCommand.ts';
import { shellCommands } from '../../../src/server/python/shellWords.ts';
import { findRealNni, noRealNni } from '../../harness/realNni.ts';
import { bundled, python, removeTemporaryFolders, temporaryFolder } from './trialProcess.ts';

describe('the detection of a trial command’s Python', () => {
  after(removeTemporaryFolders);

  /** The interpreter words, `cwd` relative to the folder the command is given. */
  async function found(command: string, env: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin' }, cwd = '/start') {
    const result = await findPython(command, { cwd, env });
    return result && [...result.argv, ...result.options, `in ${result.cwd}`].join(' ');
  }

  it('reads commands as people write them', async () => {
    const cases: [string, string | undefined][] = [
      ['python3 trial.py', 'python3 in /start'],
      ['python trial.py --lr 0.1 | tee log', 'python in /start'],
      ['/opt/env/bin/python3.11 -u -W ignore "my trial.py"', '/opt/env/bin/python3.11 -u -W ignore in /start'],
      ['pypy3 trial.py', 'pypy3 in /start'],
      ['python3 -um package.train', 'python3 in /start'],
      ['CUDA_VISIBLE_DEVICES=0 OMP_NUM_THREADS=1 python trial.py', 'python in /start'],
      ['env -u X A=1 python3 trial.py', 'python3 in /start'],
      ['cd src && python3 trial.py', 'python3 in /start/src'],
      ['mkdir -p out; cd src/a; cd ../b; exec python3 -O trial.py', 'python3 -O in /start/src/b'],
      ['nohup nice -n 10 timeout 1h python3 trial.py', 'python3 in /start'],
      ['taskset -c 0,1 python3 trial.py', 'python3 in /start'],
      ['mpirun -np 2 python3 trial.py', 'python3 in /start'],
      [
        'conda run -n deep --no-capture-output python trial.py',
        'conda run -n deep --no-capture-output python in /start',
      ],
      ['poetry run python trial.py', 'poetry run python in /start'],
      ['uv run --with torch trial.py --x 1', 'uv run --with torch python in /start'],
      ['bash -c "cd a && python3 trial.py"', 'python3 in /start/a'],
      ["sh -lc 'python3 trial.py'", 'python3 in /start'],
      ['if [ -d x ]; then python3 trial.py; fi', 'python3 in /start'],
      ['(cd a; python3 trial.py)', 'python3 in /start/a'],
      ['$PYTHON trial.py', '/my/python3 in /start'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the shell's
      ['"${PYTHON}" trial.py 2>&1', '/my/python3 in /start'],
      ['~/env/bin/python trial.py', '/home/me/env/bin/python in /start'],
      ['echo python3 trial.py', undefined],
      ['./train --python python3', undefined],
      ['$(which python3) trial.py', undefined],
      ['# python3 trial.py', undefined],
      ['', undefined],
    ];
    const env = { PATH: '/usr/bin:/bin', PYTHON: '/my/python3', HOME: '/home/me' };
    for (const [command, expected] of cases) assert.equal(await found(command, env), expected, command);
  });

  it('follows scripts, shebang lines and activated environments', async () => {
    const folder = await temporaryFolder();
    const write = async (name: string, text: string) => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), 0o755);
    };
    await write(
      'run.sh',
      '#!/bin/bash\n# runs python2 trial.py\nset -e\nexport A=1\ncd inner\nexec python3 -u trial.py "$@"\n',
    );
    await write('outer.sh', 'source ./settings\nbash run.sh\n');
    await write('settings', 'PATH=/elsewhere:$PATH\n');
    await write('trial.py', '#!/usr/bin/env python3\n');
    await write('isolated.py', '#!/opt/python3 -I\n');
    await write('loop.sh', 'bash loop.sh\n');
    await write('bin/torchrun', `#!${folder}/env/bin/python\n`);
    await write('venv/bin/activate', 'deactivate () {\n  python4\n}\n');
    await write('binary', '\0\x01ELF');
    const env = { PATH: `${folder}/bin:/usr/bin:/bin` };
    const at = (text: string) => text.replaceAll('@', folder);
    assert.equal(await found('bash run.sh --x', env, folder), at('python3 -u in @/inner'));
    assert.equal(await found('./run.sh', env, folder), at('python3 -u in @/inner'));
    assert.equal(await found('sh -e outer.sh', env, folder), at('python3 -u in @/inner'));
    assert.equal(await found('./trial.py', env, folder), at('python3 in @'));
    assert.equal(await found('./isolated.py', env, folder), at('/opt/python3 -I in @'));
    assert.equal(await found('torchrun --nproc 2 trial.py', env, folder), at('@/env/bin/python in @'));
    for (const command of ['bash loop.sh', './binary', 'bash missing.sh', './missing.py'])
      assert.equal(await found(command, env, folder), undefined, command);
    const activated = await findPython('. venv/bin/activate && python x.py', { cwd: folder, env });
    assert.equal(activated?.env.PATH, at('@/venv/bin:@/bin:/usr/bin:/bin'));
    assert.equal((await findPython('cd a; python ../b/x.py', { cwd: folder, env }))?.scriptFolder, at('@/b'));
  });

  it('reads any text without failing', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...'"\'\\$(){}`;&|#~= \nab/'), { maxLength: 30 }).map((c) => c.join('')),
    );
    fc.assert(fc.property(text, (command) => void shellCommands(command, { a: 'x' })));
    // Plainly quoted words come back as they were.
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        assert.deepEqual(shellCommands(quoted, {}), [words]);
      }),
    );
  });
});

describe('the nni that trials import', function () {
  this.timeout(120_000);
  after(removeTemporaryFolders);
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^PYTHON/.test(name)),
  );
  /** The bare interpreter, so that a test is not as slow as the shims of a version manager. */
  let interpreter = '';
  before(async () => {
    interpreter = (await python(['-c', 'import sys; print(sys.executable)'])).stdout.trim();
  });

  it('is the bundled one where none is installed, in front of the rest of PYTHONPATH', async () => {
    const cwd = await temporaryFolder();
    const version = (await python(['-c', 'import sys; print(sys.version.split()[0])'])).stdout.trim();
    const plain = await detectTrialSdk({ trialCommand: `${interpreter} -S trial.py`, cwd, env });
    assert.deepEqual(plain, {
      sdk: { kind: 'bundled', version: bundledVersion, python: `Python ${version} (${interpreter})` },
      environment: { PYTHONPATH: bundledSdkFolder() },
    });
    const more = await detectTrialSdk({
      trialCommand: `${interpreter} -S trial.py`,
      cwd,
      env: { ...env, PYTHONPATH: '/mine' },
    });
    assert.deepEqual(more.environment, { PYTHONPATH: `${bundledSdkFolder()}${delimiter}/mine` });
    // What was found is what a trial gets.
    const trial = await python(
      ['-S', '-c', 'import nni; print(nni.__version__, nni.__file__)'],
      plain.environment as Record<string, string>,
      interpreter,
    );
    assert.equal(trial.stdout, `${bundledVersion} ${join(bundled, 'nni', '__init__.py')}`);
  });

  it('is the installed one where there is one, which is not imported', async () => {
    const site = await temporaryFolder();
    await mkdir(join(site, 'nni'));
    await writeFile(join(site, 'nni', '__init__.py'), 'raise SystemExit("imported")');
    const detect = () => detectTrialSdk({ trialCommand: `PYTHONPATH=${site} ${interpreter} trial.py`, cwd: site, env });
    const unknown = await detect();
    assert.deepEqual([unknown.sdk.kind, unknown.sdk.version, unknown.environment], ['installed', 'unknown', {}]);
    await mkdir(join(site, 'nni-2.10.1.dist-info'));
    assert.equal((await detect()).sdk.version, '2.10.1');
    await writeFile(join(site, 'nni', 'version.py'), `__version__ = '3.0'`);
    assert.equal((await detect()).sdk.version, '3.0');
    // Also with the bundled nni before it on the path, as for a launch from inside a trial.
    const inside = await detectTrialSdk({
      trialCommand: `PYTHONPATH=${bundled}:${site} ${interpreter} x.py`,
      cwd: site,
      env,
    });
    assert.equal(inside.sdk.kind, 'installed');
    // A package that only the script's own folder has.
    const beside = await detectTrialSdk({ trialCommand: `${interpreter} ${site}/x.py`, cwd: '/', env });
    assert.equal(beside.sdk.kind, 'installed');
  });

  it('is the real NNI 3.0 where that is installed', async function () {
    const nni = findRealNni();
    if (!nni) {
      console.log(`      ${noRealNni}`);
      this.skip();
    }
    const cwd = dirname(dirname(nni.python));
    const { sdk, environment } = await detectTrialSdk({ trialCommand: `${nni.python} trial.py`, cwd, env });
    assert.deepEqual([sdk.kind, sdk.version, environment], ['installed', '3.0', {}]);
    assert.match(sdk.python, /^Python 3\.\d+\.\d+ \(bin\/python\)$/);
  });

  it('says what is wrong with the interpreter, and lets the launch go on', async () => {
    const cwd = await temporaryFolder();
    const script = async (name: string, text: string) => {
      await writeFile(join(cwd, name), text);
      await chmod(join(cwd, name), 0o755);
    };
    await script('python3.0', '#!/bin/sh\necho "no such version" >&2\necho second >&2\nexit 127\n');
    // Its child holds the output open: this test ends in time only because giving up ends the child, too.
    await script('python3.1', '#!/bin/sh\nsleep 60 &\nwait\n');
    await script('python3.2', '#!/bin/sh\nprintf "noise\\ntrialdeck:3.6.15\\t/x/python3.6\\t\\n"\n');
    await script('python3.3', '#!/bin/sh\nexit 0\n');
    await symlink(interpreter, join(cwd, 'python'));
    const cases: [string, RegExp][] = [
      ['no-such-python9 x.py', /^$/],
      ['python9.9 x.py', /^python9\.9 was not found$/],
      ['./python3.0 x.py', /^\.\/python3\.0 could not be asked for its version: no such version$/],
      ['./python3.1 x.py', /^\.\/python3\.1 did not answer within 0\.5 s$/],
      ['./python3.2 x.py', /^Python 3\.6\.15 \(\/x\/python3\.6\), too old for the bundled nni/],
      ['./python3.3 x.py', /^\.\/python3\.3 could not be asked for its version: no answer$/],
      [`${interpreter} -S -I x.py`, /run with -I, so it can't see the bundled nni/],
      [`PYTHONPATH=/mine ${interpreter} -S x.py`, /run with a PYTHONPATH of its own, so it can't see the bundled nni/],
      [`PYTHONPATH=/mine:$PYTHONPATH ${interpreter} -S x.py`, /^Python [\d.]+ \([^)]*\)$/],
      ['cd gone && python x.py', /was not asked: there is no folder .*gone$/],
      ['Rscript trial.R', /^$/],
    ];
    for (const [trialCommand, expected] of cases) {
      const { sdk, environment } = await detectTrialSdk({
        trialCommand,
        cwd,
        env,
        timeoutMs: trialCommand.includes('3.1') ? 500 : 5000,
      });
      assert.equal(sdk.kind, 'bundled', trialCommand);
      assert.match(sdk.python, expected, trialCommand);
      assert.deepEqual(environment, { PYTHONPATH: bundledSdkFolder() });
    }
  });
});
