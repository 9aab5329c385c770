/** Commands that check and launch a config file. */
import { basename, dirname, sep } from 'node:path';
import { commands, Range, Uri, window, workspace } from 'vscode';
import { RejectedError } from '../../client/errors.ts';
import type { LaunchRequest } from '../../client/index.ts';
import type { ConfigProblem } from '../../model/config/config.ts';
import { type PlainText, plainText } from '../../model/text/plainText.ts';
import { type CheckedConfig, checkConfig } from '../editor/checkConfig.ts';
import { configInFront, findConfigs } from '../editor/configDocuments.ts';
import type { ExperimentRef } from '../experiments.ts';
import { experimentNode } from '../explorer/nodes.ts';
import { l10n, pick, showInformation, withViewProgress } from '../window.ts';
import { tellWhy, withLaunch } from './launching.ts';
import { launchWithNnictl } from './nnictlLaunch.ts';
import { launchEnvironment } from './python.ts';
import { asReference } from './references.ts';
import { Refusal, requireAnswer } from './refusal.ts';
import type { Services } from './services.ts';
import { references, targetOf } from './target.ts';

export async function run(services: Services, ...args: unknown[]): Promise<void> {
  const uri = await configFile(services, args, l10n.t('Which config file do you want to run?'));
  requireOnDisk(uri);
  await saveAround(uri);
  const { problems, backend } = await check(services, uri);
  await refuseErrors(problems);
  const byNni = backend?.backend === 'nnictl';
  const name = basename(uri.fsPath);
  const title = byNni ? l10n.t('Starting {0} with nnictl…', name) : l10n.t('Starting {0}…', name);
  const launched = await withLaunch(services, title, async (signal) => {
    if (byNni) return launchWithNnictl(services, { action: 'create', configFile: uri }, signal);
    const environment = await launchEnvironment(uri);
    signal.throwIfAborted();
    const { runnerAccess } = services.settings;
    return launch(services, { action: 'create', configFile: uri.fsPath, environment, runnerAccess });
  });
  if (!launched) return;
  if (byNni) tellWhy(name, backend.reason);
  await services.panels.show(launched.connectionId, launched.experimentId);
  await services.explorer.reveal(experimentNode(launched.connectionId, launched.experimentId));
}

export async function validate(services: Services, ...args: unknown[]): Promise<void> {
  const uri = await configFile(services, args, l10n.t('Which config file do you want to check?'));
  requireOnDisk(uri);
  const { problems } = await check(services, uri);
  await refuseErrors(problems);
  const warnings = problems.filter(({ severity }) => severity === 'warning').length;
  const name = basename(uri.fsPath);
  if (warnings === 0) showInformation(l10n.t('{0} is ready to run.', name));
  else {
    await commands.executeCommand('workbench.actions.view.problems');
    showInformation(
      warnings === 1
        ? l10n.t('{0} can run, with 1 warning.', name)
        : l10n.t('{0} can run, with {1} warnings.', name, warnings),
    );
  }
}

/** Shows the first error at its place, then throws. @param late whether the user may be typing elsewhere by now */
async function refuseErrors(problems: readonly ConfigProblem[], { late = false } = {}): Promise<void> {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  if (!first) return;
  await showProblem(first, late);
  const place = l10n.t('{0}, line {1}', basename(first.file), first.line);
  throw new Refusal(
    errors.length === 1
      ? `${place}: ${first.message}`
      : l10n.t('{0}: {1} (and {2} more)', place, first.message, errors.length - 1),
    { title: l10n.t('Show Problems'), command: 'workbench.actions.view.problems' },
  );
}

/** Shows the runner's errors in a config the way the editor shows its own. */
async function launch(services: Services, request: LaunchRequest): Promise<ExperimentRef> {
  try {
    return await services.store.launch(request);
  } catch (error) {
    if (error instanceof RejectedError) await refuseErrors(error.problems, { late: true });
    throw error;
  }
}

async function check(services: Services, uri: Uri): Promise<CheckedConfig> {
  return checkConfig(await workspace.openTextDocument(uri), services.nnictls.advice());
}

async function showProblem(problem: ConfigProblem, preserveFocus: boolean): Promise<void> {
  const document = await workspace.openTextDocument(Uri.file(problem.file));
  const selection = new Range(document.positionAt(problem.start), document.positionAt(problem.end));
  await window.showTextDocument(document, { selection, preserveFocus });
}

/** The file the command was called on, else the active config, else one picked from the workspace. */
async function configFile(services: Services, args: readonly unknown[], placeHolder: PlainText): Promise<Uri> {
  const [first] = args;
  if (first instanceof Uri) return first;
  if (asReference(first)) {
    const [reference] = references(services, args);
    const file = reference && targetOf(services, reference).summary.configFile;
    if (file === undefined) throw new Refusal(l10n.t('Trialdeck does not know which file started this experiment.'));
    return Uri.file(file);
  }
  const front = configInFront(services.settings);
  if (front) return front;
  const found = await withViewProgress('trialdeck.experiments', () => findConfigs(services.settings));
  if (found.length === 0) {
    throw new Refusal(
      l10n.t('No experiment config was found in this workspace. Open one, or start with the quickstart.'),
      {
        title: l10n.t('Open the Quickstart'),
        command: 'trialdeck.openQuickstart',
      },
    );
  }
  const items = found.map((uri) => ({
    label: plainText(basename(uri.fsPath)),
    description: plainText(workspace.asRelativePath(dirname(uri.fsPath))),
    uri,
  }));
  return (await requireAnswer(pick(items, { placeHolder, matchOnDescription: true }))).uri;
}

function requireOnDisk(uri: Uri): void {
  if (uri.scheme === 'file') return;
  throw new Refusal(
    uri.scheme === 'untitled'
      ? l10n.t('Save the config file first: its paths are relative to it.')
      : l10n.t('The config file and the trial code must be on disk to run; this file is not.'),
  );
}

/** Saves the config and every open file below its folder, so that the run uses what the editors show. */
async function saveAround(uri: Uri): Promise<void> {
  const folder = dirname(uri.fsPath) + sep;
  const dirty = workspace.textDocuments.filter(
    (document) => document.isDirty && document.uri.scheme === 'file' && document.uri.fsPath.startsWith(folder),
  );
  for (const document of dirty) {
    if (await document.save()) continue;
    throw new Refusal(l10n.t('{0} could not be saved, so nothing was started.', basename(document.uri.fsPath)));
  }
}
