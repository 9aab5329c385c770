/** Drafts of trials, logs that follow, and the comparison of search spaces, as documents in a real editor. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CodeLens,
  commands,
  EventEmitter,
  languages,
  type Memento,
  Range,
  TabInputTextDiff,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { type LogAddress, LogDocuments, logUri } from '../../../src/ui/commands/logDocuments.ts';
import { updateSearchSpace } from '../../../src/ui/commands/searchSpace.ts';
import { SpaceDocuments } from '../../../src/ui/commands/spaceDocuments.ts';
import { TrialDrafts } from '../../../src/ui/commands/trialDrafts.ts';
import { queueTrial } from '../../../src/ui/commands/trials.ts';
import { eventually, until } from '../waiting.ts';
import { answer, reference, runningExperiment, world } from './fakes.ts';

const space = { lr: { _type: 'uniform' as const, _value: [0, 1] } };

describe('a trial to queue', () => {
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string, fallback: unknown) => kept.get(key) ?? fallback,
    update: async (key: string, value: unknown) => void kept.set(key, value),
    keys: () => [...kept.keys()],
  } as unknown as Memento;
  let drafts: TrialDrafts;
  const make = () => new TrialDrafts({ experiment: () => ({ name: 'spirals', searchSpace: space }) }, memory);

  beforeEach(() => {
    kept.clear();
    drafts = make();
  });
  afterEach(async () => {
    drafts.dispose();
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  it('is a document with a button above it', async () => {
    await drafts.open(reference, { lr: 0.5 });
    const document = window.activeTextEditor?.document;
    assert.ok(document);
    assert.equal(document.isUntitled, true);
    assert.deepEqual(JSON.parse(document.getText()), { lr: 0.5 });
    const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 20);
    assert.equal(lenses[0]?.command?.command, 'trialdeck.queueTrial');
    assert.match(lenses[1]?.command?.title ?? '', /spirals/);
  });

  it('warns of values outside of the search space, at once and while the user types', async () => {
    await drafts.open(reference, { lr: 0.5 });
    const { document } = window.activeTextEditor ?? assert.fail('no editor');
    const warnings = () => languages.getDiagnostics(document.uri).filter(({ source }) => source === 'Trialdeck');
    assert.deepEqual(warnings(), []);
    const edit = new WorkspaceEdit();
    edit.replace(document.uri, new Range(1, 8, 1, 11), '7.5');
    await workspace.applyEdit(edit);
    const [warning] = await until(
      () => (warnings().length > 0 ? warnings() : undefined),
      [languages.onDidChangeDiagnostics],
      'the warning',
    );
    assert.ok(warning);
    assert.equal(document.getText(warning.range), '7.5');
  });

  it('goes to the experiment, and its document closes without a question', async () => {
    const { services, calls } = world(runningExperiment());
    await drafts.open(reference, { lr: 0.5 });
    const uri = window.activeTextEditor?.document.uri;
    await queueTrial(drafts)(services, uri);
    assert.deepEqual(calls[0], ['addTrial', { lr: 0.5 }]);
    assert.ok(!window.visibleTextEditors.some((editor) => editor.document.uri.toString() === uri?.toString()));
  });

  it('asks before it queues parameters outside of the search space', async () => {
    const { services, calls } = world(runningExperiment());
    await drafts.open(reference, { lr: 5 });
    const dialogs = answer({ showWarningMessage: () => undefined });
    try {
      await assert.rejects(queueTrial(drafts)(services, window.activeTextEditor?.document.uri));
      assert.deepEqual(calls, []);
      assert.equal(dialogs.asked.length, 1);
    } finally {
      dialogs.restore();
    }
  });

  it('survives a reload of the window', async () => {
    await drafts.open(reference, { lr: 0.5 });
    const uri = window.activeTextEditor?.document.uri ?? assert.fail('no editor');
    drafts.dispose();
    drafts = make();
    assert.deepEqual(drafts.experimentOf(uri), reference);
  });
});

describe('a log', () => {
  const changes = new EventEmitter<{ connectionId: string; experimentId: string }>();
  const address: LogAddress = { ...reference, trialId: 'T1', name: 'trial.log' };
  let text = '';
  let truncated = false;
  let reads = 0;
  let grows = true;
  let failure: Error | undefined;
  let logs: LogDocuments;

  beforeEach(() => {
    [text, truncated, reads, grows, failure] = ['', false, 0, true, undefined];
    logs = new LogDocuments({
      read: async () => {
        reads++;
        if (failure) throw failure;
        return { text, truncated };
      },
      grows: () => grows,
      onDidChange: (listener) => changes.event(listener),
    });
  });
  afterEach(async () => {
    logs.dispose();
    await commands.executeCommand('workbench.action.closeAllEditors');
  });

  async function show(label: string) {
    const document = await workspace.openTextDocument(logUri(address, label));
    await window.showTextDocument(document);
    return document;
  }
  const reading = (document: { getText(): string }, wanted: RegExp) =>
    until(
      () => (wanted.test(document.getText()) ? true : undefined),
      [workspace.onDidChangeTextDocument],
      String(wanted),
    );

  it('follows the trial while it is visible', async () => {
    text = 'epoch 1\n';
    const document = await show('following.log');
    assert.equal(document.getText(), 'epoch 1\n');
    text = 'epoch 1\nepoch 2\n';
    changes.fire(reference);
    await reading(document, /epoch 2/);
  });

  it('is not read while it is hidden', async () => {
    text = 'x';
    grows = false;
    const document = await show('hidden.log');
    await commands.executeCommand('workbench.action.closeAllEditors');
    const shown = () => window.visibleTextEditors.some((editor) => editor.document === document);
    await until(() => (shown() ? undefined : true), [window.onDidChangeVisibleTextEditors], 'the editor to go');
    const before = reads;
    changes.fire(reference);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.equal(reads, before);
  });

  it('says when it is empty, cut or unreadable', async () => {
    const document = await show('states.log');
    assert.match(document.getText(), /Nothing has been written yet/);
    [text, truncated] = ['the end', true];
    changes.fire(reference);
    await reading(document, /only the last 1 MB are shown\nthe end$/);
    failure = new Error('This machine does not answer.');
    changes.fire(reference);
    await reading(document, /could not be read: This machine does not answer\./);
  });

  it('opens at its end and stays there', async () => {
    text = Array.from({ length: 500 }, (_, line) => `line ${line}`).join('\n');
    const document = await show('scrolling.log');
    const editor = window.activeTextEditor ?? assert.fail('no editor');
    const end = () => editor.visibleRanges.at(-1)?.end.line ?? 0;
    editor.revealRange(document.lineAt(document.lineCount - 1).range);
    await until(() => (end() >= 498 ? true : undefined), [window.onDidChangeTextEditorVisibleRanges], 'the end');
    text += '\nline 500\nline 501\nline 502';
    changes.fire(reference);
    await until(() => (end() >= 502 ? true : undefined), [window.onDidChangeTextEditorVisibleRanges], 'the new end');
  });
});

describe('a new search space', () => {
  let folder = '';
  const documents = new SpaceDocuments();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-space-'));
  });
  after(async () => {
    documents.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => commands.executeCommand('workbench.action.closeAllEditors'));

  async function openSpace(value: unknown, name = 'search_space.json'): Promise<Uri> {
    const uri = Uri.file(join(folder, name));
    await writeFile(uri.fsPath, JSON.stringify(value));
    await window.showTextDocument(uri);
    return uri;
  }

  /** The diff editor may still be loading its sides. */
  const textOf = (uri: Uri) =>
    eventually(async () => (await workspace.openTextDocument(uri)).getText() || undefined, uri.toString());

  it('is compared with the one in use before it is pushed', async () => {
    const { services, calls } = world(runningExperiment());
    await openSpace({ lr: { _type: 'uniform', _value: [0, 2] } });
    let compared: string[] = [];
    const dialogs = answer({
      showQuickPick: async (items: { label: string }[]) => {
        const input = window.tabGroups.activeTabGroup.activeTab?.input;
        assert.ok(input instanceof TabInputTextDiff);
        compared = await Promise.all([input.original, input.modified].map(textOf));
        return items[0];
      },
    });
    try {
      await updateSearchSpace(documents)(services, reference);
    } finally {
      dialogs.restore();
    }
    const [now, next] = compared.map((text) => JSON.parse(text));
    assert.deepEqual(now, { lr: { _type: 'uniform', _value: [0, 1] } });
    assert.deepEqual(next, { lr: { _type: 'uniform', _value: [0, 2] } });
    assert.deepEqual(calls, [['updateSearchspace', { lr: { _type: 'uniform', _value: [0, 2] } }]]);
  });

  it('is not pushed when the person keeps the old one', async () => {
    const { services, calls } = world(runningExperiment());
    await openSpace({ lr: { _type: 'uniform', _value: [0, 3] } });
    const dialogs = answer({ showQuickPick: (items: { label: string }[]) => items[1] });
    try {
      await assert.rejects(updateSearchSpace(documents)(services, reference));
    } finally {
      dialogs.restore();
    }
    assert.deepEqual(calls, []);
  });

  it('is refused when it is the same or wrong', async () => {
    const { services } = world(runningExperiment());
    await openSpace(space, 'same.json');
    await assert.rejects(updateSearchSpace(documents)(services, reference), /uses the search space of .* already/);
    await commands.executeCommand('workbench.action.closeAllEditors');
    await openSpace({ lr: { _type: 'uniform', _value: [3, 1] } }, 'wrong.json');
    await assert.rejects(updateSearchSpace(documents)(services, reference), /lr|low/);
  });
});
