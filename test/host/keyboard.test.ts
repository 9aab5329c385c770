/** What opens by itself leaves the keyboard where the person types. */
import assert from 'node:assert/strict';
import { commands, Uri, type WebviewPanel, window, workspace } from 'vscode';
import { Store } from '../../src/store/store.ts';
import { PanelManager } from '../../src/ui/panel/panelManager.ts';
import { snapshot, summary, trial } from '../fixtures/builders.ts';
import { FakeConnector, FakeServer } from '../unit/store/samples.ts';

describe('the keyboard', () => {
  let store: Store;
  let panels: PanelManager;
  const opened: WebviewPanel[] = [];
  const original = window.createWebviewPanel;

  before(async () => {
    const server = new FakeServer();
    server.experiments = [summary({ id: 'exp1' })];
    server.snapshots.set('exp1', snapshot([trial(0)], []));
    store = new Store({ local: new FakeConnector(server), localLabel: 'This machine', mayStart: () => true });
    await store.local.connect({ start: true });
    // The extension itself has taken the type, so the panels of the test get one of their own.
    (window as { createWebviewPanel: unknown }).createWebviewPanel = (
      _type: string,
      ...rest: [string, never, never]
    ): WebviewPanel => {
      const panel = original('trialdeck.keyboardTest', ...rest);
      opened.push(panel);
      return panel;
    };
    const register = window.registerWebviewPanelSerializer;
    (window as { registerWebviewPanelSerializer: unknown }).registerWebviewPanelSerializer = () => ({ dispose() {} });
    panels = new PanelManager({ store, extensionUri: Uri.file('/nowhere'), warn: () => {} });
    (window as { registerWebviewPanelSerializer: unknown }).registerWebviewPanelSerializer = register;
  });
  after(async () => {
    (window as { createWebviewPanel: unknown }).createWebviewPanel = original;
    for (const panel of opened) panel.dispose();
    panels.dispose();
    store.dispose();
    await commands.executeCommand('workbench.action.closeAllEditors');
  });

  /** An input box that a person types into; it closes when something else takes the keyboard. */
  function typing(): { box: { dispose(): void }; closed(): boolean } {
    const box = window.createInputBox();
    let hidden = false;
    box.onDidHide(() => {
      hidden = true;
    });
    box.show();
    return { box, closed: () => hidden };
  }

  it('stays in an input box while a panel opens by itself and while it is revealed again', async () => {
    await window.showTextDocument(await workspace.openTextDocument({ content: 'a' }));
    const { box, closed } = typing();
    await panels.show('local', 'exp1');
    await panels.show('local', 'exp1');
    // What was on its way to the window has arrived when it answers.
    await commands.executeCommand('setContext', 'trialdeck.keyboardTest', true);
    assert.equal(closed(), false);
    box.dispose();
  });
});
