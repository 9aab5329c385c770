/** What a trial's state looks like: a word, a shape and a colour, never a colour alone. */
import type { ExperimentSummary } from '../../src/model/experiment/experiment.ts';
import { seenStatus } from '../../src/model/experiment/experimentPhase.ts';
import { type SeenStatus, type SeenTrial, trialStatuses } from '../../src/model/trial/trial.ts';
import { t } from '../strings.ts';

/** States that look alike; also the groups of the state filter and of the bar. */
export type StatusKind = 'succeeded' | 'stoppedEarly' | 'failed' | 'cancelled' | 'running' | 'waiting' | 'notEnded';

/** In the order of the bar: what has ended first. */
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

/** Codicons; the same as in the tree. */
export const statusIcons: Readonly<Record<StatusKind, string>> = {
  succeeded: 'pass-filled',
  stoppedEarly: 'triangle-up',
  failed: 'error',
  cancelled: 'circle-slash',
  running: 'loading',
  waiting: 'circle-large-outline',
  notEnded: 'stop-circle',
};

export function kindWord(kind: StatusKind): string {
  switch (kind) {
    case 'succeeded':
      return t('succeeded');
    case 'stoppedEarly':
      return t('stopped early');
    case 'failed':
      return t('failed');
    case 'cancelled':
      return t('cancelled');
    case 'running':
      return t('running');
    case 'waiting':
      return t('waiting');
    case 'notEnded':
      return t('not ended');
  }
}

export function statusWord(status: SeenStatus): string {
  if (status === 'UNKNOWN') return t('unknown');
  if (status === 'SYS_CANCELED') return t('cancelled by the system');
  return kindWord(kindOf[status]);
}

/** What people call the trial. */
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
