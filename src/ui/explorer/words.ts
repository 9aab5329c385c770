/** Words for states and numbers, in the person's language. Free of vscode. */
import type { ExperimentSummary } from '../../model/experiment/experiment.ts';
import { type ExperimentPhase, endedTrials } from '../../model/experiment/experimentPhase.ts';
import type { SeenStatus, TrialRow } from '../../model/trial/trial.ts';

/** `vscode.l10n.t`, or a plain one in tests. */
export type Translate = (message: string, ...args: (string | number)[]) => string;

export function trialStatusWord(status: SeenStatus, t: Translate): string {
  switch (status) {
    case 'UNKNOWN':
      return t('unknown');
    case 'WAITING':
      return t('waiting');
    case 'RUNNING':
      return t('running');
    case 'SUCCEEDED':
      return t('succeeded');
    case 'FAILED':
      return t('failed');
    case 'USER_CANCELED':
      return t('cancelled');
    case 'EARLY_STOPPED':
      return t('stopped early');
    case 'SYS_CANCELED':
      return t('cancelled by the system');
    case 'NOT_ENDED':
      return t('not ended');
  }
}

export function experimentPhaseWord(phase: ExperimentPhase, t: Translate): string {
  switch (phase) {
    case 'starting':
      return t('starting');
    case 'running':
      return t('running');
    case 'stalled':
      return t('stalled');
    case 'finishing':
      return t('finishing');
    case 'done':
      return t('done');
    case 'failed':
      return t('failed');
    case 'stopping':
      return t('stopping');
    case 'stopped':
      return t('stopped');
    case 'crashed':
      return t('crashed');
    case 'viewed':
      return t('read-only');
  }
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
