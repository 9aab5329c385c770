/**
 * The actions of an experiment: which are possible now, and a short code for why another is not.
 *
 * The server of an experiment (runner, manager, poll) computes them into `summary.actions` (`computeActions.ts`). Everything that offers an
 * action asks {@link canDo} and {@link whyNot}.
 */

export const experimentActions = [
  'open',
  'export',
  'stop',
  'resume',
  /** Stop, then resume: for an experiment that is alive but makes no progress. */
  'restart',
  'delete',
  /** Change limits or search space. */
  'update',
  'addTrial',
  'retryFailed',
  'killTrial',
  'importData',
  'tensorBoard',
  /** NNI's web page. */
  'portal',
  /** The log of NNI's dispatcher, the process of its tuner. */
  'dispatcherLog',
] as const;
export type ExperimentAction = (typeof experimentActions)[number];

export const actionRefusals = [
  'notRunning',
  'running',
  'stopping',
  /** A process shows the experiment and runs no trials. */
  'viewed',
  'failed',
  /** It is reached at an address of its own, without a manager. */
  'standalone',
  /** The experiment searches architectures. */
  'architectureSearch',
  /** No trial has started. */
  'noTrials',
  'noFailedTrials',
  /** It is neither stalled nor failed. */
  'notStalled',
  /** NNI does not run it. */
  'notNni',
  /** Its server does not offer the action, or this version does not know the engine. */
  'unsupported',
] as const;
export type ActionRefusal = (typeof actionRefusals)[number];

/** `true` where the action is possible now. An action that is absent is `unsupported`. */
export type ActionStates = { [action in ExperimentAction]?: true | ActionRefusal };

interface HasActions {
  actions: ActionStates;
}

/** Whether the action is possible now. */
export function canDo(summary: HasActions, action: ExperimentAction): boolean {
  return summary.actions[action] === true;
}

/** Why the action is not possible now; undefined when it is. */
export function whyNot(summary: HasActions, action: ExperimentAction): ActionRefusal | undefined {
  const state = summary.actions[action] ?? 'unsupported';
  return state === true ? undefined : state;
}

/** The actions that are possible now. */
export function possibleActions(summary: HasActions): ExperimentAction[] {
  return experimentActions.filter((action) => canDo(summary, action));
}
