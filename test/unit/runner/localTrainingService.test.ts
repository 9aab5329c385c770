import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalServiceConfig } from '../../../src/model/config/config.ts';
import { LocalTrainingService } from '../../../src/runner/trainingServices/local/localTrainingService.ts';
import type { Handle, TrialEnd } from '../../../src/runner/trainingServices/trainingService.ts';
import { processStart } from '../../../src/system/processTable.ts';

describe('local training service', () => {
  let folder: string;
  let services: LocalTrainingService[];
  const events = new EventEmitter();
  let ends: Map<string, TrialEnd>;

  function service(command: string, config: Partial<LocalServiceConfig> = {}, environment = process.env) {
    const made = new LocalTrainingService({
      experimentId: 'exp',
      experimentDirectory: join(folder, 'exp'),
      config: { platform: 'local', trialCommand: command, trialCodeDirectory: folder, ...config },
      environment,
      sdkEnvironment: Promise.resolve({ SDK: 'yes' }),
      stopGraceMs: 1000,
      events: {
        changed: (id, state) => {
          if (state.state === 'ended') ends.set(id, state.end);
          events.emit(`${state.state} ${id}`);
        },
        roomChanged: () => undefined,
      },
    });
    services.push(made);
    return made;
  }
  /** What the channel of a trial asks for. */
  const launch = async () => ({ environment: { CHANNEL: 'open' }, files: { 'sub/file': 'text' } });
  const submit = (local: LocalTrainingService, id: string, number = 0) => local.submit(spec(id, number), launch);
  const adopt = (local: LocalTrainingService, id: string, handle: Handle | undefined) => local.adopt(spec(id), handle);
  const pidOf = (handle: Handle | undefined): number => {
    assert.ok(typeof handle === 'object' && handle !== null && 'pid' in handle && typeof handle.pid === 'number');
    return handle.pid;
  };
  const spec = (id: string, number = 0) => ({
    id,
    number,
    record: { parameter_id: 7, parameter_source: 'algorithm' as const, parameters: { x: 1 }, parameter_index: 0 },
  });
  const ended = async (id: string) => {
    if (!ends.has(id)) await once(events, `ended ${id}`);
    return ends.get(id);
  };
  /** Resolves once a file has this many lines of content. */
  async function lines(file: string, count: number): Promise<string[]> {
    for (;;) {
      const text = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      if (text.length >= count && text[0] !== '') return text;
      await delay(10);
    }
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trialdeck-local-'));
    services = [];
    ends = new Map();
  });
  afterEach(async () => {
    for (const each of services) await each.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a trial in NNI’s folders and environment, without variables of another manager', async () => {
    const local = service(
      'cat "$NNI_OUTPUT_DIR/sub/file"; env | grep -E "^(CHANNEL|NNI|SDK|CUDA|REUSE|TRIALDECK)" | sort >&2; pwd',
      {},
      {
        ...process.env,
        NNI_TRIAL_COMMAND_CHANNEL: 'http://localhost:1/env',
        NNI_OTHER: '1',
        REUSE_MODE: 'true',
        TRIALDECK_TOKEN: 'secret',
        CUDA_VISIBLE_DEVICES: '3',
      },
    );
    await submit(local, 'aaaaa', 4);
    const end = await ended('aaaaa');
    const trial = join(folder, 'exp/environments/local-env/trials/aaaaa');
    assert.equal(local.location('aaaaa'), trial);
    assert.equal(end?.exitCode, 0);
    assert.ok(Math.abs((end?.endTime ?? 0) - Date.now()) < 60_000);
    assert.equal(readFileSync(join(trial, 'trial.stdout'), 'utf8'), `text${folder}\n`);
    assert.equal(
      readFileSync(join(trial, 'trial.stderr'), 'utf8'),
      `CHANNEL=open\nCUDA_VISIBLE_DEVICES=3\nNNI_CODE_DIR=${folder}\nNNI_EXP_ID=exp\nNNI_OUTPUT_DIR=${trial}\n` +
        'NNI_TRIAL_JOB_ID=aaaaa\nNNI_TRIAL_SEQ_ID=4\nSDK=yes\n',
    );
    assert.match(readFileSync(join(trial, '.nni/state'), 'utf8'), /^0 \d{13}\n$/);
  });

  for (const [command, expected] of [
    ['exit 3', { exitCode: 3 }],
    ['exec false', { exitCode: 1 }],
    ['kill -9 $$', { signal: 'SIGKILL' }],
    ['no-such-program', { exitCode: 127 }],
  ] as const) {
    it(`reports how \`${command}\` ended`, async () => {
      const local = service(command);
      await submit(local, 'aaaaa');
      const end = await ended('aaaaa');
      assert.deepEqual({ ...end, endTime: 0 }, { ...expected, endTime: 0 });
    });
  }

  it('ends all processes of a trial: children of its shell, deaf ones, and ones in a session of their own', async () => {
    const pids = join(folder, 'pids');
    const sleeper = `import os, time; open(r'${pids}', 'a').write(str(os.getpid()) + chr(10)); time.sleep(600)`;
    const deaf = `import signal; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); ${sleeper}`;
    const lost = `import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); ${sleeper}`;
    const local = service(
      `cd . && python3 -c "${lost}"; setsid python3 -c "${sleeper}" & python3 -c "${deaf}" & python3 -c "${sleeper}"; echo end`,
    );
    await submit(local, 'aaaaa');
    const started = await lines(pids, 4);
    await local.stop('aaaaa');
    assert.ok(ends.get('aaaaa'));
    for (const pid of started) assert.equal(await processStart(Number(pid)), undefined, `process ${pid} lives`);
  });

  it('gives the exit code of an adopted trial that ended while no runner watched', async () => {
    const first = service('exit 4');
    const handle = await submit(first, 'aaaaa');
    await first.dispose();
    const [line] = await lines(join(first.location('aaaaa'), '.nni/state'), 1);
    ends.clear();
    const second = service('exit 4');
    assert.equal(await second.find('zzzzz'), undefined);
    assert.deepEqual(await second.find('aaaaa'), {});
    await adopt(second, 'aaaaa', handle);
    assert.deepEqual(await ended('aaaaa'), { exitCode: 4, endTime: Number(line?.split(' ')[1]) });
  });

  it('adopts a trial by a handle of version 0.1.0', async () => {
    const first = service('echo up; sleep 600');
    const pid = pidOf(await submit(first, 'aaaaa'));
    await lines(join(first.location('aaaaa'), 'trial.stdout'), 1);
    await first.dispose();
    const second = service('sleep 600');
    const running = once(events, 'running aaaaa');
    await adopt(second, 'aaaaa', {
      trialId: 'aaaaa',
      metricsOffset: 12,
      pid,
      pidStart: (await processStart(pid)) ?? '',
    });
    await running;
    await second.stop('aaaaa');
    assert.equal(ends.get('aaaaa')?.signal, 'SIGINT');
    assert.equal(await processStart(pid), undefined);
  });

  it('finds a running trial without a stored handle, and stops it', async () => {
    const first = service('echo up; sleep 600');
    const handle = await submit(first, 'aaaaa');
    // Before its wrapper is up, a signal ends that with nothing said of how.
    await lines(join(first.location('aaaaa'), 'trial.stdout'), 1);
    await first.dispose();
    const second = service('sleep 600');
    const found = await second.find('aaaaa');
    assert.equal(pidOf(found), pidOf(handle));
    await adopt(second, 'aaaaa', found);
    await second.stop('aaaaa');
    assert.equal(await processStart(pidOf(handle)), undefined);
    assert.equal(ends.get('aaaaa')?.signal, 'SIGINT');
  });

  it('gives no exit code for an adopted trial that was killed with its wrapper', async () => {
    const first = service('sleep 600');
    const handle = await submit(first, 'aaaaa');
    await first.dispose();
    process.kill(-pidOf(handle), 'SIGKILL');
    const second = service('sleep 600');
    await adopt(second, 'aaaaa', handle);
    const end = await ended('aaaaa');
    assert.equal(end?.exitCode, undefined);
    assert.equal(end?.signal, undefined);
  });

  it('does not mistake a reused pid for the trial', async () => {
    const local = service('true');
    await adopt(local, 'aaaaa', { pid: process.pid, pidStart: 'another time' });
    const end = await ended('aaaaa');
    assert.equal(end?.exitCode, undefined);
  });

  it('ends the command when only its wrapper was killed', async () => {
    const pids = join(folder, 'pids');
    const local = service(`echo $$ > '${pids}'; exec sleep 600`);
    const handle = await submit(local, 'aaaaa');
    const [pid] = await lines(pids, 1);
    process.kill(pidOf(handle), 'SIGKILL');
    const end = await ended('aaaaa');
    assert.equal(end?.signal, 'SIGKILL');
    assert.equal(await processStart(Number(pid)), undefined);
  });

  it('names a missing code folder in prepare and at the start', async () => {
    const missing = join(folder, 'nowhere');
    const local = service('true', { trialCodeDirectory: missing });
    await assert.rejects(local.prepare(), { message: `trialCodeDirectory does not exist: ${missing}` });
    await assert.rejects(submit(local, 'aaaaa'), { message: `trialCodeDirectory does not exist: ${missing}` });
  });

  describe('GPUs', () => {
    const smi = (gpus: string, apps = '') => {
      const file = join(folder, 'nvidia-smi');
      writeFileSync(file, `#!/bin/sh\ncase "$1" in --query-gpu*) printf '${gpus}';; *) printf '${apps}';; esac\n`);
      chmodSync(file, 0o755);
    };
    let path: string | undefined;
    beforeEach(() => {
      path = process.env.PATH;
      process.env.PATH = `${folder}${delimiter}${path}`;
    });
    afterEach(() => {
      process.env.PATH = path;
    });
    const gpusOf = (handle: Handle) =>
      typeof handle === 'object' && handle && 'gpus' in handle ? handle.gpus : undefined;

    it('are shared by as many trials as the config allows', async () => {
      smi('0, GPU-a\\n1, GPU-b\\n2, GPU-c\\n');
      const local = service('echo "$CUDA_VISIBLE_DEVICES"; sleep 600', {
        trialGpuNumber: 1,
        maxTrialNumberPerGpu: 2,
        gpuIndices: [0, 2],
        useActiveGpu: true,
      });
      await local.prepare();
      const given: unknown[] = [];
      for (const id of ['aaaaa', 'bbbbb', 'ccccc', 'ddddd']) {
        assert.ok(local.room().free);
        given.push(gpusOf(await submit(local, id)));
      }
      assert.deepEqual(given, [[0], [2], [0], [2]]);
      assert.ok(!local.room().free);
      assert.deepEqual(await lines(join(local.location('bbbbb'), 'trial.stdout'), 1), ['2']);
      await local.stop('bbbbb');
      assert.ok(local.room().free);
      await Promise.all(['aaaaa', 'ccccc', 'ddddd'].map((id) => local.stop(id)));
    });

    it('are taken as soon as a trial is submitted, and given back when it can’t start', async () => {
      smi('0, GPU-a\\n1, GPU-b\\n2, GPU-c\\n');
      const local = service('true', { trialGpuNumber: 2, maxTrialNumberPerGpu: 2, useActiveGpu: true });
      await local.prepare();
      assert.deepEqual(local.room(), { free: true, trials: 3 });
      const first = submit(local, 'aaaaa');
      assert.deepEqual(local.room(), { free: true, trials: 2 });
      const stopped = submit(local, 'bbbbb');
      await local.stop('bbbbb');
      await assert.rejects(stopped);
      assert.deepEqual(local.room(), { free: true, trials: 2 });
      await first;
      await ended('aaaaa');
      assert.deepEqual(local.room(), { free: true, trials: 3 });
    });

    it('that other programs compute on are not used', async () => {
      smi('0, GPU-a\\n1, GPU-b\\n', 'GPU-a, 4711\\n');
      const local = service('true', { trialGpuNumber: 1 });
      await local.prepare();
      assert.deepEqual(gpusOf(await submit(local, 'aaaaa')), [1]);
      assert.ok(!local.room().free);
      await ended('aaaaa');
      assert.ok(local.room().free);
    });

    it('that do not exist are reported before the first trial', async () => {
      smi('0, GPU-a\\n');
      await assert.rejects(service('true', { trialGpuNumber: 1, gpuIndices: [3] }).prepare(), /GPU 3/);
      await assert.rejects(service('true', { trialGpuNumber: 2 }).prepare(), /needs 2 GPUs/);
      writeFileSync(join(folder, 'nvidia-smi'), '#!/bin/sh\necho no driver >&2\nexit 9\n');
      await assert.rejects(service('true', { trialGpuNumber: 1 }).prepare(), /nvidia-smi does not answer.*exit code 9/);
    });

    it('are hidden from trials with trialGpuNumber 0', async () => {
      const local = service('echo "[$CUDA_VISIBLE_DEVICES]"', { trialGpuNumber: 0 });
      await local.prepare();
      await submit(local, 'aaaaa');
      await ended('aaaaa');
      assert.deepEqual(await lines(join(local.location('aaaaa'), 'trial.stdout'), 1), ['[]']);
    });
  });
});
