/** TensorBoard over many trials, over none, when it does not come up, when one gives up waiting, and stopping it. */
import assert from 'node:assert/strict';
import { CancellationTokenSource, env, type Uri } from 'vscode';
import { RejectedError } from '../../../src/client/errors.ts';
import { Dismissed } from '../../../src/ui/commands/refusal.ts';
import { openTensorBoard, stopTensorBoard } from '../../../src/ui/commands/tensorBoard.ts';
import { answer, reference, runningExperiment, runningTrial, world } from './fakes.ts';

describe('TensorBoard', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  let opened: string[] = [];
  /** Whether a browser opens what it is given. */
  let opens = true;
  const { openExternal } = env;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs?.restore();
    dialogs = answer(answers);
    return dialogs.asked;
  };
  before(() => {
    const value = async (uri: Uri) => {
      opened.push(uri.toString(true));
      return opens;
    };
    Object.defineProperty(env, 'openExternal', { configurable: true, value });
  });
  after(() => Object.defineProperty(env, 'openExternal', { configurable: true, value: openExternal }));
  beforeEach(() => {
    opened = [];
    opens = true;
  });
  afterEach(() => dialogs?.restore());

  const task = (status: string, trialJobIdList = ['T0']) => ({
    id: 'tb1',
    status,
    trialJobIdList,
    trialLogDirectoryList: ['/logs'],
    port: 6007,
  });
  const withTask = (status: string) => ({ listTensorBoards: () => [], startTensorBoard: () => task(status) });

  it('asks whether to show only the best of very many trials', async () => {
    const trials = Array.from({ length: 130 }, (_, number) => runningTrial(number, { status: 'SUCCEEDED' }));
    const { services, calls } = world(runningExperiment(), trials, withTask('RUNNING'));
    answering({ showInformationMessage: () => undefined });
    await assert.rejects(openTensorBoard(services, reference), Dismissed);
    assert.equal(calls.length, 0);
    const asked = answering({ showInformationMessage: () => 'Show' });
    await openTensorBoard(services, reference);
    assert.equal(asked[0]?.[1], 'Show the best 100 trials of spirals in TensorBoard?');
    const started = (calls.find(([name]) => name === 'startTensorBoard')?.[1] ?? []) as string[];
    assert.deepEqual([started.length, started[0], started.at(-1)], [100, 'T0', 'T99']);
  });

  it('shows only the selected trials', async () => {
    const trials = [runningTrial(0), runningTrial(1), runningTrial(2)];
    const { services, calls } = world(runningExperiment(), trials, withTask('RUNNING'));
    const nodes = ['T1', 'T2'].map((trialId) => ({ ...reference, trialId }));
    await openTensorBoard(services, nodes[0], nodes);
    assert.deepEqual(calls.find(([name]) => name === 'startTensorBoard')?.[1], ['T1', 'T2']);
  });

  it('is refused while no trial has started', async () => {
    const waiting = [runningTrial(0, { status: 'WAITING' })];
    const { services, calls } = world(runningExperiment({ counts: { WAITING: 1 } }), waiting);
    await assert.rejects(openTensorBoard(services, reference), /spirals has no trials yet/);
    await assert.rejects(openTensorBoard(services, { ...reference, trialId: 'T0' }), /has not started yet/);
    assert.deepEqual(calls, []);
  });

  it('reports a failed start, and explains the installation when NNI only hints at it', async () => {
    const failing = world(runningExperiment(), [runningTrial(0)], withTask('FAIL_START'));
    await assert.rejects(openTensorBoard(failing.services, reference), /did not come up.*FAIL_START/);
    const hinting = world(runningExperiment(), [runningTrial(0)], {
      listTensorBoards: () => [],
      startTensorBoard: () => {
        const reason = 'Tensorboard may not installed, if you want to use tensorboard, please check.';
        throw new RejectedError({ task: 'start TensorBoard', server: 'here' }, 500, reason);
      },
    });
    await assert.rejects(openTensorBoard(hinting.services, reference), {
      name: 'Refusal',
      message: /Python that runs spirals\. Install it there with "pip install tensorboard"/,
    });
    assert.deepEqual(opened, []);
  });

  it('names its address when no browser opens it', async () => {
    opens = false;
    const { services } = world(runningExperiment(), [runningTrial(0)], withTask('RUNNING'));
    await assert.rejects(openTensorBoard(services, reference), /was not opened\. Its address is http.*6007/);
  });

  it('is stopped when the user cancels the wait, unless it ran before', async () => {
    for (const [running, wanted] of [
      [[], [['stopTensorBoard', 'tb1']]],
      [[task('DOWNLOADING_DATA')], []],
    ] as const) {
      const cancel = new CancellationTokenSource();
      const { services, calls } = world(runningExperiment(), [runningTrial(0)], {
        listTensorBoards: () => running,
        startTensorBoard: () => task('DOWNLOADING_DATA'),
        getTensorBoard: () => {
          cancel.cancel();
          return task('DOWNLOADING_DATA');
        },
      });
      answering({
        withProgress: (_options: object, work: (progress: object, token: object) => unknown) => work({}, cancel.token),
      });
      await openTensorBoard(services, reference);
      assert.deepEqual(
        calls.filter(([name]) => name === 'stopTensorBoard'),
        wanted,
      );
      assert.deepEqual(opened, []);
    }
  });

  it('is stopped by its command, which reports when none runs', async () => {
    const one = world(runningExperiment(), [], { listTensorBoards: () => [task('RUNNING')] });
    await stopTensorBoard(one.services, reference);
    assert.deepEqual(one.calls, [['listTensorBoards'], ['stopTensorBoards']]);
    const none = world(runningExperiment(), [], { listTensorBoards: () => [task('STOPPED')] });
    await assert.rejects(stopTensorBoard(none.services, reference), {
      name: 'Refusal',
      message: 'No TensorBoard of spirals is running.',
    });
    assert.deepEqual(none.calls, [['listTensorBoards']]);
  });
});
