/** Registers the user actions as commands: checks trust, runs the function of the action, and tells a failure once. */
import { commands, type Disposable, type ExtensionContext, env, workspace } from 'vscode';
import { type ActionId, actionIds, actionOf } from '../actions.ts';
import { connectManager } from '../connections/connect.ts';
import { changeToken, forgetConnection, renameConnection, retryConnection } from '../connections/manage.ts';
import { Labels } from '../explorer/labels.ts';
import { l10n } from '../window.ts';
import { deleteExperiment } from './deleteExperiment.ts';
import { exportResults } from './exportResults.ts';
import { openConfig, openDispatcherLog, openManagerLog, openTrialLog, openTrialOutput } from './files.ts';
import { importResults } from './importResults.ts';
import { openExperiment, resumeExperiment, stopAndResume, stopExperiment, viewExperiment } from './lifecycle.ts';
import { updateLimit } from './limits.ts';
import { LogDocuments } from './logDocuments.ts';
import { logSource } from './logSource.ts';
import { openQuickstart } from './quickstart.ts';
import { Refusal } from './refusal.ts';
import { retryFailedTrials, retryTrial } from './retryTrials.ts';
import { run, validate } from './run.ts';
import { SpaceDocuments, updateSearchSpace } from './searchSpace.ts';
import type { GivenServices, Services } from './services.ts';
import { isFromTree } from './target.ts';
import { tell } from './tell.ts';
import { openTensorBoard, stopTensorBoard } from './tensorBoard.ts';
import { TrialDrafts } from './trialDrafts.ts';
import { addTrial, copyParameters, copyTrial, killTrial, openTrial, queueTrial } from './trials.ts';
import { openWebPortal } from './webPortal.ts';

type Run = (services: Services, ...args: unknown[]) => Promise<void>;

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

  /** The function of each action; what it needs is in the table of actions. */
  const functions: Record<ActionId, Run> = {
    run,
    validate: validate,
    openQuickstart: openQuickstart(context),
    openExperiment: openExperiment,
    viewExperiment: viewExperiment,
    openTrial: openTrial,
    stopExperiment: stopExperiment,
    resumeExperiment: resumeExperiment,
    stopAndResume: stopAndResume,
    deleteExperiment: deleteExperiment,
    updateConcurrency: updateLimit('concurrency'),
    updateTrialNumber: updateLimit('trialNumber'),
    updateDuration: updateLimit('duration'),
    updateSearchSpace: updateSearchSpace(spaces),
    addTrial: addTrial(drafts),
    copyTrial: copyTrial(drafts),
    queueTrial: queueTrial(drafts),
    killTrial: killTrial,
    retryTrial: retryTrial,
    retryFailedTrials: retryFailedTrials,
    exportResults: exportResults,
    importResults: importResults,
    openTrialLog: openTrialLog,
    openTrialOutput: openTrialOutput,
    openManagerLog: openManagerLog,
    openDispatcherLog: openDispatcherLog,
    openTensorBoard: openTensorBoard,
    stopTensorBoard: stopTensorBoard,
    openWebPortal: openWebPortal,
    openConfig: openConfig,
    copyParameters: copyParameters,
    refresh: () => store.show(),
    retryConnection: retryConnection,
    connectManager: connectManager,
    renameConnection: renameConnection,
    changeToken: changeToken,
    forgetConnection: forgetConnection,
    showLog: async () => log.show(),
  };

  const disposables: Disposable[] = [drafts, spaces, logs];
  for (const id of actionIds) {
    const { trust } = actionOf(id);
    disposables.push(
      commands.registerCommand(`trialdeck.${id}`, async (...args: unknown[]) => {
        try {
          if (trust && !workspace.isTrusted) throw restricted();
          // Keys act on the row under the keyboard, which the arrow keys have only focused.
          if (isFromTree(args[0])) await services.explorer.selectFocused();
          await functions[id](services, ...args);
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
