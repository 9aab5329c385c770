/** What one can do with a trial. */
import { canDo, type ExperimentAction } from '../../src/model/experiment/actions.ts';
import { canKill, type SeenTrial } from '../../src/model/trial/trial.ts';
import type { TrialAction } from '../../src/protocol.ts';
import type { Page } from '../page.ts';
import { t } from '../strings.ts';
import type { OpenMenu } from './Menu.tsx';

export function trialMenu(page: Page, row: SeenTrial): OpenMenu['items'] {
  const killable = canKill(row.status) && allows(page, 'killTrial');
  let noCopy = page.whyNotChange;
  const notRunning = t('The experiment is not running, so it takes no new trials.');
  if (!allows(page, 'addTrial')) noCopy ??= notRunning;
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
            disabled: page.whyNotChange ?? (allows(page, 'retryFailed') ? undefined : notRunning),
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

function allows(page: Page, action: ExperimentAction): boolean {
  return page.data !== undefined && canDo(page.data.summary, action);
}

function hasStarted(page: Page, row: SeenTrial): boolean {
  return row.status !== 'WAITING' && allows(page, 'tensorBoard');
}

/** What VS Code's own context menu gets to know of a trial. */
export function trialContext(page: Page, row: SeenTrial): string {
  return JSON.stringify({
    webviewSection: 'trial',
    connectionId: page.connectionId,
    experimentId: page.data?.summary.id,
    trialId: row.id,
    trialCanBeRetried: row.status === 'FAILED' && allows(page, 'retryFailed'),
    trialHasStarted: hasStarted(page, row),
    trialCanBeKilled: canKill(row.status) && allows(page, 'killTrial'),
    preventDefaultContextMenuItems: true,
  });
}
