/** Open, view, stop and resume an experiment. */
import { l10n, ProgressLocation, window } from 'vscode';
import { experimentNode } from '../explorer/nodes.ts';
import { chosen } from './refusal.ts';
import type { Services } from './services.ts';
import { asReference, experimentTarget, isFromTree, references, type Target } from './target.ts';
import { openTrial } from './trials.ts';

export async function openExperiment(services: Services, ...args: unknown[]): Promise<void> {
  if (isFromTree(args[0])) return openSelected(services);
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Which experiment do you want to open?'),
  });
  await services.panels.open(target.connectionId, target.experimentId);
}

/** Enter in the tree: trials and experiments open, everything else unfolds. */
async function openSelected(services: Services): Promise<void> {
  const node = services.explorer.selection[0];
  const reference = asReference(node);
  if (!reference) return services.explorer.toggleSelected();
  if (reference.trialId !== undefined) return openTrial(services, reference);
  await services.panels.open(reference.connectionId, reference.experimentId);
}

/** Stored experiments open read-only at once; nothing is started for it. */
export async function viewExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Which stopped experiment do you want to view?'),
    only: (summary) => !summary.live,
  });
  await services.panels.open(target.connectionId, target.experimentId);
}

export async function stopExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'stop',
    placeHolder: l10n.t('Which experiment do you want to stop?'),
  });
  await stop(services, target);
}

async function stop(services: Services, target: Target): Promise<void> {
  const { summary } = target;
  const running = (summary.counts.RUNNING ?? 0) + (summary.counts.WAITING ?? 0);
  const yes = l10n.t('Stop');
  const detail =
    running === 0
      ? l10n.t('Results are kept. It can be resumed later.')
      : running === 1
        ? l10n.t(
            '1 trial is running and will be lost. Results so far are kept, and the experiment can be resumed later.',
          )
        : l10n.t(
            '{0} trials are running and will be lost. Results so far are kept, and the experiment can be resumed later.',
            running,
          );
  await chosen(window.showWarningMessage(l10n.t('Stop {0}?', summary.name), { modal: true, detail }, yes));
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Stopping {0}…', summary.name) },
    () => services.store.client(target.connectionId, target.experimentId).stopExperiment(),
  );
}

export async function resumeExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'resume',
    placeHolder: l10n.t('Which experiment do you want to resume?'),
  });
  const { summary } = target;
  await window.withProgress(
    { location: ProgressLocation.Notification, title: l10n.t('Resuming {0}…', summary.name) },
    () => services.store.launch({ action: 'resume', id: summary.id }, target.connectionId),
  );
  await services.panels.open(target.connectionId, target.experimentId);
  await services.explorer.reveal(experimentNode(target.connectionId, target.experimentId));
}

/** Delete in the tree: asks to kill the selected trials, or to stop the selected experiment. */
export function selectsTrials(services: Services, args: readonly unknown[]): boolean {
  return references(services, args).some((reference) => reference.trialId !== undefined);
}
