/** TensorBoard over trials of running, stored and NNI's experiments. A stand-in prints the lines of the real one. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../scripts/folders.ts';
import type { TaskRecord } from '../../../src/server/tensorBoard/tensorBoards.ts';
import { experimentRoot, nniBase } from '../../../src/wire/routes.ts';
import { eventually } from '../../harness/eventually.ts';
import { Home, untilGone } from '../../harness/home.ts';
import { ManagerProcess } from '../../harness/managerProcess.ts';
import { runnerConfig } from '../../harness/runnerProcess.ts';

const fixtures = join(projectRoot, 'test/fixtures/nni-3.0/experiments');
const stored = 'hfc6tdyj';

/** Serves the names of the runs below its --logdir, as TensorBoard does at the same address. */
const standIn = `#!${process.execPath}
const { createServer } = require('node:http');
const { readdirSync, existsSync } = require('node:fs');
const { join } = require('node:path');
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const folder = option('--logdir');
const hasEvents = (run) => readdirSync(join(folder, run)).some((name) => name.includes('tfevents'));
const server = createServer((request, response) => response.end(JSON.stringify(readdirSync(folder).filter(hasEvents))));
server.listen(Number(option('--port')), option('--host'), () => {
  console.error('NOTE: see https://github.com/tensorflow/tensorboard');
  console.error('TensorBoard 2.0 at http://127.0.0.1:' + server.address().port + '/ (Press CTRL+C to quit)');
});
`;

describe('TensorBoard in a manager', () => {
  let home: Home;
  let bin: string;

  beforeEach(async () => {
    home = await Home.make();
    cpSync(join(fixtures, stored), join(home.experiments, stored), { recursive: true });
    bin = join(home.path, 'bin');
    mkdirSync(bin);
  });
  afterEach(() => home.dispose());

  /** With `script` as the first tensorboard on the PATH. */
  function start(script: string, environment: Record<string, string> = {}): Promise<ManagerProcess> {
    writeFileSync(join(bin, 'tensorboard'), script, { mode: 0o755 });
    return ManagerProcess.start(home, { environment: { PATH: `${bin}:${process.env.PATH}`, ...environment } });
  }
  async function ask<T>(manager: ManagerProcess, id: string, method: string, path: string, body?: object): Promise<T> {
    const content = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await manager.fetch(`${experimentRoot(id)}${nniBase}${path}`, { method, ...content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  const open = (manager: ManagerProcess, id: string, trials: string[]) =>
    ask<TaskRecord>(manager, id, 'POST', '/tensorboard', { trials: trials.join(',') });
  const runs = async (task: TaskRecord) => (await fetch(`http://127.0.0.1:${task.port}/`)).json();
  /** Two trials of the stored experiment, the first of which wrote events. */
  async function twoTrials(manager: ManagerProcess): Promise<[string, string]> {
    const trials = await manager.get<{ trialJobId: string; sequenceId: number }[]>(
      `${experimentRoot(stored)}${nniBase}/trial-jobs`,
    );
    const [first, second] = trials.map(({ trialJobId }) => trialJobId);
    return [first ?? assert.fail(), second ?? assert.fail()];
  }
  function writeEvents(trial: string, folder: string): string {
    const path = join(home.experiments, stored, 'environments/local-env/trials', trial, folder);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'events.out.tfevents.1.host'), '');
    return path;
  }

  it('shows the folders with events, finds later ones after a refresh, and ends on request', async () => {
    const manager = await start(standIn);
    const [first, second] = await twoTrials(manager);
    const folder = writeEvents(first, 'output/tensorboard');
    const task = await open(manager, stored, [first, second]);
    assert.equal(task.status, 'RUNNING');
    assert.deepEqual(task.trialJobIdList, [first, second]);
    assert.equal(task.trialLogDirectoryList[0], folder);
    assert.deepEqual(await runs(task), [`0 ${first}`]);
    assert.deepEqual(await ask(manager, stored, 'GET', '/tensorboard-tasks'), [task]);
    assert.equal((await open(manager, stored, [first, second])).id, task.id);

    writeEvents(second, 'runs/a');
    writeEvents(second, 'runs/b');
    const fresh = await ask<TaskRecord>(manager, stored, 'PUT', `/tensorboard/${task.id}`);
    assert.match(fresh.trialLogDirectoryList[1] ?? '', /runs$/);

    const stopped = await ask<TaskRecord>(manager, stored, 'DELETE', `/tensorboard/${task.id}`);
    assert.equal(stopped.status, 'STOPPED');
    await untilGone(task.pid ?? 0);
    await assert.rejects(ask(manager, stored, 'GET', '/tensorboard/none'), /404 .*There is no TensorBoard task none/);
    await assert.rejects(open(manager, stored, ['none']), /404 .*There is no trial none/);
    await assert.rejects(ask(manager, stored, 'POST', '/tensorboard', {}), /400 .*must name the trials/);
  });

  it('ends with the manager', async () => {
    const manager = await start(standIn);
    const [first, second] = await twoTrials(manager);
    const tasks = [await open(manager, stored, [first]), await open(manager, stored, [second])];
    await manager.stop();
    for (const { pid } of tasks) await untilGone(pid ?? 0);
  });

  it('is started by the runner of a living experiment, and ends with it', async () => {
    const manager = await start(standIn);
    const trialCommand = 'mkdir tensorboard 2>/dev/null; touch $NNI_OUTPUT_DIR/events.out.tfevents.1 && sleep 600';
    const config = runnerConfig(home.experiments, { trialCommand, maxTrialNumber: 1 });
    const { id } = await manager.launch({ action: 'create', config, baseDirectory: home.path });
    await manager.until(id, ({ counts }) => counts.RUNNING === 1);
    const [trial] = await ask<{ trialJobId: string; logPath: string }[]>(manager, id, 'GET', '/trial-jobs');
    assert.ok(trial);
    await eventually('the events', () => existsSync(join(trial.logPath, 'events.out.tfevents.1')));
    const task = await open(manager, id, [trial.trialJobId]);
    assert.deepEqual(await runs(task), [`0 ${trial.trialJobId}`]);
    await ask(manager, id, 'DELETE', '/experiment');
    await untilGone(task.pid ?? 0);
  });

  it('says how to install a missing TensorBoard', async () => {
    const manager = await start(standIn);
    await manager.stop();
    const empty = join(home.path, 'empty');
    mkdirSync(empty);
    const without = await ManagerProcess.start(home, { environment: { PATH: empty } });
    const [first] = await twoTrials(without);
    await assert.rejects(open(without, stored, [first]), /400 .*not installed.*pip install tensorboard/);
    assert.deepEqual(await ask(without, stored, 'GET', '/tensorboard-tasks'), []);
  });

  it('says why it ended at once', async () => {
    const manager = await start('#!/bin/sh\necho starting >&2\necho "No module named pkg_resources" >&2\nexit 1\n');
    const [first] = await twoTrials(manager);
    await assert.rejects(open(manager, stored, [first]), /500 .*exit 1.*No module named pkg_resources/);
    const [task] = await ask<TaskRecord[]>(manager, stored, 'GET', '/tensorboard-tasks');
    assert.equal(task?.status, 'ERROR');
    await ask(manager, stored, 'DELETE', '/tensorboard-tasks');
  });
});
