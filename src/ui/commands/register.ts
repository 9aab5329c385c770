/** The command table and how a command is run: its trust checked, its failure told once. */
import { commands, type Disposable, type ExtensionContext, env, workspace } from 'vscode';
import { messageOf } from '../../model/text/messageOf.ts';
import { plainText } from '../../model/text/plainText.ts';
import { connectManager } from '../connections/connect.ts';
import { changeToken, forgetConnection, renameConnection, retryConnection } from '../connections/manage.ts';
import { Labels } from '../explorer/labels.ts';
import { type Log, l10n, showError, showWarning } from '../window.ts';
import { deleteExperiment } from './deleteExperiment.ts';
import { exportResults } from './exportResults.ts';
import { openConfig, openDispatcherLog, openManagerLog, openTrialLog, openTrialOutput } from './files.ts';
import type { CommandId } from './ids.ts';
import { importResults } from './importResults.ts';
import { openExperiment, resumeExperiment, stopAndResume, stopExperiment, viewExperiment } from './lifecycle.ts';
import { updateLimit } from './limits.ts';
import { LogDocuments } from './logDocuments.ts';
import { logSource } from './logSource.ts';
import { openQuickstart } from './quickstart.ts';
import { Dismissed, Refusal } from './refusal.ts';
import { retryFailedTrials, retryTrial } from './retryTrials.ts';
import { run, validate } from './run.ts';
import { SpaceDocuments, updateSearchSpace } from './searchSpace.ts';
import type { GivenServices, Services } from './services.ts';
import { isFromTree } from './target.ts';
import { openTensorBoard, stopTensorBoard } from './tensorBoard.ts';
import { TrialDrafts } from './trialDrafts.ts';
import { addTrial, copyParameters, copyTrial, killTrial, openTrial, queueTrial } from './trials.ts';
import { openWebPortal } from './webPortal.ts';

interface Command {
  /** True when it starts or changes work: then it needs a trusted workspace. */
  trust?: boolean;
  run(services: Services, ...args: unknown[]): Promise<void>;
}

/** Registers every command. What the returned disposable owns ends with it; it is also added to the context. */
export function registerCommands(context: ExtensionContext, given: GivenServices): Disposable {
  const services: Services = { ...given, labels: new Labels(l10n.t, env.language) };
  const { store, log } = services;
  const drafts = new TrialDrafts(
    {
      experiment({ connectionId, experimentId }) {
        const model = store.experiment(connectionId, experimentId);
        return model && { name: model.summary.name, searchSpace: model.config?.searchSpace };
      },
    },
    context.workspaceState,
  );
  const spaces = new SpaceDocuments();
  const logs = new LogDocuments(logSource(store));

  const table: Record<CommandId, Command> = {
    'trialdeck.run': { trust: true, run },
    'trialdeck.validate': { run: validate },
    'trialdeck.openQuickstart': { run: openQuickstart(context) },
    'trialdeck.openExperiment': { run: openExperiment },
    'trialdeck.viewExperiment': { run: viewExperiment },
    'trialdeck.openTrial': { run: openTrial },
    'trialdeck.stopExperiment': { run: stopExperiment },
    'trialdeck.resumeExperiment': { trust: true, run: resumeExperiment },
    'trialdeck.stopAndResume': { trust: true, run: stopAndResume },
    'trialdeck.deleteExperiment': { trust: true, run: deleteExperiment },
    'trialdeck.updateConcurrency': { trust: true, run: updateLimit('concurrency') },
    'trialdeck.updateTrialNumber': { trust: true, run: updateLimit('trialNumber') },
    'trialdeck.updateDuration': { trust: true, run: updateLimit('duration') },
    'trialdeck.updateSearchSpace': { trust: true, run: updateSearchSpace(spaces) },
    'trialdeck.addTrial': { trust: true, run: addTrial(drafts) },
    'trialdeck.copyTrial': { trust: true, run: copyTrial(drafts) },
    'trialdeck.queueTrial': { trust: true, run: queueTrial(drafts) },
    'trialdeck.killTrial': { run: killTrial },
    'trialdeck.retryTrial': { trust: true, run: retryTrial },
    'trialdeck.retryFailedTrials': { trust: true, run: retryFailedTrials },
    'trialdeck.exportResults': { run: exportResults },
    'trialdeck.importResults': { trust: true, run: importResults },
    'trialdeck.openTrialLog': { run: openTrialLog },
    'trialdeck.openTrialOutput': { run: openTrialOutput },
    'trialdeck.openManagerLog': { run: openManagerLog },
    'trialdeck.openDispatcherLog': { run: openDispatcherLog },
    'trialdeck.openTensorBoard': { trust: true, run: openTensorBoard },
    'trialdeck.stopTensorBoard': { run: stopTensorBoard },
    'trialdeck.openWebPortal': { run: openWebPortal },
    'trialdeck.openConfig': { run: openConfig },
    'trialdeck.copyParameters': { run: copyParameters },
    'trialdeck.refresh': { run: () => store.show() },
    'trialdeck.retryConnection': { run: retryConnection },
    'trialdeck.connectManager': { run: connectManager },
    'trialdeck.renameConnection': { run: renameConnection },
    'trialdeck.changeToken': { run: changeToken },
    'trialdeck.forgetConnection': { run: forgetConnection },
    'trialdeck.showLog': { run: async () => log.show() },
  };

  const disposables: Disposable[] = [drafts, spaces, logs];
  for (const [id, command] of Object.entries(table)) {
    disposables.push(
      commands.registerCommand(id, async (...args: unknown[]) => {
        try {
          if (command.trust && !workspace.isTrusted) throw restricted();
          if (isFromTree(args[0])) await services.explorer.selectFocused();
          // Keys act on the row under the keyboard, which the arrow keys have only focused.
          await command.run(services, ...args);
        } catch (error) {
          await tell(error, log, id);
        }
      }),
    );
  }
  context.subscriptions.push(...disposables);
  return { dispose: () => disposables.forEach((disposable) => void disposable.dispose()) };
}

function restricted(): Refusal {
  return new Refusal(l10n.t('This workspace is in Restricted Mode: experiments can be viewed, not run or changed.'), {
    title: l10n.t('Manage Workspace Trust'),
    command: 'workbench.trust.manage',
  });
}

/** Says once what went wrong. Never rejects, and does not wait for the message to be closed. */
async function tell(error: unknown, log: Log, id: string): Promise<void> {
  if (error instanceof Dismissed) return;
  if (error instanceof Refusal) {
    const { remedy, message } = error;
    log.info(`${id}: ${message}`);
    const words = plainText(message);
    const shown = remedy ? showWarning(words, remedy.title) : showWarning(words);
    void shown.then((answer) => {
      if (remedy && answer === remedy.title) void commands.executeCommand(remedy.command, ...(remedy.args ?? []));
    });
    return;
  }
  log.error(`${id}:`, error);
  const showLog = l10n.t('Show Log');
  void showError(plainText(messageOf(error)), showLog).then((answer) => {
    if (answer === showLog) log.show();
  });
}
