/** NNI's file channel: what a trial appends to its folder arrives once, whatever happens to the runner. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Position, TrialReport } from '../../../src/runner/channels/channel.ts';
import { FileChannel } from '../../../src/runner/channels/file/fileChannel.ts';
import { deferred } from '../../../src/runner/deferred.ts';
import { silentLogger } from '../../../src/server/log.ts';
import { diskWriter } from '../../../src/system/fileWriter.ts';
import { shellTrial } from '../../harness/trialCommands.ts';

const trial = {
  id: 'aaaaa',
  number: 0,
  record: { parameter_id: 7, parameter_source: 'algorithm', parameters: { x: 1 }, parameter_index: 0 },
} as const;

describe('file channel', () => {
  let folder: string;
  let channels: FileChannel[];
  let reports: TrialReport[];
  let arrived = deferred<void>();

  const folderOf = (id: string) => join(folder, id);
  function open(writer = diskWriter) {
    const events = {
      reported: (_id: string, report: TrialReport) => {
        reports.push(report);
        arrived.resolve();
        arrived = deferred();
      },
      alive: () => assert.fail('a file has no sign of life'),
      silent: () => assert.fail('a file has no sign of life'),
    };
    const channel = new FileChannel({ folderOf, events, log: silentLogger, writer });
    channels.push(channel);
    return channel;
  }
  /** Runs shell lines as a trial whose channel gave it this environment. */
  const run = (lines: string, environment: Readonly<Record<string, string>>) =>
    execFileSync('bash', ['-c', shellTrial(lines)], {
      env: { ...process.env, NNI_TRIAL_JOB_ID: 'aaaaa', ...environment },
    });
  const values = () => reports.flatMap(({ metrics }) => metrics.map(({ value }) => value));
  const lastPosition = () => JSON.parse(JSON.stringify(reports.at(-1)?.position)) as Position;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trialdeck-channel-'));
    channels = [];
    reports = [];
  });
  afterEach(async () => {
    for (const channel of channels) await channel.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the trial its parameters and the variables that make NNI’s SDK write files', async () => {
    const { environment, files } = await open().open(trial, 1);
    assert.deepEqual([environment, files], [{ NNI_PLATFORM: 'local', NNI_SYS_DIR: folderOf('aaaaa') }, {}]);
    assert.deepEqual(JSON.parse(readFileSync(join(folderOf('aaaaa'), 'parameter.cfg'), 'utf8')), trial.record);
  });

  it('reports every metric before it closes, and says what is not a metric', async () => {
    const channel = open();
    const { environment } = await channel.open(trial, 1);
    run(
      'report PERIODICAL 0.25 0; report PERIODICAL NaN 1; echo hello >> "$NNI_SYS_DIR/.nni/metrics"\n' +
        'report FINAL \'{"default": 0.5, "ü": 1}\'; printf ME000099half >> "$NNI_SYS_DIR/.nni/metrics"',
      environment,
    );
    await channel.close('aaaaa');
    assert.deepEqual(
      reports.flatMap(({ metrics }) => metrics),
      [
        { parameterId: '7', type: 'PERIODICAL', sequence: 0, value: '0.25' },
        { parameterId: '7', type: 'PERIODICAL', sequence: 1, value: 'NaN' },
        { parameterId: '7', type: 'FINAL', sequence: 0, value: '{"default": 0.5, "ü": 1}' },
      ],
    );
    assert.match(reports.map(({ garbage }) => garbage).join(), /text that is not a metric/);
    await channel.close('aaaaa');
  });

  it('reports a metric while the trial runs', async () => {
    const { environment } = await open().open(trial, 1);
    const next = arrived.promise;
    run('report PERIODICAL 1', environment);
    await next;
    assert.deepEqual(values(), ['1']);
  });

  it('goes on where an earlier runner stopped reading', async () => {
    const first = open();
    const { environment } = await first.open(trial, 1);
    const next = arrived.promise;
    run('report PERIODICAL 1 0', environment);
    await next;
    await first.dispose();
    run('report PERIODICAL 2 1', environment);
    const second = open();
    await second.follow(trial, 1, lastPosition());
    await second.close('aaaaa');
    assert.deepEqual(values(), ['1', '2']);
  });

  it('reads from the byte offset that version 0.1.0 stored', async () => {
    const { environment } = await open().open(trial, 1);
    run('report PERIODICAL 1 0', environment);
    const offset = readFileSync(join(folderOf('aaaaa'), '.nni', 'metrics')).length;
    run('report PERIODICAL 2 1', environment);
    reports = [];
    const next = open();
    await next.follow(trial, 1, offset);
    await next.close('aaaaa');
    assert.deepEqual(values(), ['2']);
  });

  it('keeps the metrics of two attempts apart', async () => {
    const channel = open();
    const first = await channel.open(trial, 1);
    run('report PERIODICAL 1', first.environment);
    await channel.close('aaaaa');
    const second = await channel.open(trial, 2);
    run('report PERIODICAL 2', second.environment);
    run('report PERIODICAL 3', first.environment); // The first attempt lives on, unseen.
    await channel.close('aaaaa');
    assert.deepEqual(
      reports.map(({ attempt, metrics }) => [attempt, ...metrics.map(({ value }) => value)]),
      [
        [1, '1'],
        [2, '2'],
      ],
    );
  });

  it('does not make the folder of a trial again that a person removed', async () => {
    const channel = open();
    await channel.follow(trial, 1, 12);
    await channel.close('aaaaa');
    assert.ok(!existsSync(folderOf('aaaaa')));
  });

  it('opens no trial whose file can’t be read', async () => {
    // A socket can't be opened as a file, not even by root.
    const socket = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => socket.once('listening', resolve));
    mkdirSync(join(folderOf('aaaaa'), '.nni'), { recursive: true });
    renameSync(join(folder, 'socket'), join(folderOf('aaaaa'), '.nni', 'metrics'));
    await assert.rejects(open().open(trial, 1), /ENXIO|EOPNOTSUPP/);
    await assert.rejects(open().follow(trial, 1, 0), /ENXIO|EOPNOTSUPP/);
    socket.close();
  });

  it('opens no trial whose parameters can’t be written', async () => {
    const full = {
      ...diskWriter,
      replaceSync: () => {
        throw new Error('ENOSPC: no space left on device');
      },
    };
    await assert.rejects(open(full).open(trial, 1), /ENOSPC/);
  });

  it('reads a file that was cut from its start, and says so', async () => {
    const channel = open();
    const { environment } = await channel.open(trial, 1);
    const next = arrived.promise;
    run('report PERIODICAL 1; report PERIODICAL 2', environment);
    await next;
    const metrics = join(folderOf('aaaaa'), '.nni', 'metrics');
    const [frame] = readFileSync(metrics, 'utf8').split(/(?<=\n)/);
    execFileSync('truncate', ['-s', '0', metrics]);
    appendFileSync(metrics, frame ?? '');
    await channel.close('aaaaa');
    assert.match(reports.map(({ garbage }) => garbage).join(), /was cut from \d+ to \d+ bytes/);
    assert.equal(values().at(-1), '1');
  });
});
