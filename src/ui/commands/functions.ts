/** The function of each user action. Loaded with the first command, so that the extension starts faster. */
import type { ExtensionContext } from 'vscode';
import type { ActionId } from '../actions.ts';
import { connectManager } from '../connections/connect.ts';
import { changeToken, forgetConnection, renameConnection, retryConnection } from '../connections/manage.ts';
import { deleteExperiment } from './deleteExperiment.ts';
import { exportResults } from './exportResults.ts';
import { openConfig, openDispatcherLog, openManagerLog, openTrialLog, openTrialOutput } from './files.ts';
import { importResults } from './importResults.ts';
import { resumeExperiment, stopAndResume, stopExperiment, viewExperiment } from './lifecycle.ts';
import { updateLimit } from './limits.ts';
import { openQuickstart } from './quickstart.ts';
import { retryFailedTrials, retryTrial } from './retryTrials.ts';
import { run, validate } from './run.ts';
import { updateSearchSpace } from './searchSpace.ts';
import type { Services } from './services.ts';
import type { SpaceDocuments } from './spaceDocuments.ts';
import { openTensorBoard, stopTensorBoard } from './tensorBoard.ts';
import { killFromTree, openFromTree } from './treeKeys.ts';
import type { TrialDrafts } from './trialDrafts.ts';
import { addTrial, copyParameters, copyTrial, openTrial, queueTrial } from './trials.ts';
import { openWebPortal } from './webPortal.ts';

export type CommandFunction = (services: Services, ...args: unknown[]) => Promise<void>;

/** The documents that commands open. Registered when the extension starts. */
export interface CommandDocuments {
  drafts: TrialDrafts;
  spaces: SpaceDocuments;
}

export function commandFunctions(
  context: ExtensionContext,
  { drafts, spaces }: CommandDocuments,
): Record<ActionId, CommandFunction> {
  return {
    run,
    validate,
    openQuickstart: openQuickstart(context),
    openExperiment: openFromTree,
    viewExperiment,
    openTrial,
    stopExperiment,
    resumeExperiment,
    stopAndResume,
    deleteExperiment,
    updateConcurrency: updateLimit('concurrency'),
    updateTrialNumber: updateLimit('trialNumber'),
    updateDuration: updateLimit('duration'),
    updateSearchSpace: updateSearchSpace(spaces),
    addTrial: addTrial(drafts),
    copyTrial: copyTrial(drafts),
    queueTrial: queueTrial(drafts),
    killTrial: killFromTree,
    retryTrial,
    retryFailedTrials,
    exportResults,
    importResults,
    openTrialLog,
    openTrialOutput,
    openManagerLog,
    openDispatcherLog,
    openTensorBoard,
    stopTensorBoard,
    openWebPortal,
    openConfig,
    copyParameters,
    refresh: ({ store }) => store.show(),
    retryConnection,
    connectManager,
    renameConnection,
    changeToken,
    forgetConnection,
    showLog: async ({ log }) => log.show(),
  };
}
