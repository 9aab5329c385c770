import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { Uri, ViewColumn, type WebviewPanel, type WebviewPanelSerializer, window } from 'vscode';
import type { PageState } from '../../../src/protocol.ts';
import { Store } from '../../../src/store/store.ts';
import { PanelManager } from '../../../src/ui/panel/panelManager.ts';
import { summary } from '../../fixtures/builders.ts';
import { FakeConnector, FakeServer } from '../../unit/store/samples.ts';

const state: PageState = {
  version: 1,
  connectionId: 'local',
  experimentId: 'exp1',
  tab: 'overview',
  selectedTrial: 't0',
  metricKey: 'default',
  sort: null,
  curves: { count: 8, logScale: false },
};

describe('a panel that VS Code restores after a reload of the window', () => {
  let store: Store;
  let panels: PanelManager;
  let serializer: WebviewPanelSerializer;
  let webview: WebviewPanel;

  beforeEach(async () => {
    const server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' })];
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
    await store.local.connect({ start: true });
    // Stands in for VS Code, which calls the serializer in the next window only.
    const { registerWebviewPanelSerializer } = window;
    window.registerWebviewPanelSerializer = (_type, given) => {
      serializer = given;
      return { dispose: () => undefined };
    };
    panels = new PanelManager({ store, extensionUri: Uri.file(tmpdir()), warn: () => {} });
    window.registerWebviewPanelSerializer = registerWebviewPanelSerializer;
    webview = window.createWebviewPanel('trialdeck.test', 'test', ViewColumn.One);
  });
  afterEach(() => {
    webview.dispose();
    panels.dispose();
    store.dispose();
  });

  it('keeps the pick of its page', async () => {
    await serializer.deserializeWebviewPanel(webview, state);
    assert.equal(panels.active?.trialId, 't0');
  });

  it('takes the pick made in the tree before the restoration', async () => {
    panels.select('local', 'exp1', 't1');
    await serializer.deserializeWebviewPanel(webview, state);
    assert.equal(panels.active?.trialId, 't1');
  });
});
