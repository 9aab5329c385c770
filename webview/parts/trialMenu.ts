/** What one can do with a trial. */
import { experimentActions } from '../../src/model/experiment/experiment.ts';
import { canKill, type SeenTrial } from '../../src/model/trial/trial.ts';
import type { TrialAction } from '../../src/protocol.ts';
import type { Page } from '../page.ts';
import { t } from '../strings.ts';
import type { OpenMenu } from './Menu.tsx';

export function trialMenu(page: Page, row: SeenTrial): OpenMenu['items'] {
  const summary = page.data?.summary;
  const actions = summary ? experimentActions(summary) : new Set();
  const killable = canKill(row.status) && summary?.live === true;
  let noCopy = page.whyNotChange;
  const notRunning = t('The experiment is not running, so it takes no new trials.');
  if (!actions.has('addTrial')) noCopy ??= notRunning;
  const act = (action: TrialAction) => () => void page.request('actOnTrial', { action, trialId: row.id });
  return [
    {
      label: t('Copy Parameters'),
      icon: 'copy',
      run: () => void page.request('copyText', { text: JSON.stringify(row.parameters, null, 2) }),
    },
    {
      label: t('Copy as New Trial…'),
      icon: 'add',
      disabled: noCopy,
      run: () => void page.request('addTrial', { copyOf: row.id }),
    },
    ...(row.status === 'FAILED'
      ? [
          {
            label: t('Retry Trial…'),
            icon: 'redo',
            disabled: page.whyNotChange ?? (actions.has('retryFailed') ? undefined : notRunning),
            run: act('retryTrial'),
          },
        ]
      : []),
    'line',
    {
      label: t('Open Log in Editor'),
      icon: 'output',
      run: () =>
        void page.request('openLog', { trialId: row.id, name: row.status === 'FAILED' ? 'stderr' : 'trial.log' }),
    },
    { label: t('Open Output…'), icon: 'output', run: act('openTrialOutput') },
    {
      label: t('Open TensorBoard'),
      icon: 'graph-line',
      disabled: page.whyNotChange ?? (hasStarted(page, row) ? undefined : t('The trial has not started.')),
      run: act('openTensorBoard'),
    },
    'line',
    {
      label: t('Kill Trial…'),
      icon: 'close',
      disabled: killable ? page.whyLost : t('The trial is not running.'),
      run: () => void page.request('killTrials', { trialIds: [row.id] }),
    },
  ];
}

function hasStarted(page: Page, row: SeenTrial): boolean {
  return row.status !== 'WAITING' && page.data?.summary.type === 'hpo';
}

/** What VS Code's own context menu gets to know of a trial. */
export function trialContext(page: Page, row: SeenTrial): string {
  return JSON.stringify({
    webviewSection: 'trial',
    connectionId: page.connectionId,
    experimentId: page.data?.summary.id,
    trialId: row.id,
    trialCanBeRetried:
      row.status === 'FAILED' && page.data !== undefined && experimentActions(page.data.summary).has('retryFailed'),
    trialHasStarted: hasStarted(page, row),
    trialCanBeKilled: canKill(row.status) && page.data?.summary.live === true,
    preventDefaultContextMenuItems: true,
  });
}
