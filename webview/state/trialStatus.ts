/** The look of a trial's state: a word, a shape and a colour, never a colour alone. */
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import { seenStatus } from '../../src/model/experiment/experimentPhase.ts';
import { trialLooks } from '../../src/model/experiment/looks.ts';
import { type SeenStatus, type SeenTrial, trialStatuses } from '../../src/model/trial/trial.ts';
import { t } from '../strings.ts';

/** States that look alike; also the groups of the state filter and of the bar. */
export type StatusKind = 'succeeded' | 'stoppedEarly' | 'failed' | 'cancelled' | 'running' | 'waiting' | 'notEnded';

/** In the order of the bar: ended states first. */
export const statusKinds: readonly StatusKind[] = [
  'succeeded',
  'stoppedEarly',
  'failed',
  'cancelled',
  'running',
  'waiting',
  'notEnded',
];

export const kindOf: Readonly<Record<SeenStatus, StatusKind>> = {
  UNKNOWN: 'waiting',
  WAITING: 'waiting',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  USER_CANCELED: 'cancelled',
  EARLY_STOPPED: 'stoppedEarly',
  SYS_CANCELED: 'cancelled',
  NOT_ENDED: 'notEnded',
};

/** The state that represents its kind. */
const shownAs: Readonly<Record<StatusKind, SeenStatus>> = {
  succeeded: 'SUCCEEDED',
  stoppedEarly: 'EARLY_STOPPED',
  failed: 'FAILED',
  cancelled: 'USER_CANCELED',
  running: 'RUNNING',
  waiting: 'WAITING',
  notEnded: 'NOT_ENDED',
};

export function kindIcon(kind: StatusKind): string {
  return trialLooks[shownAs[kind]].icon;
}

export function kindWord(kind: StatusKind): string {
  return statusWord(shownAs[kind]);
}

export function statusWord(status: SeenStatus): string {
  return t(trialLooks[status].word);
}

/** The trial's name for users. */
export function trialName(row: Pick<SeenTrial, 'id' | 'number'>): string {
  return row.number >= 0 ? String(row.number) : row.id;
}

export function countKinds(summary: Pick<ExperimentSummary, 'counts' | 'live' | 'status'>): Record<StatusKind, number> {
  const kinds: Record<StatusKind, number> = {
    succeeded: 0,
    stoppedEarly: 0,
    failed: 0,
    cancelled: 0,
    running: 0,
    waiting: 0,
    notEnded: 0,
  };
  for (const status of trialStatuses) kinds[kindOf[seenStatus(status, summary)]] += summary.counts[status] ?? 0;
  return kinds;
}
