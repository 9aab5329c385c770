/** Why an action is not possible now, in words for the person who asked for it. */
import { type ExperimentAction, whyNot as refusalOf } from '../../model/experiment/actions.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import type { PlainText } from '../../model/text/plainText.ts';
import { l10n } from '../window.ts';

/** What is said when no experiment allows the action. */
export function noneAllows(action: ExperimentAction): PlainText {
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
export function whyNot(action: ExperimentAction, experiment: ExperimentSummary): PlainText | undefined {
  const refusal = refusalOf(experiment, action);
  if (refusal === undefined) return undefined;
  const { name } = experiment;
  switch (refusal) {
    case 'notRunning':
      if (action === 'stop') return l10n.t('{0} is not running.', name);
      if (action === 'portal') return l10n.t('{0} is not running, so NNI serves no web page of it.', name);
      return l10n.t('{0} is not running. Resume it first.', name);
    case 'running':
      if (action === 'delete') return l10n.t('{0} is running. Stop it first.', name);
      return l10n.t('{0} is running already.', name);
    case 'stopping':
      if (action === 'stop') return l10n.t('{0} is stopping already.', name);
      return l10n.t('{0} is stopping.', name);
    case 'viewed':
      if (action === 'resume') return l10n.t('{0} is open for viewing only. Stop it first.', name);
      return l10n.t('{0} is open for viewing only. Stop it, then resume it.', name);
    case 'failed':
      return l10n.t('{0} has failed. Stop it and resume it first.', name);
    case 'standalone':
      if (action === 'delete') {
        return l10n.t('{0} was connected to at its own address; delete it on its machine.', name);
      }
      return l10n.t('{0} was connected to at its own address; resume it on its machine.', name);
    case 'architectureSearch':
      if (action === 'resume') return l10n.t('{0} searches architectures; such experiments cannot be resumed.', name);
      if (action === 'tensorBoard') break;
      return l10n.t('{0} searches architectures and takes no trials by hand.', name);
    case 'noTrials':
      return l10n.t('{0} has no trials yet that TensorBoard could show.', name);
    case 'noFailedTrials':
      return l10n.t('{0} has no failed trials.', name);
    case 'notStalled':
      return l10n.t('{0} neither stands still nor has failed.', name);
    case 'notNni':
      return l10n.t('{0} is not run by NNI; it is shown in this window.', name);
    case 'unsupported':
      break;
  }
  return l10n.t('{0} does not allow this now.', name);
}
