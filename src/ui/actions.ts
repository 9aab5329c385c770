/**
 * The table of user actions: the title, target, requirements and places of each. Registration, the
 * panel's messages and menus, the reasons why an action is not possible now, and `package.json` (held by a test) follow it. An action
 * is one entry here, its function in `commands/register.ts`, and its lines in `package.json`. Free of vscode: the page reads it, too.
 */
import { type ExperimentAction, whyNot } from '../model/experiment/actions.ts';
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { canKill, type SeenStatus } from '../model/trial/trial.ts';

/** When the palette offers an action, as a `when` clause. Empty: always. */
export const paletteClauses = {
  always: '',
  never: 'false',
  running: 'trialdeck.connection != connected || trialdeck.running',
  experiments: 'trialdeck.connection != connected || trialdeck.hasExperiments',
  stalled: 'trialdeck.standsStill',
  nni: 'trialdeck.hasNni',
  liveNni: 'trialdeck.hasNni && trialdeck.running',
  tensorBoard: 'trialdeck.tensorBoard',
  lost: 'trialdeck.connection == lost',
  remote: 'trialdeck.hasRemote',
  config: 'resourcePath in trialdeck.configFiles || editorLangId =~ /^(yaml|jsonc?)$/',
  draft: 'resourcePath in trialdeck.trialDrafts',
} as const;

/** Where the panel offers an action: in the toolbar of its header, or in a group of a menu, from the top. */
export interface PanelPlace {
  at: 'toolbar' | 'menu';
  group: number;
  /** Hide the action when it is not possible, instead of greying it with the reason. */
  hides?: boolean;
}

export interface UserAction {
  /** English title in title case, as in `package.nls.json`. Ends with `…` when the action asks before it acts. */
  title: string;
  /** Title of a button that stands beside the target's name. */
  short?: string;
  /** A codicon. */
  icon?: string;
  /** The target: what a row, a menu or the page passes to the command. */
  scope: 'window' | 'connection' | 'experiment' | 'trial';
  /** The capability the experiment must have. */
  needs?: ExperimentAction;
  /** Whether the action starts or changes work, which needs a trusted workspace. */
  trust: boolean;
  palette: keyof typeof paletteClauses;
  /** Menu groups in the tree's rows, such as `inline@1`. */
  tree?: readonly string[];
  /** Menu groups for rows with their own mark. */
  markedTree?: { mark: string; tree: readonly string[] };
  /** A further `when` clause for the tree. */
  treeWhen?: string;
  panel?: PanelPlace;
  /** Where the panel also offers the action for a trial. */
  ofTrial?: { tree: readonly string[]; panel: PanelPlace };
}

/** Keyed by the command's name without `trialdeck.`. */
export const userActions = {
  run: { title: 'Run Experiment…', short: 'Run', icon: 'play', scope: 'window', trust: true, palette: 'always' },
  validate: {
    title: 'Validate Config File',
    short: 'Validate',
    icon: 'check',
    scope: 'window',
    trust: false,
    palette: 'config',
  },
  openQuickstart: {
    title: 'Open Quickstart…',
    icon: 'mortar-board',
    scope: 'window',
    trust: false,
    palette: 'always',
  },
  refresh: { title: 'Refresh', icon: 'refresh', scope: 'window', trust: false, palette: 'always' },
  showLog: { title: 'Show Log', icon: 'output', scope: 'window', trust: false, palette: 'always' },
  queueTrial: { title: 'Queue Trial', icon: 'play', scope: 'window', trust: true, palette: 'draft' },

  connectManager: { title: 'Connect to Manager…', icon: 'plug', scope: 'window', trust: false, palette: 'always' },
  retryConnection: {
    title: 'Retry Connection',
    icon: 'debug-restart',
    scope: 'connection',
    trust: false,
    palette: 'lost',
    tree: ['inline@1', '1_open@1'],
  },
  renameConnection: {
    title: 'Rename Connection…',
    icon: 'edit',
    scope: 'connection',
    trust: false,
    palette: 'remote',
    tree: ['2_change@1'],
  },
  changeToken: {
    title: 'Change Token…',
    icon: 'key',
    scope: 'connection',
    trust: false,
    palette: 'remote',
    tree: ['2_change@2'],
    markedTree: { mark: 'token', tree: ['inline@2'] },
  },
  forgetConnection: {
    title: 'Forget Connection',
    icon: 'debug-disconnect',
    scope: 'connection',
    trust: false,
    palette: 'remote',
    tree: ['9_end@1'],
  },

  openExperiment: {
    title: 'Open Experiment',
    short: 'Open',
    icon: 'graph-line',
    scope: 'experiment',
    needs: 'open',
    trust: false,
    palette: 'always',
    tree: ['inline@1', '1_open@1'],
  },
  viewExperiment: {
    title: 'View Stopped Experiment…',
    icon: 'history',
    scope: 'experiment',
    needs: 'open',
    trust: false,
    palette: 'experiments',
  },
  openConfig: {
    title: 'Open Config File',
    icon: 'go-to-file',
    scope: 'experiment',
    needs: 'open',
    trust: false,
    palette: 'experiments',
    tree: ['1_open@2'],
    panel: { at: 'toolbar', group: 2 },
  },
  stopExperiment: {
    title: 'Stop Experiment…',
    short: 'Stop',
    icon: 'debug-stop',
    scope: 'experiment',
    needs: 'stop',
    trust: false,
    palette: 'running',
    tree: ['inline@2', '9_end@1'],
    panel: { at: 'toolbar', group: 1, hides: true },
  },
  resumeExperiment: {
    title: 'Resume Experiment…',
    short: 'Resume',
    icon: 'debug-continue',
    scope: 'experiment',
    needs: 'resume',
    trust: true,
    palette: 'experiments',
    tree: ['inline@2', '8_resume@1'],
    panel: { at: 'toolbar', group: 1, hides: true },
  },
  stopAndResume: {
    title: 'Stop and Resume Experiment…',
    short: 'Stop and Resume',
    icon: 'debug-restart',
    scope: 'experiment',
    needs: 'restart',
    trust: true,
    palette: 'stalled',
    tree: ['0_restart@1'],
    panel: { at: 'toolbar', group: 1, hides: true },
  },
  exportResults: {
    title: 'Export Results…',
    icon: 'export',
    scope: 'experiment',
    needs: 'export',
    trust: false,
    palette: 'experiments',
    tree: ['3_export@1'],
    panel: { at: 'toolbar', group: 2 },
  },
  addTrial: {
    title: 'Add Trial…',
    icon: 'add',
    scope: 'experiment',
    needs: 'addTrial',
    trust: true,
    palette: 'running',
    tree: ['2_change@1'],
    panel: { at: 'menu', group: 1 },
  },
  retryFailedTrials: {
    title: 'Retry Failed Trials…',
    icon: 'redo',
    scope: 'experiment',
    needs: 'retryFailed',
    trust: true,
    palette: 'running',
    tree: ['2_change@6'],
    panel: { at: 'menu', group: 1 },
  },
  importResults: {
    title: 'Import Results…',
    icon: 'desktop-download',
    scope: 'experiment',
    needs: 'importData',
    trust: true,
    palette: 'running',
    tree: ['3_export@2'],
    panel: { at: 'menu', group: 1 },
  },
  updateConcurrency: {
    title: 'Change Trial Concurrency…',
    icon: 'layers',
    scope: 'experiment',
    needs: 'update',
    trust: true,
    palette: 'running',
    tree: ['2_change@2'],
    panel: { at: 'menu', group: 2 },
  },
  updateTrialNumber: {
    title: 'Change Maximum Trial Number…',
    icon: 'list-ordered',
    scope: 'experiment',
    needs: 'update',
    trust: true,
    palette: 'running',
    tree: ['2_change@3'],
    panel: { at: 'menu', group: 2 },
  },
  updateDuration: {
    title: 'Change Maximum Duration…',
    icon: 'watch',
    scope: 'experiment',
    needs: 'update',
    trust: true,
    palette: 'running',
    tree: ['2_change@4'],
    panel: { at: 'menu', group: 2 },
  },
  updateSearchSpace: {
    title: 'Change Search Space…',
    icon: 'diff',
    scope: 'experiment',
    needs: 'update',
    trust: true,
    palette: 'running',
    tree: ['2_change@5'],
    panel: { at: 'menu', group: 2 },
  },
  openManagerLog: {
    title: 'Open Experiment Log',
    icon: 'output',
    scope: 'experiment',
    needs: 'open',
    trust: false,
    palette: 'experiments',
    tree: ['1_open@3'],
    panel: { at: 'menu', group: 3 },
  },
  openDispatcherLog: {
    title: 'Open Tuner Log',
    icon: 'output',
    scope: 'experiment',
    needs: 'dispatcherLog',
    trust: false,
    palette: 'nni',
    tree: ['1_open@4'],
    panel: { at: 'menu', group: 3, hides: true },
  },
  openWebPortal: {
    title: 'Open NNI Web Portal',
    icon: 'globe',
    scope: 'experiment',
    needs: 'portal',
    trust: false,
    palette: 'liveNni',
    tree: ['1_open@5'],
    panel: { at: 'menu', group: 3, hides: true },
  },
  openTensorBoard: {
    title: 'Open TensorBoard',
    icon: 'graph-line',
    scope: 'experiment',
    needs: 'tensorBoard',
    trust: true,
    palette: 'experiments',
    tree: ['1_open@6'],
    panel: { at: 'menu', group: 3 },
    ofTrial: { tree: ['1_open@4'], panel: { at: 'menu', group: 2 } },
  },
  stopTensorBoard: {
    title: 'Stop TensorBoard',
    icon: 'debug-stop',
    scope: 'experiment',
    needs: 'tensorBoard',
    trust: false,
    palette: 'tensorBoard',
    tree: ['1_open@7'],
    treeWhen: 'trialdeck.tensorBoard',
  },
  deleteExperiment: {
    title: 'Delete Experiment…',
    icon: 'trash',
    scope: 'experiment',
    needs: 'delete',
    trust: true,
    palette: 'experiments',
    tree: ['9_end@2'],
    panel: { at: 'menu', group: 4, hides: true },
  },

  openTrial: {
    title: 'Open Trial',
    icon: 'graph-line',
    scope: 'trial',
    trust: false,
    palette: 'experiments',
    tree: ['1_open@1'],
  },
  copyParameters: {
    title: 'Copy Parameters',
    icon: 'clippy',
    scope: 'trial',
    trust: false,
    palette: 'experiments',
    tree: ['2_change@1'],
    panel: { at: 'menu', group: 1 },
  },
  copyTrial: {
    title: 'Copy as New Trial…',
    icon: 'copy',
    scope: 'trial',
    needs: 'addTrial',
    trust: true,
    palette: 'experiments',
    tree: ['2_change@2'],
    panel: { at: 'menu', group: 1 },
  },
  retryTrial: {
    title: 'Retry Trial…',
    icon: 'redo',
    scope: 'trial',
    needs: 'retryFailed',
    trust: true,
    palette: 'running',
    tree: ['2_change@3'],
    panel: { at: 'menu', group: 1, hides: true },
  },
  openTrialLog: {
    title: 'Open Trial Log',
    icon: 'output',
    scope: 'trial',
    trust: false,
    palette: 'experiments',
    tree: ['inline@1', '1_open@2'],
    panel: { at: 'menu', group: 2 },
  },
  openTrialOutput: {
    title: 'Open Trial Output…',
    icon: 'output',
    scope: 'trial',
    trust: false,
    palette: 'experiments',
    tree: ['1_open@3'],
    panel: { at: 'menu', group: 2 },
  },
  killTrial: {
    title: 'Kill Trial…',
    icon: 'close',
    scope: 'trial',
    needs: 'killTrial',
    trust: false,
    palette: 'running',
    tree: ['inline@2', '9_end@1'],
    panel: { at: 'menu', group: 3 },
  },
} as const satisfies Record<string, UserAction>;

type Table = typeof userActions;
export type ActionId = keyof Table;
/** Actions the panel offers for its experiment. */
export type PanelAction = {
  [I in ActionId]: Table[I] extends { scope: 'experiment'; panel: PanelPlace } ? I : never;
}[ActionId];
/** Actions the panel offers for one of its trials. */
export type TrialAction = {
  [I in ActionId]: Table[I] extends { scope: 'trial'; panel: PanelPlace } | { ofTrial: object } ? I : never;
}[ActionId];

export const actionIds = Object.keys(userActions) as ActionId[];

/** The entry, typed with every optional field. */
export function actionOf(id: ActionId): UserAction {
  return userActions[id];
}

export function isPanelAction(id: ActionId): id is PanelAction {
  const { scope, panel } = actionOf(id);
  return scope === 'experiment' && panel !== undefined;
}

export function isTrialAction(id: ActionId): id is TrialAction {
  const { scope, panel, ofTrial } = actionOf(id);
  return (scope === 'trial' && panel !== undefined) || ofTrial !== undefined;
}

/** Where the panel offers the action, for the experiment or for a trial. */
export function panelPlace(id: PanelAction | TrialAction, of: 'experiment' | 'trial'): PanelPlace | undefined {
  const { scope, panel, ofTrial } = actionOf(id);
  return scope === of ? panel : of === 'trial' ? ofTrial?.panel : undefined;
}

/** The mark in a row's `contextValue` that offers the action: the capability of an experiment, else the action's own name. */
export function rowMark(id: ActionId, of = actionOf(id).scope): string {
  const { needs } = actionOf(id);
  return of === 'experiment' && needs !== undefined ? needs : id;
}

/** The message when no experiment allows an action. */
export const noneAllows: Readonly<Record<ExperimentAction, string>> = {
  open: 'There are no experiments yet. Open a config.yml and press Run above its first line.',
  export: 'There are no experiments yet. Open a config.yml and press Run above its first line.',
  stop: 'No experiment is running, so there is nothing to stop.',
  resume: 'There is no stopped experiment to resume.',
  restart: 'No experiment is stalled or has failed.',
  delete: 'There is no stopped experiment to delete.',
  update: 'No experiment is running; limits and search spaces can be changed while one does.',
  addTrial: 'No experiment is running that could take a trial.',
  retryFailed: 'No running experiment has a failed trial.',
  killTrial: 'No experiment is running, so there is no trial to kill.',
  importData: 'No running experiment can import results.',
  tensorBoard: 'There is no experiment with trials that TensorBoard could show.',
  portal: 'No experiment is run by NNI, which has a web page; those run here are shown in this window.',
  dispatcherLog: 'No experiment is or was run by NNI, whose tuners have a log of their own.',
};

/**
 * Why an experiment does not allow an action now, as a sentence whose `{0}` is the experiment's name; undefined when it does.
 */
export function refusalOf(
  action: ExperimentAction,
  experiment: Pick<ExperimentSummary, 'actions'>,
): string | undefined {
  const refusal = whyNot(experiment, action);
  switch (refusal) {
    case undefined:
      return undefined;
    case 'notRunning':
      if (action === 'stop' || action === 'killTrial') return '{0} is not running.';
      if (action === 'portal') return '{0} is not running, so NNI serves no web page of it.';
      return '{0} is not running. Resume it first.';
    case 'running':
      return action === 'delete' ? '{0} is running. Stop it first.' : '{0} is running already.';
    case 'stopping':
      return action === 'stop' ? '{0} is stopping already.' : '{0} is stopping.';
    case 'viewed':
      return action === 'resume'
        ? '{0} is read-only here. Stop viewing it first.'
        : '{0} is read-only here. Stop viewing it, then resume it.';
    case 'failed':
      return '{0} has failed. Stop it and resume it first.';
    case 'standalone':
      return action === 'delete'
        ? '{0} was connected to at its own address; delete it on its machine.'
        : '{0} was connected to at its own address; resume it on its machine.';
    case 'architectureSearch':
      if (action === 'resume') return '{0} searches architectures; such experiments cannot be resumed.';
      if (action === 'tensorBoard') break;
      return '{0} searches architectures and takes no trials by hand.';
    case 'noTrials':
      return '{0} has no trials yet that TensorBoard could show.';
    case 'noFailedTrials':
      return '{0} has no failed trials.';
    case 'notStalled':
      return '{0} is neither stalled nor failed.';
    case 'notNni':
      if (action === 'dispatcherLog')
        return 'The tuner of {0} has no log of its own: it is in the log of the experiment.';
      return '{0} is not run by NNI; it is shown in this window.';
    case 'unsupported':
      break;
  }
  return '{0} does not allow this now.';
}

/** Why a trial does not allow an action now, as {@link refusalOf}. */
export function trialRefusalOf(
  id: ActionId,
  trial: { status: SeenStatus },
  experiment: Pick<ExperimentSummary, 'actions'>,
): string | undefined {
  if (id === 'killTrial' && !canKill(trial.status)) return 'The trial is not running.';
  if (id === 'retryTrial' && trial.status !== 'FAILED') return 'The trial has not failed.';
  if (id === 'openTensorBoard' && trial.status === 'WAITING') return 'The trial has not started.';
  const { needs } = actionOf(id);
  return needs && refusalOf(needs, experiment);
}

/** A pattern for the beginning of the `contextValue` of rows that offer the action. */
export const rowKinds = {
  connection: '(connection|problem)',
  experiment: 'experiment',
  // The log's own row offers the actions on the log.
  trial: '(trial|section)',
} as const;
