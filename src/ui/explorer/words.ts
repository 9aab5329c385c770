/** Words for states and numbers, in the person's language. Free of vscode. */

import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { type ExperimentPhase, endedTrials } from '../../model/experiment/experimentPhase.ts';
import { phaseLooks, trialLooks } from '../../model/experiment/looks.ts';
import type { SeenStatus, TrialRow } from '../../model/trial/trial.ts';

/** `vscode.l10n.t`, or a plain one in tests. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

export function trialStatusWord(status: SeenStatus, t: Translate): string {
  return t(trialLooks[status].word);
}

export function experimentPhaseWord(phase: ExperimentPhase, t: Translate): string {
  return t(phaseLooks[phase].word);
}

/** `64/100`, or `64` where there is no limit. */
export function progressText(summary: Pick<ExperimentSummary, 'counts' | 'maxTrialNumber'>): string {
  const ended = endedTrials(summary);
  return summary.maxTrialNumber === undefined ? String(ended) : `${ended}/${summary.maxTrialNumber}`;
}

/** The number people call a trial by; its id where NNI stored none. */
export function trialTitle(row: Pick<TrialRow, 'id' | 'number'>): string {
  return row.number >= 0 ? String(row.number) : row.id;
}
