import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Uri, ViewColumn, type WebviewPanel, window, workspace } from 'vscode';
import type { ToPage } from '../../../src/protocol.ts';
import { Store } from '../../../src/store/store.ts';
import { ExperimentPanel } from '../../../src/ui/panel/experimentPanel.ts';
import { point, snapshot, summary, trial } from '../../fixtures/builders.ts';
import { FakeConnector, FakeServer } from '../../unit/store/samples.ts';

/** A page that tells what it got, and asks for something that does not exist. */
const page = `
  const host = acquireVsCodeApi();
  document.addEventListener('securitypolicyviolation', (event) => host.postMessage({ blocked: event.violatedDirective }));
  window.addEventListener('message', ({ data }) => host.postMessage({ got: data }));
  host.postMessage({ type: 'ready' });
  host.postMessage({ type: 'request', id: 7, method: 'rmRf', params: null });
`;

describe("the panel's host", () => {
  let folder: string;
  let server: FakeServer;
  let store: Store;
  let webview: WebviewPanel;
  let panel: ExperimentPanel;
  const got: ToPage[] = [];
  const blocked: unknown[] = [];
  let heard: (() => void)[] = [];

  const isEvent = (name: string) => (message: ToPage) => message.type === 'event' && message.event === name;
  async function until(wanted: (message: ToPage) => boolean): Promise<ToPage> {
    for (;;) {
      const index = got.findIndex(wanted);
      if (index >= 0) return got.splice(0, index + 1).at(-1) as ToPage;
      await new Promise<void>((resolve) => heard.push(resolve));
    }
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'td-page-'));
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'dist', 'webview.js'), page);
    await writeFile(join(folder, 'dist', 'webview.css'), 'body { margin: 0 }');
    await writeFile(join(folder, 'dist', 'codicon.css'), '');
    server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' })];
    server.snapshots.set('exp1', snapshot([trial(0, { status: 'RUNNING' })], [point('t0', 0, 0.5)]));
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
    await store.local.connect({ start: true });
    webview = window.createWebviewPanel('trialdeck.test', 'test', ViewColumn.One);
    webview.webview.onDidReceiveMessage((message: { got?: ToPage; blocked?: unknown }) => {
      if (message.got) got.push(message.got);
      if (message.blocked) blocked.push(message.blocked);
      for (const wake of heard.splice(0)) wake();
    });
    panel = new ExperimentPanel(
      webview,
      { connectionId: 'local', experimentId: 'exp1' },
      { store, extensionUri: Uri.file(folder), picked: () => {}, warn: () => {} },
    );
  });
  after(async () => {
    panel.dispose();
    webview.dispose();
    store.dispose();
    await rm(folder, { recursive: true, force: true });
    heard = [];
  });

  it('sends a snapshot when the page is ready', async () => {
    const message = await until(isEvent('snapshot'));
    assert.ok(message.type === 'event' && message.event === 'snapshot');
    assert.equal(message.data.connectionId, 'local');
    assert.deepEqual(message.data.snapshot.metrics.data, ['0.5']);
    assert.equal(message.data.selectedTrial, null);
    assert.equal(message.data.canRun, true);
    assert.equal(message.data.connection.state, 'connected');
    assert.equal(webview.title, 'spirals');
  });

  it('refuses an unknown request with a message', async () => {
    const reply = await until((message) => message.type === 'reply' && message.id === 7);
    assert.ok(reply.type === 'reply' && !reply.ok);
    assert.match(reply.message, /rmRf/);
  });

  it('passes a metric on', async () => {
    const started = performance.now();
    server.change('exp1', { revision: 2, metrics: [point('t0', 1, 0.75)] });
    const message = await until(isEvent('change'));
    console.log(`      store to page and back: ${(performance.now() - started).toFixed(1)} ms`);
    assert.ok(message.type === 'event' && message.event === 'change');
    assert.deepEqual(message.data.change.metrics?.[0]?.data, '0.75');
  });

  it('passes a selection on, once', async () => {
    panel.select('t0');
    panel.select('t0');
    const message = await until(isEvent('select'));
    assert.ok(message.type === 'event' && message.event === 'select');
    assert.equal(message.data.trialId, 't0');
  });

  it('sends nothing to a hidden page, and a snapshot to one that is shown again', async () => {
    const model = store.experiment('local', 'exp1');
    assert.ok(model?.isFollowed);
    const hidden = new Promise<void>((resolve) => {
      const listening = webview.onDidChangeViewState(() => {
        if (webview.visible) return;
        listening.dispose();
        resolve();
      });
    });
    await window.showTextDocument(await workspace.openTextDocument({ content: 'on top' }), ViewColumn.One);
    await hidden;
    assert.ok(!model.isFollowed);
    got.length = 0;
    // On a slow machine nobody follows any more by now; then it is in what is read when somebody looks again.
    server.change('exp1', { revision: 3, trials: [trial(1)] });
    const trials = [trial(0, { status: 'RUNNING' }), trial(1)];
    server.snapshots.set('exp1', snapshot(trials, [point('t0', 0, 0.5), point('t0', 1, 0.75)]));
    webview.reveal();
    // What was known is shown at once; what is new follows.
    const shown = await until(
      (message) =>
        message.type === 'event' && message.event === 'snapshot' && message.data.snapshot.trials.length === 2,
    );
    assert.ok(shown.type === 'event' && shown.event === 'snapshot');
    assert.equal(shown.data.selectedTrial, 't0', 'the selection outlives the page');
  });

  it('reports that the experiment is gone', async () => {
    server.send({ event: 'removed', data: { id: 'exp1' } });
    const message = await until(isEvent('gone'));
    assert.ok(message.type === 'event' && message.event === 'gone');
    assert.match(message.data.reason, /exp1/);
  });

  it('allows everything the page needs in its content security policy', () => {
    assert.deepEqual(blocked, []);
  });
});
