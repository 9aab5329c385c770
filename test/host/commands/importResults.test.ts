/** Importing results: what is asked before, what is left out, and what is said when they are not taken. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MessageOptions, Uri } from 'vscode';
import { importResults } from '../../../src/ui/commands/importResults.ts';
import { Dismissed } from '../../../src/ui/commands/refusal.ts';
import { answer, reference, runningExperiment, world } from './fakes.ts';

describe('importing results', () => {
  let folder = '';
  let dialogs: ReturnType<typeof answer> | undefined;
  const answering = (answers: Parameters<typeof answer>[0]) => {
    dialogs?.restore();
    dialogs = answer(answers);
    return dialogs.asked;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-import-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(() => dialogs?.restore());

  async function file(name: string, text: string): Promise<Uri> {
    const path = join(folder, name);
    await writeFile(path, text);
    return Uri.file(path);
  }
  const one = '[{"parameter": {"lr": 0.5}, "value": 0.9}]';

  it('accepts a table, and names the lines without a number as their result', async () => {
    const uri = await file('table.csv', 'lr,value\n0.5,0.9\n0.25,\n0.75,0.8\n');
    const { services, calls } = world(runningExperiment());
    const asked = answering({ showOpenDialog: () => [uri], showWarningMessage: () => 'Import' });
    await importResults(services, reference);
    assert.equal(asked[1]?.[1], 'Import 2 results from table.csv into spirals?');
    const { detail = '', modal } = (asked[1]?.[2] ?? {}) as MessageOptions;
    assert.equal(modal, true);
    assert.match(detail, /can not be taken back[\s\S]*Left out: 1 without a number as its result \(line 3\)/);
    assert.doesNotMatch(detail, /search space/);
    assert.deepEqual(calls, [
      [
        'importData',
        [
          { parameter: { lr: 0.5 }, value: 0.9 },
          { parameter: { lr: 0.75 }, value: 0.8 },
        ],
      ],
    ]);
  });

  it('sends nothing when no file is chosen or the question is dismissed', async () => {
    const uri = await file('one.json', one);
    const { services, calls } = world(runningExperiment());
    answering({ showOpenDialog: () => undefined });
    await assert.rejects(importResults(services, reference), Dismissed);
    const asked = answering({ showOpenDialog: () => [uri], showWarningMessage: () => undefined });
    await assert.rejects(importResults(services, reference), Dismissed);
    assert.equal(asked[1]?.[1], 'Import 1 result from one.json into spirals?');
    assert.deepEqual(calls, []);
  });

  it('is refused before it asks for a file when no tuner can import results', async () => {
    const asked = answering({ showOpenDialog: () => undefined });
    for (const [change, words] of [
      [{ live: false, status: 'DONE' }, /spirals is not running\. Resume it first/],
      [{ status: 'ERROR' }, /spirals has failed\. Stop it and resume it first/],
      [{ type: 'nas' }, /takes no trials by hand/],
    ] as const) {
      await assert.rejects(importResults(world(runningExperiment(change)).services, reference), words);
    }
    assert.deepEqual(asked, []);
  });

  it('passes on why the tuner rejects the results', async () => {
    const uri = await file('one.json', one);
    const refusal = new Error('Could not import results: GridSearch takes none.');
    const { services } = world(runningExperiment(), [], {
      importData: () => {
        throw refusal;
      },
    });
    answering({ showOpenDialog: () => [uri], showWarningMessage: () => 'Import' });
    await assert.rejects(importResults(services, reference), refusal);
  });

  it('accepts all parameters when the search space is unknown', async () => {
    const uri = await file('one.json', one);
    const { services, calls } = world(runningExperiment());
    Object.assign(services.store, { experiment: () => ({ loaded: async () => undefined }) });
    const asked = answering({ showOpenDialog: () => [uri], showWarningMessage: () => 'Import' });
    await importResults(services, reference);
    assert.doesNotMatch((asked[1]?.[2] as MessageOptions | undefined)?.detail ?? '', /search space/);
    assert.equal(calls[0]?.[0], 'importData');
  });
});
