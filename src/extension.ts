/** The extension's entry: builds the parts and wires them, without reading, connecting or starting anything. */
import { type ExtensionContext, env, window, workspace } from 'vscode';
import { localConnector } from './store/localConnector.ts';
import { Store } from './store/store.ts';
import { registerCommands } from './ui/commands/register.ts';
import { RememberedConnections } from './ui/connections/rememberedConnections.ts';
import { registerEditor } from './ui/editor/register.ts';
import { Explorer } from './ui/explorer/explorer.ts';
import { Labels } from './ui/explorer/labels.ts';
import { NnictlFinder } from './ui/nnictlFinder.ts';
import { Notifications } from './ui/notifications.ts';
import { openAtStart, openVariable } from './ui/openAtStart.ts';
import { PanelManager } from './ui/panel/panelManager.ts';
import { Settings } from './ui/settings.ts';
import { StatusBar } from './ui/statusBar.ts';
import { followTrust } from './ui/trust.ts';
import { Log, l10n } from './ui/window.ts';

/** The API for other extensions and tests: the live state, read-only. */
export interface TrialdeckApi {
  readonly store: Store;
}

export function activate(context: ExtensionContext): TrialdeckApi {
  const log = new Log('Trialdeck');
  const settings = new Settings();
  const labels = new Labels(l10n.t, env.language);
  const store = new Store({
    local: localConnector({
      experimentsDirectory: () => settings.experimentsDirectory,
      managerScript: context.asAbsolutePath('dist/manager.js'),
    }),
    localLabel: l10n.t('This machine'),
    // Restricted Mode allows viewing: the bundled manager only reads stored experiments. Actions that run code need trust.
    mayStart: () => true,
  });
  const connections = new RememberedConnections(store, context.globalState, context.secrets);
  const explorer = new Explorer(store, labels);
  const panels = new PanelManager({
    store,
    extensionUri: context.extensionUri,
    warn: (message) => log.warn(message),
  });
  context.subscriptions.push(
    log,
    followTrust(),
    settings,
    store,
    explorer,
    panels,
    new StatusBar(store, labels),
    new Notifications(store, settings, context.workspaceState),
    explorer.onDidSelect(({ connectionId, experimentId, trialId }) =>
      panels.select(connectionId, experimentId, trialId),
    ),
    panels.onDidPick(({ connectionId, experimentId, trialId }) => {
      if (trialId === null || !explorer.visible) return;
      void explorer.reveal({ connectionId, experimentId, trialId });
    }),
    settings.onDidChange(({ affects }) => {
      if (!affects('experimentsDirectory')) return;
      store.local.disconnect();
      void store.show();
    }),
    workspace.onDidGrantWorkspaceTrust(() => void store.show()),
    // Another process may have started a manager while the window was in the background.
    window.onDidChangeWindowState(({ focused }) => {
      if (focused && store.local.status.state === 'idle') void store.local.connect({ start: false });
    }),
  );
  const nnictls = new NnictlFinder(settings);
  const services = { store, connections, panels, explorer, settings, nnictls, log };
  registerCommands(context, services);
  registerEditor(context, services);
  const wanted = process.env[openVariable];
  setImmediate(() => {
    // Experiments may be running already: connect to a live manager, but do not start one.
    if (wanted) void openAtStart(services, wanted);
    else void store.local.connect({ start: false });
  });
  return { store };
}
