/** What a trial's state looks like: a word, a shape and a colour, never a colour alone. */
import type { TrialRow, TrialStatus } from '../../src/model/trial.ts';
import { t } from '../strings.ts';

/** States that look alike; also the groups of the state filter and of the bar. */
export type StatusKind = 'succeeded' | 'stoppedEarly' | 'failed' | 'cancelled' | 'running' | 'waiting';

/** In the order of the bar: what has ended first. */
export const statusKinds: readonly StatusKind[] = [
  'succeeded',
  'stoppedEarly',
  'failed',
  'cancelled',
  'running',
  'waiting',
];

export const kindOf: Readonly<Record<TrialStatus, StatusKind>> = {
  UNKNOWN: 'waiting',
  WAITING: 'waiting',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  USER_CANCELED: 'cancelled',
  EARLY_STOPPED: 'stoppedEarly',
  SYS_CANCELED: 'cancelled',
};

/** Codicons; the same as in the tree. */
export const statusIcons: Readonly<Record<StatusKind, string>> = {
  succeeded: 'pass-filled',
  stoppedEarly: 'triangle-up',
  failed: 'error',
  cancelled: 'circle-slash',
  running: 'loading',
  waiting: 'circle-large-outline',
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
  }
}

export function statusWord(status: TrialStatus): string {
  if (status === 'UNKNOWN') return t('unknown');
  if (status === 'SYS_CANCELED') return t('cancelled by the system');
  return kindWord(kindOf[status]);
}

/** What people call the trial. */
export function trialName(row: Pick<TrialRow, 'id' | 'number'>): string {
  return row.number >= 0 ? String(row.number) : row.id;
}

export function countKinds(counts: Partial<Record<TrialStatus, number>>): Record<StatusKind, number> {
  const kinds: Record<StatusKind, number> = {
    succeeded: 0,
    stoppedEarly: 0,
    failed: 0,
    cancelled: 0,
    running: 0,
    waiting: 0,
  };
  for (const [status, kind] of Object.entries(kindOf)) kinds[kind] += counts[status as TrialStatus] ?? 0;
  return kinds;
}
