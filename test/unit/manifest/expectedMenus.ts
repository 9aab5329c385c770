/** What `package.json` has to contribute for the table of user actions. */
import {
  type ActionId,
  actionIds,
  actionOf,
  isTrialAction,
  paletteClauses,
  panelPlace,
  rowKinds,
  rowMark,
} from '../../../src/ui/actions.ts';

export interface MenuItem {
  command: string;
  when?: string;
  group?: string;
}

const inTree = 'view == trialdeck.experiments';
const inPage = 'webviewId == trialdeck.experiment && webviewSection == trial';
/** What the page says of a trial, by the action that it is about. */
const pageFlags: Partial<Record<ActionId, string>> = {
  copyTrial: 'trialCanBeCopied',
  retryTrial: 'trialCanBeRetried',
  openTensorBoard: 'trialHasStarted',
  killTrial: 'trialCanBeKilled',
};
const command = (id: ActionId) => `trialdeck.${id}`;

export function expectedCommands() {
  return actionIds.map((id) => {
    const { icon, trust } = actionOf(id);
    return {
      command: command(id),
      title: `%command.${id}%`,
      category: 'Trialdeck',
      ...(icon ? { icon: `$(${icon})` } : {}),
      // Not "trusted": a window in which the extension has not started yet knows neither, and there everything is offered.
      ...(trust ? { enablement: '!trialdeck.restricted' } : {}),
    };
  });
}

export function expectedPalette(): MenuItem[] {
  return actionIds.flatMap((id) => {
    const when = paletteClauses[actionOf(id).palette];
    return when === '' ? [] : [{ command: command(id), when }];
  });
}

export function expectedTreeMenu(): MenuItem[] {
  return actionIds.flatMap((id) => {
    const { scope, tree = [], markedTree, treeWhen, ofTrial } = actionOf(id);
    if (scope === 'window') return [];
    const items = (kind: string, mark: string, groups: readonly string[]) =>
      groups.map((group): MenuItem => {
        const when = [inTree, `viewItem =~ /^${kind}\\b.*;${mark};/`, treeWhen].filter(Boolean).join(' && ');
        return { command: command(id), when, group };
      });
    return [
      ...items(rowKinds[scope], rowMark(id), tree),
      ...(markedTree ? items(rowKinds[scope], markedTree.mark, markedTree.tree) : []),
      ...(ofTrial ? items(rowKinds.trial, rowMark(id, 'trial'), ofTrial.tree) : []),
    ];
  });
}

/** VS Code's own menu of a trial in the page, in the groups of the page's own menu. */
export function expectedPageMenu(): MenuItem[] {
  const counts = new Map<number, number>();
  return actionIds.filter(isTrialAction).map((id) => {
    const group = panelPlace(id, 'trial')?.group ?? 0;
    const order = (counts.get(group) ?? 0) + 1;
    counts.set(group, order);
    return {
      command: command(id),
      when: [inPage, pageFlags[id]].filter(Boolean).join(' && '),
      group: `${group}_trial@${order}`,
    };
  });
}

export function expectedTitles(): Record<string, string> {
  return Object.fromEntries(actionIds.map((id) => [`command.${id}`, actionOf(id).title]));
}
