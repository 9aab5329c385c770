/** Finding and running NNI's command line: programs that behave as the real one did, and as it might. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import { NnictlError, NnictlMissingError } from '../../../src/client/errors.ts';
import { Nnictl } from '../../../src/client/nnictl/nnictl.ts';
import { eventually } from '../../harness/eventually.ts';

const recorded = (name: string) => join(projectRoot, 'test/fixtures/nni-3.0/nnictl', `${name}.txt`);

describe('nnictl', function () {
  this.timeout(60_000);
  let folder: string;
  let environment: NodeJS.ProcessEnv;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trialdeck-nnictl-'));
    mkdirSync(join(folder, 'nni-experiments'));
    environment = { HOME: folder, PATH: `${join(folder, 'bin')}${delimiter}/usr/bin${delimiter}/bin` };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  /** A program in the language of the shell; `$1` is nnictl's command. Its calls are written down. */
  function program(script: string, at = join('bin', 'nnictl')): string {
    const path = join(folder, at);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\necho "$@" >> ${join(folder, 'calls')}\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }
  const version = (text: string) => `if [ "$1" = --version ]; then printf '%s\\n' "${text}"; exit 0; fi`;
  const calls = () =>
    readFileSync(join(folder, 'calls'), 'utf8')
      .trim()
      .split('\n')
      .filter((call) => call !== '--version');
  const register = (id: string, entry: object) =>
    writeFileSync(
      join(folder, 'nni-experiments', '.experiment'),
      JSON.stringify({ [id]: { id, status: 'RUNNING', platform: 'local', logDir: '/', ...entry } }),
    );
  const find = (options: Parameters<typeof Nnictl.find>[0] = {}) => Nnictl.find({ environment, ...options });

  it('is found by the setting, else beside the interpreter, else on the path', async () => {
    const onPath = program(version('3.0'));
    const beside = program(version('2.10.1'), join('venv', 'nnictl'));
    const set = program(version('3.0.1'), 'mine');
    const python = join(folder, 'venv', 'python');
    const found = await find({ setting: set, python });
    assert.deepEqual([found.path, found.version], [set, '3.0.1']);
    const second = await find({ python });
    assert.deepEqual([second.path, second.version], [beside, '2.10.1']);
    assert.equal((await find({ python: join(folder, 'elsewhere', 'python') })).path, onPath);
    assert.equal((await find({ setting: '' })).path, onPath);
  });

  it('names the places searched and the way out when it is missing or unusable', async () => {
    await assert.rejects(find(), (error) => {
      assert.ok(error instanceof NnictlMissingError);
      assert.match(error.message, /no nnictl on the path.*pip install nni==3\.0/);
      return true;
    });
    await assert.rejects(find({ python: '/opt/python' }), /no nnictl beside \/opt\/python or on the path/);
    await assert.rejects(find({ setting: '/nowhere/nnictl' }), /no program at \/nowhere\/nnictl, which is set/);
    const old = program(version('2.5'));
    await assert.rejects(find(), new RegExp(`${old} is of NNI 2\\.5; 2\\.10 and 3\\.0 can be worked with`));
    program('echo "ModuleNotFoundError: No module named \'pkg_resources\'" >&2; exit 1');
    await assert.rejects(find(), /can't be run: NNI says: No module named 'pkg_resources'\./);
  });

  it('is skipped for the next one when it does not work', async () => {
    program('exit 1', join('venv', 'nnictl'));
    const good = program(version('3.0'));
    assert.equal((await find({ python: join(folder, 'venv', 'python') })).path, good);
  });

  it('creates at a free port and returns id, port, prefix and process', async () => {
    register('rvf0ho8z', { pid: 4711, port: 1, prefixUrl: 'my/pre' });
    program(`${version('3.0')}\ncat ${recorded('created')}`);
    const nnictl = await find();
    const launched = await nnictl.create('/some where/config.yml', { urlPrefix: 'my/pre', debug: true });
    assert.deepEqual(
      [launched.id, launched.pid, launched.urlPrefix, launched.port > 1024],
      ['rvf0ho8z', 4711, 'my/pre', true],
    );
    assert.deepEqual(calls(), [
      `create --config /some where/config.yml --url_prefix my/pre --port ${launched.port} --debug`,
    ]);
    assert.equal((await nnictl.resume('rvf0ho8z', { port: 8123 })).port, 8123);
    await nnictl.view('rvf0ho8z', { port: 8124 });
    assert.deepEqual(calls().slice(1), ['resume rvf0ho8z --port 8123', 'view rvf0ho8z --port 8124']);
  });

  it('fails with NNI’s words, the command, and the output without colours', async () => {
    program(`${version('3.0')}\ncat ${recorded('noConfig')}; exit 1`);
    await assert.rejects((await find()).create('nosuch.yml', { port: 8080 }), (error) => {
      assert.ok(error instanceof NnictlError);
      assert.equal(error.message, 'Could not start the experiment: NNI says: "nosuch.yml" is not a valid file.');
      assert.match(error.command, /nnictl create --config nosuch\.yml --port 8080$/);
      assert.match(error.output.join('\n'), /^\[[\d: -]+\] ERROR: "nosuch\.yml" is not a valid file\.$/);
      return true;
    });
    program(`${version('3.0')}\ncat ${recorded('stopUnknown')}`);
    await assert.rejects((await find()).stop('nosuch'), /NNI knows no such experiment that runs/);
  });

  it('retries when NNI gave up on its own manager, unless the experiment was registered', async () => {
    program(`${version('3.0')}
      if [ -e ${folder}/second ]; then cat ${recorded('created')}; exit 0; fi
      touch ${folder}/second; cat ${recorded('gaveUp')}; exit 1`);
    assert.equal((await (await find()).create('config.yml')).id, 'rvf0ho8z');
    const ports = calls().map((call) => call.split(' ').at(-1));
    assert.equal(ports.length, 2);

    const manifest = join(folder, 'nni-experiments', '.experiment');
    program(`${version('3.0')}
      printf '{"hw9qg4rx": {"id": "hw9qg4rx", "port": %s, "startTime": 5}}' "$5" > ${manifest}
      cat ${recorded('gaveUp')}; exit 1`);
    const before = calls().length;
    await assert.rejects((await find()).create('config.yml'), /gave up on the manager.*try again/);
    assert.equal(calls().length, before + 1);

    program(`${version('3.0')}\ncat ${recorded('gaveUp')}; exit 1`);
    rmSync(manifest);
    await assert.rejects((await find()).create('config.yml'), NnictlError);
    assert.equal(calls().length, before + 4);
  });

  it('confirms a deletion, but does not delete a running experiment', async () => {
    program(`${version('3.0')}\nread answer; echo "answer: $answer" >> ${folder}/calls`);
    const nnictl = await find();
    register('abc', { status: 'STOPPED', pid: process.pid });
    await nnictl.delete('abc');
    assert.deepEqual(calls(), ['experiment delete abc', 'answer: y']);
    register('abc', { status: 'RUNNING', pid: process.pid });
    await assert.rejects(nnictl.delete('abc'), /experiment abc still runs \(RUNNING\)\. Stop it first/);
    assert.equal(calls().length, 2);
  });

  it('activates its own virtual environment, unless another one is active', async () => {
    const set = program(
      `${version('3.0')}\necho "$VIRTUAL_ENV $PATH" > ${folder}/seen\ncat ${recorded('created')}`,
      join('env', 'bin', 'nnictl'),
    );
    writeFileSync(join(folder, 'env', 'pyvenv.cfg'), '');
    const seen = () => readFileSync(join(folder, 'seen'), 'utf8').trim().split(' ');
    await (await find({ setting: set })).create('config.yml');
    const [own, path = ''] = seen();
    assert.deepEqual([own, path.split(delimiter)[0]], [join(folder, 'env'), join(folder, 'env', 'bin')]);
    environment.VIRTUAL_ENV = '/another';
    await (await find({ setting: set })).create('config.yml');
    assert.deepEqual(seen(), ['/another', environment.PATH]);
  });

  it('refuses an id that would match several experiments, or be an option', async () => {
    program(version('3.0'));
    const nnictl = await find();
    for (const id of ['', 'abc*', '--all', 'a b', '../x']) {
      await assert.rejects(nnictl.stop(id), RangeError);
      await assert.rejects(nnictl.delete(id), RangeError);
      await assert.rejects(nnictl.resume(id), RangeError);
    }
    assert.ok(existsSync(join(folder, 'calls')) && calls().length === 0);
  });

  it('is ended on abort, with the process groups that it has started', async () => {
    // As NNI's launcher starts its manager.
    const started = join(folder, 'started');
    program(`${version('3.0')}
      setsid sh -c 'trap "" HUP; echo $$ > ${started}.part; mv ${started}.part ${started}; exec sleep 600' &
      wait`);
    const nnictl = await find();
    const leave = new AbortController();
    const watcher = watch(folder);
    const creating = nnictl.create('config.yml', { signal: leave.signal });
    const outcome = creating.then(
      () => 'created',
      (error: unknown) => error,
    );
    while (!existsSync(started)) await once(watcher, 'change');
    watcher.close();
    const pid = Number(readFileSync(started, 'utf8'));
    leave.abort(new Error('not wanted any more'));
    assert.equal(((await outcome) as Error).message, 'not wanted any more');
    await eventually('the end of what nnictl had started', async () => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    await assert.rejects(nnictl.create('config.yml', { signal: leave.signal }), /not wanted any more/);
  });

  it('is read as UTF-8, also where it prints a lot', async () => {
    program(`${version('3.0')}
      i=0; while [ $i -lt 3000 ]; do echo "Zeile $i äöü 日本"; i=$((i+1)); done
      echo "ValueError: größer"; exit 1`);
    await assert.rejects((await find()).create('config.yml'), (error) => {
      assert.ok(error instanceof NnictlError);
      assert.match(error.message, /NNI says: größer\./);
      assert.equal(error.output[2999], 'Zeile 2999 äöü 日本');
      return true;
    });
  });
});
