/** What stands above the rows: why there are none, or what keeps them from being all. Free of vscode. */
import type { ConnectionStatus } from '../../store/connection.ts';
import { oneLine } from './escape.ts';
import type { Translate } from './labels.ts';

export interface ViewState {
  /** Whether there are rows. */
  shown: boolean;
  status: ConnectionStatus;
  trusted: boolean;
  /** The manager's, about its list. */
  warnings: readonly string[];
}

/** Empty when there is nothing to say. */
export function viewMessage({ shown, status, trusted, warnings }: ViewState, t: Translate): string {
  if (!shown && status.state === 'lost' && !status.reached) return oneLine(status.reason, 200);
  if (!shown && status.state === 'connecting') return t('Connecting…');
  const parts = warnings.map((warning) => t('Warning: {0}', oneLine(warning, 300)));
  if (shown && !trusted) parts.unshift(t('Restricted Mode: nothing can be run or changed.'));
  return parts.join(' ');
}
