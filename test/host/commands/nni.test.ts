/** What one does with experiments besides steering them: delete, retry, import, open what NNI and TensorBoard serve. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, type MessageOptions, Uri, window } from 'vscode';
import { RejectedError } from '../../../src/client/errors.ts';
import { deleteExperiment } from '../../../src/ui/commands/deleteExperiment.ts';
import { importResults } from '../../../src/ui/commands/importResults.ts';
import { Refusal } from '../../../src/ui/commands/refusal.ts';
import { retryFailedTrials, retryTrial } from '../../../src/ui/commands/retryTrials.ts';
import { openTensorBoard } from '../../../src/ui/commands/tensorBoard.ts';
import { openWebPortal } from '../../../src/ui/commands/webPortal.ts';
import { answer, type Call, reference, runningExperiment, runningTrial, world } from './fakes.ts';

describe('further commands on an experiment', () => {
  let dialogs: ReturnType<typeof answer> | undefined;
  let folder = '';
  /** Addresses that were opened in a browser. */
  let opened: string[] = [];
  const { openExternal } = env;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs = answer(answers);
    return dialogs.asked;
  };
  const detailOf = (asked: Call[]) => (asked[0]?.[2] as MessageOptions | undefined)?.detail ?? '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-nni-'));
    Object.defineProperty(env, 'openExternal', {
      configurable: true,
      value: async (uri: Uri) => opened.push(uri.toString(true)) > 0,
    });
  });
  after(async () => {
    Object.defineProperty(env, 'openExternal', { configurable: true, value: openExternal });
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    opened = [];
  });
  afterEach(() => dialogs?.restore());

  async function file(name: string, text: string): Promise<Uri> {
    const path = join(folder, name);
    await writeFile(path, text);
    return Uri.file(path);
  }

  it('deletes a stored experiment after naming what is lost, and closes its panel', async () => {
    const { services, calls } = world(
      runningExperiment({ live: false, status: 'STOPPED', counts: { SUCCEEDED: 10, FAILED: 2 } }),
    );
    const asked = answering({ showWarningMessage: () => 'Delete' });
    await deleteExperiment(services, reference);
    assert.equal(asked[0]?.[1], 'Delete spirals?');
    assert.match(detailOf(asked), /12 trials, 10 with a result[\s\S]*lost for good[\s\S]*\/experiments\/exp1/);
    assert.deepEqual(calls, [
      ['delete', 'local', 'exp1'],
      ['closePanel', 'local', 'exp1'],
    ]);
  });

  it('does not delete a running experiment, nor without a confirmation', async () => {
    const running = world(runningExperiment());
    await assert.rejects(deleteExperiment(running.services, reference), Refusal);
    const stored = world(runningExperiment({ live: false, status: 'DONE' }));
    answering({ showWarningMessage: () => undefined });
    await assert.rejects(deleteExperiment(stored.services, reference));
    assert.deepEqual([...running.calls, ...stored.calls], []);
  });

  it('retries each failed set of parameters once, but none that has succeeded since', async () => {
    const trials = [
      runningTrial(0, { status: 'FAILED', parameters: { lr: 0.1 } }),
      runningTrial(1, { status: 'FAILED', parameters: { lr: 0.2 } }),
      runningTrial(2, { status: 'SUCCEEDED', parameters: { lr: 0.2 } }),
    ];
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2, SUCCEEDED: 1 } }), trials);
    const asked = answering({ showWarningMessage: () => 'Retry' });
    await retryFailedTrials(services, reference);
    assert.equal(asked[0]?.[1], 'Retry 1 trial of spirals?');
    assert.match(detailOf(asked), /Left out: 1 whose parameters have succeeded since/);
    assert.deepEqual(calls, [['addTrial', { lr: 0.1 }]]);
  });

  it('offers to raise the maximum when it leaves no room', async () => {
    const trials = [runningTrial(0, { status: 'FAILED' }), runningTrial(1, { status: 'FAILED' })];
    const { services, calls } = world(runningExperiment({ counts: { FAILED: 2 }, maxTrialNumber: 2 }), trials);
    const asked = answering({ showWarningMessage: (...args: unknown[]) => args[2] });
    const nodes = trials.map(({ id }) => ({ ...reference, trialId: id }));
    await retryTrial(services, nodes[0], nodes);
    assert.match(detailOf(asked), /may have 2 trials and has 2/);
    assert.deepEqual(
      calls.map(([name, value]) => [name, value]),
      [
        ['updateTrialnum', 4],
        ['addTrial', { lr: 0.01 }],
        ['addTrial', { lr: 0.02 }],
      ],
    );
  });

  it('imports results from a file after a question with their number', async () => {
    const uri = await file(
      'results.json',
      '[{"parameter": {"lr": 0.5}, "value": 0.9}, {"parameter": {"lr": 7}, "value": 0.1}]',
    );
    const { services, calls } = world(runningExperiment());
    const asked = answering({ showOpenDialog: () => [uri], showWarningMessage: () => 'Import' });
    await importResults(services, reference);
    const question = asked.find(([name]) => name === 'showWarningMessage');
    assert.equal(question?.[1], 'Import 2 results from results.json into spirals?');
    assert.match(detailOf(question ? [question] : []), /1 is not of the search space \(line 1: .*lr/);
    assert.deepEqual(calls, [
      [
        'importData',
        [
          { parameter: { lr: 0.5 }, value: 0.9 },
          { parameter: { lr: 7 }, value: 0.1 },
        ],
      ],
    ]);
  });

  it('shows an error in a file at its line, and imports nothing of the file', async () => {
    const uri = await file('broken.json', '[\n  {"parameter": {"lr": 0.5}, "value": 0.9},\n  {"value": 0.1}\n]');
    const { services, calls } = world(runningExperiment());
    answering({ showOpenDialog: () => [uri] });
    await assert.rejects(importResults(services, reference), /broken\.json, line 3: .*Nothing was imported/);
    assert.equal(window.activeTextEditor?.selection.start.line, 2);
    assert.deepEqual(calls, []);
  });

  it("opens the page of NNI at the experiment's port and prefix", async () => {
    const { services } = world(runningExperiment({ engine: 'nni', port: 8123, urlPrefix: 'a/b' }));
    await openWebPortal(services, reference);
    assert.equal(opened.length, 1);
    assert.match(opened[0] ?? '', /8123.*a\/b|a\/b/);
    await assert.rejects(openWebPortal(world(runningExperiment({ port: 8123 })).services, reference), Refusal);
  });

  it('opens TensorBoard with the started trials, and reuses a running one with the same trials', async () => {
    const trials = [runningTrial(0, { status: 'SUCCEEDED' }), runningTrial(1), runningTrial(2, { status: 'WAITING' })];
    const task = (status: string, trialJobIdList = ['T0', 'T1']) => ({
      id: 'tb1',
      status,
      trialJobIdList,
      trialLogDirectoryList: ['/logs'],
      port: 6007,
    });
    const first = world(runningExperiment(), trials, {
      listTensorBoards: () => [],
      startTensorBoard: () => task('DOWNLOADING_DATA'),
      getTensorBoard: () => task('RUNNING'),
    });
    await openTensorBoard(first.services, reference);
    assert.deepEqual(first.calls.find(([name]) => name === 'startTensorBoard')?.[1], ['T0', 'T1']);
    assert.match(opened[0] ?? '', /6007/);
    const second = world(runningExperiment(), trials, { listTensorBoards: () => [task('RUNNING')] });
    await openTensorBoard(second.services, reference);
    assert.deepEqual(
      second.calls.map(([name]) => name),
      ['listTensorBoards'],
    );
    assert.equal(opened.length, 2);
  });

  it('explains how to install a missing TensorBoard', async () => {
    const reason = 'TensorBoard is not installed for python3. Install it with: python3 -m pip install tensorboard';
    const { services } = world(runningExperiment(), [runningTrial(0)], {
      listTensorBoards: () => [],
      startTensorBoard: () => {
        throw new RejectedError({ task: 'start TensorBoard', server: 'here' }, 400, reason);
      },
    });
    await assert.rejects(openTensorBoard(services, reference), (error) => {
      return error instanceof Refusal && error.message === reason;
    });
  });
});
