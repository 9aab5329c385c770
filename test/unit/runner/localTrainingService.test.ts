import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LocalServiceConfig } from '../../../src/model/config/config.ts';
import { LocalTrainingService } from '../../../src/runner/trainingServices/local/localTrainingService.ts';
import type { TrialEnd, TrialHandle, TrialMetric } from '../../../src/runner/trainingServices/trainingService.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { processStart } from '../../../src/system/processTable.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

interface Seen {
  metrics: TrialMetric[];
  garbage: string[];
  end?: TrialEnd;
  offset: number;
}

describe('local training service', () => {
  let folder: string;
  let services: LocalTrainingService[];
  const events = new EventEmitter();
  let seen: Map<string, Seen>;

  const of = (id: string): Seen => {
    const entry = seen.get(id) ?? { metrics: [], garbage: [], offset: 0 };
    seen.set(id, entry);
    return entry;
  };

  function service(command: string, config: Partial<LocalServiceConfig> = {}, environment = process.env) {
    const made = new LocalTrainingService({
      experimentId: 'exp',
      experimentDirectory: join(folder, 'exp'),
      config: { platform: 'local', trialCommand: command, trialCodeDirectory: folder, ...config },
      environment,
      sdkEnvironment: Promise.resolve({ SDK: 'yes' }),
      stopGrace: 1000,
      log: silentLogger,
      events: {
        started: (id) => events.emit(`started ${id}`),
        metrics: (id, metrics, offset) => {
          of(id).metrics.push(...metrics);
          of(id).offset = offset;
          events.emit(`metrics ${id}`);
        },
        garbage: (id, reason, offset) => {
          of(id).garbage.push(reason);
          of(id).offset = offset;
        },
        ended: (id, end) => {
          of(id).end = end;
          events.emit(`ended ${id}`);
        },
      },
    });
    services.push(made);
    return made;
  }
  const spec = (id: string, number = 0) => ({
    id,
    number,
    record: { parameter_id: 7, parameter_source: 'algorithm' as const, parameters: { x: 1 }, parameter_index: 0 },
  });
  const ended = async (id: string) => {
    if (!of(id).end) await once(events, `ended ${id}`);
    return of(id).end;
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
    seen = new Map();
  });
  afterEach(async () => {
    for (const each of services) await each.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs a trial in NNI’s folders and environment, with nothing of another manager in it', async () => {
    const local = service(
      'cat "$NNI_SYS_DIR/parameter.cfg"; env | grep -E "^(NNI|SDK|CUDA|REUSE|TRIALDECK)" | sort >&2; pwd',
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
    await local.start(spec('aaaaa', 4));
    const end = await ended('aaaaa');
    const trial = join(folder, 'exp/environments/local-env/trials/aaaaa');
    assert.equal(local.trialDirectory('aaaaa'), trial);
    assert.equal(end?.exitCode, 0);
    assert.ok(Math.abs((end?.endTime ?? 0) - Date.now()) < 60_000);
    assert.equal(
      readFileSync(join(trial, 'trial.stdout'), 'utf8'),
      `{"parameter_id":7,"parameter_source":"algorithm","parameters":{"x":1},"parameter_index":0}${folder}\n`,
    );
    assert.equal(
      readFileSync(join(trial, 'trial.stderr'), 'utf8'),
      `CUDA_VISIBLE_DEVICES=3\nNNI_CODE_DIR=${folder}\nNNI_EXP_ID=exp\nNNI_OUTPUT_DIR=${trial}\nNNI_PLATFORM=local\n` +
        `NNI_SYS_DIR=${trial}\nNNI_TRIAL_JOB_ID=aaaaa\nNNI_TRIAL_SEQ_ID=4\nSDK=yes\n`,
    );
    assert.match(readFileSync(join(trial, '.nni/state'), 'utf8'), /^0 \d{13}\n$/);
  });

  it('lets no trial run on of which nothing can be read', async () => {
    const local = service(`echo $$ > pid; exec sleep 600`);
    // The system refuses the file at the one moment when the process is there and nobody follows it yet.
    events.once('started aaaaa', () => rmSync(join(local.trialDirectory('aaaaa'), '.nni/metrics')));
    await assert.rejects(local.start(spec('aaaaa')), /ENOENT/);
    const [pid] = existsSync(join(folder, 'pid')) ? await lines(join(folder, 'pid'), 1) : [];
    assert.equal(pid === undefined ? undefined : await processStart(Number(pid)), undefined);
    await delay(50);
    assert.equal(of('aaaaa').end, undefined, 'it is told once, by the refusal');
  });

  for (const [command, expected] of [
    ['exit 3', { exitCode: 3 }],
    ['exec false', { exitCode: 1 }],
    ['kill -9 $$', { signal: 'SIGKILL' }],
    ['no-such-program', { exitCode: 127 }],
  ] as const) {
    it(`knows how \`${command}\` ended`, async () => {
      const local = service(command);
      await local.start(spec('aaaaa'));
      const end = await ended('aaaaa');
      assert.deepEqual({ ...end, endTime: 0 }, { ...expected, endTime: 0 });
    });
  }

  it('gives every metric before the end, also those written last, and says what was none', async () => {
    const local = service(
      shellTrial('report PERIODICAL 0.25 0; report PERIODICAL NaN 1; echo hello >> "$NNI_SYS_DIR/.nni/metrics"\n') +
        'report FINAL \'{"default": 0.5, "ü": 1}\'; printf ME000099half >> "$NNI_SYS_DIR/.nni/metrics"',
    );
    await local.start(spec('aaaaa'));
    await ended('aaaaa');
    assert.deepEqual(of('aaaaa').metrics, [
      { parameterId: '7', type: 'PERIODICAL', sequence: 0, value: '0.25' },
      { parameterId: '7', type: 'PERIODICAL', sequence: 1, value: 'NaN' },
      { parameterId: '7', type: 'FINAL', sequence: 0, value: '{"default": 0.5, "ü": 1}' },
    ]);
    assert.match(of('aaaaa').garbage.join(), /text that is no metric/);
  });

  it('gives a metric while the trial still runs', async () => {
    const local = service(shellTrial(`report PERIODICAL 1; sleep 600`));
    await local.start(spec('aaaaa'));
    if (of('aaaaa').metrics.length === 0) await once(events, 'metrics aaaaa');
    assert.equal(of('aaaaa').metrics[0]?.value, '1');
    await local.stop('aaaaa');
    assert.equal(of('aaaaa').end?.signal, 'SIGINT');
    await local.stop('aaaaa');
    await local.stop('never');
  });

  it('ends the whole tree: children of the shell, those that ignore SIGINT, those with a session of their own', async () => {
    const pids = join(folder, 'pids');
    const sleeper = `import os, time; open(r'${pids}', 'a').write(str(os.getpid()) + chr(10)); time.sleep(600)`;
    const deaf = `import signal; signal.signal(2, signal.SIG_IGN); signal.signal(15, signal.SIG_IGN); ${sleeper}`;
    const lost = `import os; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); ${sleeper}`;
    const local = service(
      `cd . && python3 -c "${lost}"; setsid python3 -c "${sleeper}" & python3 -c "${deaf}" & python3 -c "${sleeper}"; echo end`,
    );
    await local.start(spec('aaaaa'));
    const started = await lines(pids, 4);
    await local.stop('aaaaa');
    assert.ok(of('aaaaa').end);
    for (const pid of started) assert.equal(await processStart(Number(pid)), undefined, `process ${pid} lives`);
  });

  it('adopts a living trial, every metric once', async () => {
    const go = join(folder, 'go');
    const command = shellTrial(
      `report PERIODICAL 1 0; until [ -e '${go}' ]; do sleep 0.02; done; report PERIODICAL 2 1; report FINAL 3; exit 4`,
    );
    const first = service(command);
    const handle = await first.start(spec('aaaaa'));
    if (of('aaaaa').metrics.length === 0) await once(events, 'metrics aaaaa');
    await first.dispose();
    const second = service(command);
    const stored: TrialHandle = JSON.parse(JSON.stringify({ ...handle, metricsOffset: of('aaaaa').offset }));
    await second.adopt(stored);
    assert.equal(of('aaaaa').end, undefined);
    writeFileSync(go, '');
    const end = await ended('aaaaa');
    assert.equal(end?.exitCode, 4);
    assert.deepEqual(
      of('aaaaa').metrics.map((metric) => metric.value),
      ['1', '2', '3'],
    );
  });

  it('tells how an adopted trial ended while no runner watched, also one that nobody recorded', async () => {
    const command = shellTrial('report FINAL 1');
    const first = service(command);
    const handle = await first.start(spec('aaaaa'));
    await first.dispose();
    const state = join(first.trialDirectory('aaaaa'), '.nni/state');
    const [line] = await lines(state, 1);
    const second = service(command);
    assert.equal(await second.find('zzzzz'), undefined);
    assert.deepEqual(await second.find('aaaaa'), { trialId: 'aaaaa', metricsOffset: 0 });
    of('aaaaa').metrics = [];
    await second.adopt({ ...handle, metricsOffset: 0 });
    const end = await ended('aaaaa');
    assert.deepEqual(end, { exitCode: 0, endTime: Number(line?.split(' ')[1]) });
    assert.deepEqual(of('aaaaa').metrics.length, 1);
  });

  it('finds a running trial that nobody recorded, and stops it', async () => {
    const first = service('echo up; sleep 600');
    const handle = await first.start(spec('aaaaa'));
    // Before its wrapper is up, a signal ends that with nothing said of how.
    await lines(join(first.trialDirectory('aaaaa'), 'trial.stdout'), 1);
    await first.dispose();
    const second = service('sleep 600');
    const found = await second.find('aaaaa');
    assert.equal(found?.pid, handle.pid);
    await second.adopt(found ?? handle);
    await second.stop('aaaaa');
    assert.equal(await processStart(handle.pid ?? 0), undefined);
    assert.equal(of('aaaaa').end?.signal, 'SIGINT');
  });

  it('leaves no trial running of which it can read nothing', async () => {
    const first = service('echo up; sleep 600');
    const handle = await first.start(spec('aaaaa'));
    const trial = first.trialDirectory('aaaaa');
    await lines(join(trial, 'trial.stdout'), 1);
    await first.dispose();
    // A socket can't be opened as a file, not even by root.
    const socket = createServer().listen(join(folder, 'socket'));
    await once(socket, 'listening');
    rmSync(join(trial, '.nni/metrics'));
    renameSync(join(folder, 'socket'), join(trial, '.nni/metrics'));
    await assert.rejects(service('sleep 600').adopt(handle), /ENXIO|EOPNOTSUPP/);
    assert.equal(await processStart(handle.pid ?? 0), undefined);
    socket.close();
  });

  it('knows nothing of the end of an adopted trial that was killed with its wrapper', async () => {
    const first = service('sleep 600');
    const handle = await first.start(spec('aaaaa'));
    await first.dispose();
    process.kill(-(handle.pid ?? 0), 'SIGKILL');
    const second = service('sleep 600');
    await second.adopt(handle);
    const end = await ended('aaaaa');
    assert.equal(end?.exitCode, undefined);
    assert.equal(end?.signal, undefined);
  });

  it('is not fooled by a pid that is used again', async () => {
    const local = service('true');
    await local.adopt({ trialId: 'aaaaa', metricsOffset: 0, pid: process.pid, pidStart: 'another time' });
    const end = await ended('aaaaa');
    assert.equal(end?.exitCode, undefined);
  });

  it('ends the command when only its wrapper was killed', async () => {
    const pids = join(folder, 'pids');
    const local = service(`echo $$ > '${pids}'; exec sleep 600`);
    const handle = await local.start(spec('aaaaa'));
    const [pid] = await lines(pids, 1);
    process.kill(handle.pid ?? 0, 'SIGKILL');
    const end = await ended('aaaaa');
    assert.equal(end?.signal, 'SIGKILL');
    assert.equal(await processStart(Number(pid)), undefined);
  });

  it('says what is missing before and at the start', async () => {
    const missing = join(folder, 'nowhere');
    const local = service('true', { trialCodeDirectory: missing });
    await assert.rejects(local.prepare(), { message: `trialCodeDirectory does not exist: ${missing}` });
    await assert.rejects(local.start(spec('aaaaa')), { message: `trialCodeDirectory does not exist: ${missing}` });
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
    const gpusOf = (handle: TrialHandle) => handle.gpus;

    it('are given to trials, each to as many as may share it', async () => {
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
        assert.ok(local.hasRoom());
        given.push(gpusOf(await local.start(spec(id))));
      }
      assert.deepEqual(given, [[0], [2], [0], [2]]);
      assert.ok(!local.hasRoom());
      assert.deepEqual(await lines(join(local.trialDirectory('bbbbb'), 'trial.stdout'), 1), ['2']);
      await local.stop('bbbbb');
      assert.ok(local.hasRoom());
      await Promise.all(['aaaaa', 'ccccc', 'ddddd'].map((id) => local.stop(id)));
    });

    it('that others compute on are left alone unless allowed', async () => {
      smi('0, GPU-a\\n1, GPU-b\\n', 'GPU-a, 4711\\n');
      const local = service('true', { trialGpuNumber: 1 });
      await local.prepare();
      assert.deepEqual(gpusOf(await local.start(spec('aaaaa'))), [1]);
      assert.ok(!local.hasRoom());
      await ended('aaaaa');
      assert.ok(local.hasRoom());
    });

    it('that do not exist are found out before the first trial', async () => {
      smi('0, GPU-a\\n');
      await assert.rejects(service('true', { trialGpuNumber: 1, gpuIndices: [3] }).prepare(), /GPU 3/);
      await assert.rejects(service('true', { trialGpuNumber: 2 }).prepare(), /needs 2 GPUs/);
      writeFileSync(join(folder, 'nvidia-smi'), '#!/bin/sh\necho no driver >&2\nexit 9\n');
      await assert.rejects(service('true', { trialGpuNumber: 1 }).prepare(), /nvidia-smi does not answer.*exit code 9/);
    });

    it('are hidden from trials with trialGpuNumber 0', async () => {
      const local = service('echo "[$CUDA_VISIBLE_DEVICES]"', { trialGpuNumber: 0 });
      await local.prepare();
      await local.start(spec('aaaaa'));
      await ended('aaaaa');
      assert.deepEqual(await lines(join(local.trialDirectory('aaaaa'), 'trial.stdout'), 1), ['[]']);
    });
  });
});
