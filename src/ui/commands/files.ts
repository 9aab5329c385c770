/** Open the files behind an experiment: its config, its log, a trial's log. */
import { basename } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import { exists } from './exists.ts';
import { logUri } from './logDocuments.ts';
import { Refusal } from './refusal.ts';
import type { Services } from './services.ts';
import { experimentTarget, trialName, trialTargets } from './target.ts';

/** The file it was launched from; when that is gone or unknown, the config that was recorded. */
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
      ? l10n.t('It is not known from which file {0} was launched; this is the config that was recorded.', name)
      : l10n.t('{0} is not there any more; this is the config that was recorded.', basename(configFile));
  void window.showInformationMessage(reason);
}

/** Files a trial may have written; the first is what it printed. */
const trialFiles = ['trial.log', 'stderr', 'stdout'];

/** @param args the trial, and the name of the file when one is wanted in particular. */
export async function openTrialLog(services: Services, ...args: unknown[]): Promise<void> {
  const target = await trialTargets(services, args, {
    placeHolder: l10n.t('Open the log of which trial?'),
    none: l10n.t('The experiment has no trials yet.'),
  });
  const [trial] = target.trials;
  if (!trial) return;
  const name = trialFiles.find((file) => file === args[1]) ?? (trial.status === 'FAILED' ? 'stderr' : 'trial.log');
  const label = `${target.summary.name} ${trialName(trial)} ${name}`;
  const { connectionId, experimentId } = target;
  await showLog(logUri({ connectionId, experimentId, trialId: trial.id, name }, label));
}

export async function openManagerLog(services: Services, ...args: unknown[]): Promise<void> {
  const target = await experimentTarget(services, args, {
    action: 'open',
    placeHolder: l10n.t('Open the log of which experiment?'),
  });
  const { connectionId, experimentId, summary } = target;
  await showLog(logUri({ connectionId, experimentId, name: 'manager' }, `${summary.name} experiment.log`));
}

async function showLog(uri: Uri): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const editor = await window.showTextDocument(document, { preview: true });
  // What was written last is of interest.
  editor.revealRange(document.lineAt(document.lineCount - 1).range);
}
