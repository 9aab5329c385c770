/** Why an action is not possible now, in words for the person who asked for it. */
import { l10n } from 'vscode';
import { type ExperimentAction, type ExperimentSummary, experimentActions } from '../../model/experiment/experiment.ts';

/** What is said when no experiment allows the action. */
export function noneAllows(action: ExperimentAction): string {
  switch (action) {
    case 'stop':
      return l10n.t('No experiment is running, so there is nothing to stop.');
    case 'resume':
      return l10n.t('There is no stopped experiment to resume.');
    case 'update':
      return l10n.t('No experiment is running; limits and search spaces can be changed while one does.');
    case 'addTrial':
      return l10n.t('No experiment is running that could take a trial.');
    case 'delete':
      return l10n.t('There is no stopped experiment to delete.');
    case 'retryFailed':
      return l10n.t('No running experiment has a failed trial.');
    case 'importData':
      return l10n.t('No experiment is running whose tuner could be told results.');
    case 'tensorBoard':
      return l10n.t('There is no experiment with trials that TensorBoard could show.');
    case 'portal':
      return l10n.t('No experiment is run by NNI, which has a web page; those run here are shown in this window.');
    default:
      return l10n.t('There are no experiments yet. Open a config.yml and press Run above its first line.');
  }
}

/** Undefined when the action is possible. */
export function whyNot(action: ExperimentAction, experiment: ExperimentSummary): string | undefined {
  if (experimentActions(experiment).has(action)) return undefined;
  const { name } = experiment;
  switch (action) {
    case 'stop':
      if (experiment.status === 'STOPPING') return l10n.t('{0} is stopping already.', name);
      return l10n.t('{0} is not running.', name);
    case 'resume':
      if (experiment.status === 'VIEWED') return l10n.t('{0} is open for viewing only. Stop it first.', name);
      if (experiment.live) return l10n.t('{0} is running already.', name);
      if (experiment.standalone) {
        return l10n.t('{0} was connected to at its own address; resume it on its machine.', name);
      }
      return l10n.t('{0} searches architectures; such experiments cannot be resumed.', name);
    case 'delete':
      if (experiment.live) return l10n.t('{0} is running. Stop it first.', name);
      return l10n.t('{0} was connected to at its own address; delete it on its machine.', name);
    case 'tensorBoard':
      if (experiment.type === 'nas') break;
      return l10n.t('{0} has no trials yet that TensorBoard could show.', name);
    case 'portal':
      if (experiment.engine === 'nni') return l10n.t('{0} is not running, so NNI serves no web page of it.', name);
      return l10n.t('{0} is not run by NNI; it is shown in this window.', name);
    case 'update':
    case 'addTrial':
    case 'importData':
    case 'retryFailed':
      if (!experiment.live) return l10n.t('{0} is not running. Resume it first.', name);
      if (experiment.status === 'VIEWED') return l10n.t('{0} is open for viewing only. Stop it, then resume it.', name);
      if (experiment.status === 'STOPPING') return l10n.t('{0} is stopping.', name);
      if (experiment.status === 'ERROR') return l10n.t('{0} has failed. Stop it and resume it first.', name);
      if (experiment.type === 'nas') return l10n.t('{0} searches architectures and takes no trials by hand.', name);
      return l10n.t('{0} has no failed trials.', name);
  }
  return l10n.t('{0} does not allow this now.', name);
}
