/** The menu of a trial. */
import type { SeenTrial } from '../../src/model/trial/trial.ts';
import { type TrialAction, trialRefusalOf } from '../../src/ui/actions.ts';
import type { OpenMenu } from '../controls/Menu.tsx';
import type { Page } from '../state/page.ts';
import { trialItems } from './actionMenu.ts';

export function trialMenu(page: Page, row: SeenTrial): OpenMenu['items'] {
  return page.data ? trialItems(page, page.data.summary, row) : [];
}

/** The context of a trial for VS Code's own context menu. */
export function trialContext(page: Page, row: SeenTrial): string {
  const summary = page.data?.summary;
  const can = (action: TrialAction) => summary !== undefined && trialRefusalOf(action, row, summary) === undefined;
  return JSON.stringify({
    webviewSection: 'trial',
    connectionId: page.connectionId,
    experimentId: summary?.id,
    trialId: row.id,
    trialCanBeCopied: can('copyTrial'),
    trialCanBeRetried: can('retryTrial'),
    trialHasStarted: can('openTensorBoard'),
    trialCanBeKilled: can('killTrial'),
    preventDefaultContextMenuItems: true,
  });
}
