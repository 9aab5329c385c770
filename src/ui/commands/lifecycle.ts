import { type BackendChoice, chooseRecordedBackend } from '../../model/experiment/backend.ts';
import { presentConfig } from '../../model/experiment/profileConfig.ts';
import type { PlainText } from '../../model/text/plainText.ts';
import { experimentNode } from '../explorer/nodes.ts';
import { askFirst, l10n, withProgress } from '../window.ts';
import { tellWhy, withCancel, withLaunch } from './launching.ts';
import { launchWithNnictl } from './nnictlLaunch.ts';
import { requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { storeUntil } from './storeUntil.ts';
import { type ExperimentRef, experimentTarget, type Target } from './target.ts';

/** Timeout of a stop, in milliseconds. NNI ends its trials first, which may take a minute. */
const stopTimeoutMs = 120_000;

export async function openExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Which experiment do you want to open?'),
  });
  await services.panels.open(target.connectionId, target.experimentId);
}

/** Opens a stored experiment read-only, without starting a process. */
export async function viewExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Which stopped experiment do you want to view?'),
    only: (summary) => !summary.live,
    none: l10n.t('No experiment is stopped: all of them are running.'),
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
  await requireAnswer(askFirst(l10n.t('Stop {0}?', summary.name), detail, yes));
  await withProgress(l10n.t('Stopping {0}…', summary.name), () =>
    services.store.stop(target.connectionId, target.experimentId),
  );
}

export async function resumeExperiment(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'resume',
    placeHolder: l10n.t('Which experiment do you want to resume?'),
  });
  const { name } = target.summary;
  const resumed = await resume(services, target, (byNni) =>
    byNni ? l10n.t('Resuming {0} with nnictl…', name) : l10n.t('Resuming {0}…', name),
  );
  if (resumed) await show(services, resumed);
}

/** Stops and resumes a stalled experiment. */
export async function stopAndResume(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'restart',
    placeHolder: l10n.t('Which experiment do you want to stop and resume?'),
  });
  const { summary, connectionId, experimentId } = target;
  const { name } = summary;
  const running = (summary.counts.RUNNING ?? 0) + (summary.counts.WAITING ?? 0);
  const detail = l10n.t('Results are kept. Trials that run or wait now ({0}) are run again.', running);
  const yes = l10n.t('Stop and Resume');
  await requireAnswer(askFirst(l10n.t('Stop {0} and resume it?', name), detail, yes));
  const stopped = await withCancel(l10n.t('Stopping {0}…', name), async (signal) => {
    await services.store.stop(connectionId, experimentId);
    const gone = () => services.store.summary(connectionId, experimentId)?.live !== true || undefined;
    return (await storeUntil(services.store, gone, stopTimeoutMs, signal)) ?? false;
  });
  // Cancelled: the experiment stops, and is not resumed.
  if (stopped === undefined) return;
  if (!stopped)
    throw new Error(l10n.t('{0} has not ended within {1} s, so it was not resumed.', name, stopTimeoutMs / 1000));
  await resumeExperiment(services, { connectionId, experimentId });
}

/** Undefined when it was cancelled. */
async function resume(
  services: Services,
  target: Target,
  title: (byNni: boolean) => PlainText,
): Promise<ExperimentRef | undefined> {
  const { connectionId, experimentId, summary } = target;
  const choice = await backendOf(services, target);
  const byNni = choice.backend === 'nnictl';
  // The setting applies to this machine only.
  const access = connectionId === services.store.local.id ? { runnerAccess: services.settings.runnerAccess } : {};
  const resumed = await withLaunch(services, title(byNni), (signal) =>
    byNni
      ? launchWithNnictl(services, { action: 'resume', id: experimentId }, signal)
      : services.store.launch({ action: 'resume', id: experimentId, ...access }, connectionId),
  );
  if (resumed && byNni) tellWhy(summary.name, choice.reason);
  return resumed;
}

/** The backend that resumes the experiment. On another machine it is the manager there. */
async function backendOf(services: Services, { connectionId, experimentId }: ExperimentRef): Promise<BackendChoice> {
  const connection = services.store.connection(connectionId);
  if (connection?.kind === 'remote') return { backend: 'embedded', reason: connection.label };
  const model = services.store.experiment(connectionId, experimentId);
  await model?.loaded();
  return chooseRecordedBackend(services.settings.backend, model?.config && presentConfig(model.config));
}

async function show(services: Services, { connectionId, experimentId }: ExperimentRef): Promise<void> {
  await services.panels.show(connectionId, experimentId);
  await services.explorer.reveal(experimentNode(connectionId, experimentId));
}
