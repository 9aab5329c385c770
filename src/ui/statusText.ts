/** The text of the status bar item. Free of vscode. */
import type { ExperimentSummary } from '../model/experiment/experiment.ts';
import { experimentPhase } from '../model/experiment/experimentPhase.ts';
import { formatNumber } from '../model/text/format.ts';
import { type IconText, plainText, withIcon } from '../model/text/plainText.ts';
import type { Translate } from './explorer/words.ts';

/**
 * `$(beaker) 2 running · best 0.9731`, `$(warning) 1 running, 1 stalled`; undefined when there is nothing to say. The best of several experiments is only
 * named where they can be compared, that is for one.
 */
export function statusText(running: readonly ExperimentSummary[], lost: boolean, t: Translate): IconText | undefined {
  const stalled = running.filter((summary) => experimentPhase(summary) === 'stalled').length;
  if (running.length === 0) return lost ? withIcon('warning', plainText(t('experiments not connected'))) : undefined;
  const [only, ...others] = running;
  const best = others.length === 0 && only?.best ? ` · ${t('best {0}', formatNumber(only.best.value))}` : '';
  const icon = lost || stalled > 0 ? 'warning' : 'beaker';
  const parts = [
    running.length > stalled ? t('{0} running', running.length - stalled) : '',
    stalled > 0 ? t('{0} stalled', stalled) : '',
  ];
  return withIcon(icon, plainText(`${parts.filter(Boolean).join(', ')}${best}`));
}
