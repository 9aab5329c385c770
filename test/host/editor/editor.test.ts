/** What a config file gets in the editor, seen through VS Code's own providers with the real extension. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CodeAction,
  type CodeLens,
  type CompletionList,
  ConfigurationTarget,
  commands,
  type Diagnostic,
  DiagnosticSeverity,
  extensions,
  type Hover,
  languages,
  Position,
  Range,
  type TextDocument,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import { eventually, until } from '../waiting.ts';

const config = `experimentName: test
trialCommand: python3 trial.py
trialCodeDirectory: .
trialConcurrency: 1
maxTrialNumber: 2
searchSpace:
  lr:
    _type: uniform
    _value: [0, 1]
tuner:
  name: Random
trainingService:
  platform: local
`;

describe('a config file in the editor', () => {
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-editor-'));
    await writeFile(join(folder, 'trial.py'), '');
    await extensions.getExtension('trialdeck.trialdeck')?.activate();
  });
  afterEach(async () => {
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    await commands.executeCommand('workbench.action.closeAllEditors');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function open(name: string, text: string): Promise<TextDocument> {
    const file = join(folder, name);
    await writeFile(file, text);
    const document = await workspace.openTextDocument(Uri.file(file));
    await window.showTextDocument(document);
    return document;
  }
  async function lensTitles({ uri }: TextDocument): Promise<string[]> {
    const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', uri, 20);
    return lenses.map((lens) => lens.command?.title.replace(/^\$\([\w~-]+\) /, '') ?? '');
  }
  const ours = (uri: Uri) => languages.getDiagnostics(uri).filter((diagnostic) => diagnostic.source === 'Trialdeck');
  const problems = (uri: Uri, what: string, wanted: (found: Diagnostic[]) => boolean) =>
    until(() => (wanted(ours(uri)) ? ours(uri) : undefined), [languages.onDidChangeDiagnostics], what);

  it('has Run and Validate above its first line', async () => {
    const document = await open('lens.yml', config);
    assert.deepEqual(await lensTitles(document), ['Run', 'Validate']);
  });

  it('is recognized as JSON, too', async () => {
    const document = await open(
      'lens.json',
      JSON.stringify({
        trialCommand: 'true',
        searchSpace: {},
        trialConcurrency: 1,
        trainingService: { platform: 'local' },
      }),
    );
    assert.deepEqual(await lensTitles(document), ['Run', 'Validate']);
  });

  it('reports that the embedded manager cannot run a config, and what NNI needs to run it', async () => {
    // Otherwise an NNI that happens to be on this machine would be found.
    const settings = workspace.getConfiguration('trialdeck');
    await settings.update('nnictlPath', '/nowhere/nnictl', ConfigurationTarget.Global);
    try {
      const document = await open('remote.yml', config.replace('platform: local', 'platform: openpai'));
      const [problem] = await until(
        () => {
          const found = languages.getDiagnostics(document.uri).filter(({ source }) => source === 'Trialdeck');
          return found.length > 0 ? found : undefined;
        },
        [languages.onDidChangeDiagnostics],
        'the note',
      );
      assert.match(problem?.message ?? '', /^Needs NNI: .*openpai.*\/nowhere\/nnictl/s);
      assert.equal(problem?.severity, DiagnosticSeverity.Warning);
      const title = await eventually(async () => {
        const lenses = await commands.executeCommand<CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 20);
        return lenses.map(({ command }) => command?.title ?? '').find((text) => text.includes('nnictl'));
      }, 'the line above it');
      assert.match(title, /Run with nnictl/);
    } finally {
      await settings.update('nnictlPath', undefined, ConfigurationTarget.Global);
    }
  });

  it('gets no features when it is not a config', async () => {
    const document = await open('compose.yml', 'services:\n  web:\n    image: nginx\n    command: [run]\n');
    assert.deepEqual(await lensTitles(document), []);
    assert.deepEqual(ours(document.uri), []);
  });

  it('underlines a misspelt key, and offers the correct one', async () => {
    const document = await open('typo.yml', config.replace('maxTrialNumber', 'maxTrialNumbr'));
    const [problem] = await problems(document.uri, 'the problem', (found) => found.length > 0);
    assert.ok(problem);
    assert.equal(document.getText(problem.range), 'maxTrialNumbr');
    assert.equal(problem.code, 'unknown-key');
    const actions = await commands.executeCommand<CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      problem.range,
      'quickfix',
    );
    const fix = actions.find((action) => action.title.includes('maxTrialNumber'));
    assert.ok(fix?.edit);
    await workspace.applyEdit(fix.edit);
    assert.equal(document.getText(), config);
    await problems(document.uri, 'the problem to go', (found) => found.length === 0);
  });

  it('shows a problem while the user types, and removes it once it is fixed', async () => {
    const document = await open('typing.yml', config);
    const edit = new WorkspaceEdit();
    edit.replace(document.uri, new Range(3, 18, 3, 19), 'many');
    await workspace.applyEdit(edit);
    const [problem] = await problems(document.uri, 'the wrong type', (found) => found.length > 0);
    assert.ok(problem);
    assert.equal(document.getText(problem.range), 'many');
    const back = new WorkspaceEdit();
    back.replace(document.uri, new Range(3, 18, 3, 22), '2');
    await workspace.applyEdit(back);
    await problems(document.uri, 'the problem to go', (found) => found.length === 0);
  });

  it('shows problems of a search space file in that file', async () => {
    const space = join(folder, 'space.json');
    await writeFile(space, '{\n  "lr": { "_type": "uniform", "_value": [2, 1] }\n}\n');
    const text = config.replace(/searchSpace:[\s\S]*?tuner:/, 'searchSpaceFile: space.json\ntuner:');
    await open('with-space.yml', text);
    const found = await problems(Uri.file(space), 'the bad range', (diagnostics) => diagnostics.length > 0);
    assert.equal(found[0]?.code, 'bad-space');
    assert.equal(found[0]?.range.start.line, 1);
    // Put right in the editor, before it is saved.
    const document = await workspace.openTextDocument(Uri.file(space));
    const edit = new WorkspaceEdit();
    edit.replace(document.uri, new Range(1, 0, 1, 50), '  "lr": { "_type": "uniform", "_value": [1, 2] }');
    await workspace.applyEdit(edit);
    await problems(document.uri, 'the problem to go', (diagnostics) => diagnostics.length === 0);
    await window.showTextDocument(document);
  });

  it('removes its problems when it is closed', async () => {
    const uri = Uri.file(join(folder, 'closing.yml'));
    await writeFile(uri.fsPath, config.replace('uniform', 'unifrom'));
    // As a person opens it: a document that an extension opens is kept for minutes.
    await commands.executeCommand('vscode.open', uri);
    await problems(uri, 'the problem', (found) => found.length > 0);
    await commands.executeCommand('workbench.action.closeAllEditors');
    await problems(uri, 'the problems to go', (found) => found.length === 0);
  });

  it('completes keys and values, and explains keys', async () => {
    const document = await open('completing.yml', `${config}maxEx\n`);
    const at = document.positionAt(document.getText().length - 1);
    const labels = await completions(document, at);
    assert.ok(labels.includes('maxExperimentDuration'), labels.slice(0, 20).join());
    assert.ok(!labels.includes('tuner'), 'a key that is there already is not offered');
    const names = await completions(document, new Position(10, 8));
    assert.ok(names.includes('TPE'), names.slice(0, 20).join());
    const types = await completions(document, new Position(7, 11));
    assert.ok(types.includes('loguniform'), types.slice(0, 20).join());
    const hovers = await eventually(async () => {
      const found = await commands.executeCommand<Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        new Position(4, 3),
      );
      return found.length > 0 ? found : undefined;
    }, 'the hover');
    const text = hovers
      .flatMap((hover) => hover.contents)
      .map((content) => (typeof content === 'string' ? content : content.value));
    assert.match(text.join('\n'), /maxTrialNumber/);
  });

  async function completions({ uri }: TextDocument, at: Position): Promise<string[]> {
    const list = await commands.executeCommand<CompletionList>('vscode.executeCompletionItemProvider', uri, at);
    return list.items.map((item) => (typeof item.label === 'string' ? item.label : item.label.label));
  }

  it('has no CodeLens when the setting is off, and is a config when a pattern matches', async () => {
    const settings = workspace.getConfiguration('trialdeck');
    const document = await open('odd.yml', 'anything: 1\n');
    const titles = (wanted: string) =>
      eventually(async () => ((await lensTitles(document)).join() === wanted ? true : undefined), `"${wanted}"`);
    try {
      await titles('');
      await settings.update('configFiles', ['**/odd.yml'], true);
      await titles('Run,Validate');
      await settings.update('codeLens', false, true);
      await titles('');
    } finally {
      await settings.update('codeLens', undefined, true);
      await settings.update('configFiles', undefined, true);
    }
  });
});
