/** What stands above the rows: why there are none, or what keeps them from being all. Free of vscode. */

import { type PlainText, plainText } from '../../model/text/plainText.ts';
import type { ConnectionStatus } from '../../store/connectionStatus.ts';
import type { Translate } from './words.ts';

export interface ViewState {
  /** Whether there are rows. */
  shown: boolean;
  status: ConnectionStatus;
  trusted: boolean;
  /** The manager's, about its list. */
  warnings: readonly string[];
}

/** Empty when there is nothing to say. */
export function viewMessage({ shown, status, trusted, warnings }: ViewState, t: Translate): PlainText {
  if (!shown && status.state === 'lost' && !status.reached) return plainText(status.reason, 200);
  if (!shown && status.state === 'connecting') return plainText(t('Connecting…'));
  const parts = warnings.map((warning) => t('Warning: {0}', plainText(warning, 300)));
  if (shown && !trusted) parts.unshift(t('Restricted Mode: nothing can be run or changed.'));
  return plainText(parts.join(' '), 2000);
}
