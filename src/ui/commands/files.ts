/** Commands that open an experiment's files: its config, its log, a trial's log. */
import { basename } from 'node:path';
import { Uri, window, workspace } from 'vscode';
import { canDo } from '../../model/experiment/actions.ts';
import { type PlainText, plainText } from '../../model/text/plainText.ts';
import type { TrialRow } from '../../model/trial/trial.ts';
import { userActions } from '../actions.ts';
import { l10n, pick, showInformation } from '../window.ts';
import { exists } from './exists.ts';
import { logUri } from './logDocuments.ts';
import { noneAllows, whyNot } from './reasons.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTarget, type Target, trialName, trialTargets } from './target.ts';

/** Opens the file the experiment was launched from, or the recorded config when that file is gone or unknown. */
export async function openConfig(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Open the config file of which experiment?'),
  });
  const { configFile, name } = target.summary;
  if (configFile !== undefined) {
    const uri = Uri.file(configFile);
    if (await exists(uri)) {
      await window.showTextDocument(uri);
      return;
    }
  }
  const model = services.store.experiment(target.connectionId, target.experimentId);
  await model?.loaded();
  if (!model?.config) throw new Refusal(l10n.t('The config of {0} could not be read.', name));
  const content = `${JSON.stringify(model.config, null, 2)}\n`;
  await window.showTextDocument(await workspace.openTextDocument({ language: 'json', content }));
  const reason =
    configFile === undefined
      ? l10n.t('Trialdeck does not know which file started {0}; this is the config that was recorded.', name)
      : l10n.t('{0} is not there any more; this is the config that was recorded.', basename(configFile));
  void showInformation(reason);
}

/** Files a trial may have written. */
const trialFiles = ['trial.log', 'stderr', 'stdout'] as const;
type TrialFile = (typeof trialFiles)[number];

/** Opens the trial's most informative file. @param args the trial, and optionally the name of the file */
export async function openTrialLog(services: Services, ...args: unknown[]): Promise<void> {
  const target = await trialTargets(services, args, {
    placeHolder: l10n.t('Open the log of which trial?'),
    none: l10n.t('The experiment has no trials yet.'),
  });
  const [trial] = target.trials;
  if (!trial) return;
  const name = trialFiles.find((file) => file === args[1]) ?? (trial.status === 'FAILED' ? 'stderr' : 'trial.log');
  await showTrialFile(target, trial, name);
}

/** Opens one of the trial's files, which the user picks. */
export async function openTrialOutput(services: Services, ...args: unknown[]): Promise<void> {
  const target = await trialTargets(services, args, {
    placeHolder: l10n.t('Open the output of which trial?'),
    none: l10n.t('The experiment has no trials yet.'),
  });
  const [trial] = target.trials;
  if (!trial) return;
  const about: Record<TrialFile, PlainText> = {
    'trial.log': l10n.t('what it printed'),
    stderr: l10n.t('errors and warnings'),
    stdout: l10n.t('what the shell printed'),
  };
  const items = trialFiles.map((name) => ({ label: plainText(name), description: about[name], name }));
  const placeHolder = l10n.t('Which output of {0}?', trialName(trial));
  await showTrialFile(target, trial, (await requireAnswer(pick(items, { placeHolder }))).name);
}

async function showTrialFile(target: Target, trial: TrialRow, name: TrialFile): Promise<void> {
  const label = `${target.summary.name} ${trialName(trial)} ${name}`;
  const { connectionId, experimentId } = target;
  await showLog(logUri({ connectionId, experimentId, trialId: trial.id, name }, label));
}

export async function openManagerLog(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Open the log of which experiment?'),
  });
  await showExperimentLog(target, 'nnimanager.log');
}

/** Opens the log of NNI's tuner and assessor process. Trialdeck's own run inside the runner and have no log. */
export async function openDispatcherLog(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t("Open the tuner's log of which experiment?"),
    only: (summary) => canDo(summary, 'dispatcherLog'),
    none: noneAllows('dispatcherLog'),
  });
  const reason = whyNot('dispatcherLog', target.summary);
  if (reason) {
    const { connectionId, experimentId } = target;
    throw new Refusal(reason, {
      title: l10n.t(userActions.openManagerLog.title),
      command: 'trialdeck.openManagerLog',
      args: [{ connectionId, experimentId }],
    });
  }
  await showExperimentLog(target, 'dispatcher.log');
}

async function showExperimentLog({ connectionId, experimentId, summary }: Target, name: string): Promise<void> {
  await showLog(logUri({ connectionId, experimentId, name }, `${summary.name} ${name}`));
}

async function showLog(uri: Uri): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const editor = await window.showTextDocument(document, { preview: true });
  // The last lines matter most.
  editor.revealRange(document.lineAt(document.lineCount - 1).range);
}
