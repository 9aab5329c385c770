/** Translates the reasons why an action is not possible now. */
import type { ExperimentAction } from '../../model/experiment/actions.ts';
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import type { PlainText } from '../../model/text/plainText.ts';
import * as table from '../actions.ts';
import { l10n } from '../window.ts';

/** The message when no experiment allows the action. */
export function noneAllows(action: ExperimentAction): PlainText {
  return l10n.t(table.noneAllows[action]);
}

/** Undefined when the action is possible. */
export function whyNot(action: ExperimentAction, experiment: ExperimentSummary): PlainText | undefined {
  const reason = table.refusalOf(action, experiment);
  return reason === undefined ? undefined : l10n.t(reason, experiment.name || experiment.id);
}
