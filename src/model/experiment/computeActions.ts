/** Computes an experiment's actions from its state, for the servers of Trialdeck's and NNI's experiments. */
import type { ActionRefusal, ActionStates } from './actions.ts';
import type { ExperimentSummary } from './experiment.ts';
import { experimentPhase } from './experimentPhase.ts';

/** What the actions are computed from. */
export type ActionFacts = Pick<ExperimentSummary, 'status' | 'live' | 'type' | 'engine' | 'counts' | 'errors'> &
  Partial<Pick<ExperimentSummary, 'standalone'>>;

/** A summary as a server sends it. Version 0.1.0 sends no actions. */
export type ServedSummary = Omit<ExperimentSummary, 'actions'> & { actions?: ActionStates };

/** The engines whose experiments this version can do more with than view them. */
const knownEngines: readonly string[] = ['trialdeck', 'nni'];

/** An experiment of an engine that this version does not know: it can be viewed. */
const viewOnly: ActionStates = { open: true, export: true };

/** The actions of an experiment that Trialdeck or NNI runs or ran. Of an unknown engine: viewing only. */
export function actionsOf(facts: ActionFacts): ActionStates {
  if (!knownEngines.includes(facts.engine)) return { ...viewOnly };
  return {
    open: true,
    export: true,
    stop: stateOf(stopRefusal(facts)),
    resume: stateOf(resumeRefusal(facts)),
    restart: stateOf(restartRefusal(facts)),
    delete: stateOf(deleteRefusal(facts)),
    update: stateOf(changeRefusal(facts)),
    addTrial: stateOf(newTrialRefusal(facts)),
    retryFailed: stateOf(newTrialRefusal(facts) ?? ((facts.counts.FAILED ?? 0) > 0 ? undefined : 'noFailedTrials')),
    killTrial: stateOf(killRefusal(facts)),
    importData: stateOf(newTrialRefusal(facts)),
    tensorBoard: stateOf(tensorBoardRefusal(facts)),
    portal: stateOf(facts.engine === 'nni' ? stopRefusal(facts) : 'notNni'),
    dispatcherLog: stateOf(facts.engine === 'nni' ? undefined : 'notNni'),
  };
}

/** The summary with its actions computed anew. */
export function withActions(summary: Omit<ExperimentSummary, 'actions'>): ExperimentSummary {
  return { ...summary, actions: actionsOf(summary) };
}

/**
 * Completes the actions of a summary. A server that computed them is believed; for an older server (0.1.0) this function computes them. An
 * engine that this version does not know can only be viewed, whatever its server offers: the requests behind the other actions may mean
 * something else there.
 */
export function completeActions(summary: ServedSummary): ExperimentSummary {
  const { actions } = summary;
  if (actions === undefined || !knownEngines.includes(summary.engine)) return withActions(summary);
  return { ...summary, actions };
}

/** The summary of an experiment that is reached without a manager. */
export function withoutManager(summary: ExperimentSummary): ExperimentSummary {
  const { actions } = summary;
  const refused = (action: 'resume' | 'restart' | 'delete') =>
    actions[action] === true ? { [action]: 'standalone' as const } : {};
  return {
    ...summary,
    standalone: true,
    actions: { ...actions, ...refused('resume'), ...refused('restart'), ...refused('delete') },
  };
}

function stateOf(refusal: ActionRefusal | undefined): true | ActionRefusal {
  return refusal ?? true;
}

function stopRefusal({ live, status }: ActionFacts): ActionRefusal | undefined {
  if (status === 'STOPPING') return 'stopping';
  return live ? undefined : 'notRunning';
}

function resumeRefusal({ live, status, standalone, type }: ActionFacts): ActionRefusal | undefined {
  if (live) return status === 'VIEWED' ? 'viewed' : 'running';
  if (standalone) return 'standalone';
  return type === 'nas' ? 'architectureSearch' : undefined;
}

function restartRefusal(facts: ActionFacts): ActionRefusal | undefined {
  if (!facts.live) return 'notRunning';
  if (facts.type === 'nas') return 'architectureSearch';
  const phase = experimentPhase(facts);
  if (phase !== 'stalled' && phase !== 'failed') return 'notStalled';
  return facts.standalone ? 'standalone' : undefined;
}

function deleteRefusal({ live, standalone }: ActionFacts): ActionRefusal | undefined {
  if (live) return 'running';
  return standalone ? 'standalone' : undefined;
}

function changeRefusal({ live, status }: ActionFacts): ActionRefusal | undefined {
  if (!live) return 'notRunning';
  if (status === 'VIEWED') return 'viewed';
  if (status === 'STOPPING') return 'stopping';
  return status === 'ERROR' ? 'failed' : undefined;
}

function newTrialRefusal(facts: ActionFacts): ActionRefusal | undefined {
  return changeRefusal(facts) ?? (facts.type === 'nas' ? 'architectureSearch' : undefined);
}

function killRefusal({ live, status }: ActionFacts): ActionRefusal | undefined {
  if (!live) return 'notRunning';
  return status === 'VIEWED' ? 'viewed' : undefined;
}

function tensorBoardRefusal({ type, counts }: ActionFacts): ActionRefusal | undefined {
  if (type === 'nas') return 'architectureSearch';
  const started = Object.entries(counts).some(([status, count]) => status !== 'WAITING' && count > 0);
  return started ? undefined : 'noTrials';
}
